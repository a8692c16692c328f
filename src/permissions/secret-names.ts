import { foldName, partsOf } from './spelling.ts';

/**
 * Which secret a path is likely to hold, by its names alone; undefined when they say nothing. Whoever lists or searches
 * a directory leaves such files out.
 *
 * @param path Absolute and tidy.
 */
export function secretBy(path: string): string | undefined {
  const names = partsOf(path).map(foldName);
  const last = names.at(-1) ?? '';
  if (isProcessInside(names)) return 'a process as it runs, with its environment';
  if (OPEN.has(last) || OPEN_SHAPES.some((shape) => shape.test(last))) return undefined;
  const folder = names.find((name) => FOLDERS.has(name));
  if (folder !== undefined) return `what ${folder} holds`;
  const joined = `/${names.join('/')}/`;
  const run = RUNS.find((wanted) => joined.includes(`/${wanted}/`));
  if (run !== undefined) return `what ${run} holds`;
  if (FILES.has(last) || FILE_SHAPES.some((shape) => shape.test(last))) return last;
  return undefined;
}

/** Directories of keys. */
const FOLDERS = new Set(
  words('.ssh .aws .azure .gnupg .kube .password-store .mozilla .thunderbird .secrets keychains keyrings'),
);

const RUNS = words(`
  .config/gh .config/hub .config/gcloud .config/op .config/rclone .config/google-chrome .config/chromium
  .config/bravesoftware .config/microsoft-edge .config/git/credentials .config/containers/auth.json
  .config/fish/fish_history .local/share/fish/fish_history .docker/config.json .docker/contexts
  .cargo/credentials .cargo/credentials.toml .m2/settings.xml .m2/settings-security.xml .gradle/gradle.properties
  .terraform.d/credentials.tfrc.json .claude/.credentials.json .codex/auth.json .bundle/config .gem/credentials
  etc/shadow etc/shadow- etc/gshadow etc/gshadow- etc/sudoers etc/sudoers.d etc/ssl/private etc/krb5.keytab
  etc/networkmanager/system-connections etc/wireguard etc/kubernetes etc/rancher run/secrets run/credentials
  var/run/secrets etc/master.passwd var/db/dslocal
  google/chrome firefox/profiles library/cookies library/safari library/messages library/mail
`);

const FILES = new Set(
  words(`
  .netrc _netrc .pgpass .npmrc .git-credentials .dockercfg .pypirc .my.cnf .mylogin.cnf .s3cfg .boto .htpasswd
  .vault-token .vault_pass .vault-pass credentials.json application_default_credentials.json auth.json
  secrets.env .databrickscfg .snowsql .terraformrc .credentials credentials .token .env .flaskenv
  local.settings.json wp-config.php hosts.equiv .rhosts key3.db key4.db logins.json cookies.sqlite
  .bash_history .zsh_history .sh_history .histfile .python_history .node_repl_history .psql_history .mysql_history
  .sqlite_history .rediscli_history .lesshst .viminfo
`),
);

const FILE_SHAPES: readonly RegExp[] = [
  /^\.env(rc$|[.\-_~]|$)/,
  /\.env(\.local)?$/,
  /^\.?secrets?\.(ya?ml|json|toml|ini|txt|properties)$/,
  /^(id_(rsa|dsa|ecdsa|ed25519|xmss)|ssh_host_\w+_key)/,
  /\.(pem|key|p12|pfx|p8|jks|keystore|kdbx?|ppk|keytab|ovpn|agekey|tfstate|tfvars)(\.(bak|old|backup|orig))?$/,
  /^(service[-_]?account|client[-_]secret|gcp[-_]key)[\w.-]*\.json$/,
  /^\.?credentials?\.(ya?ml|toml|ini|csv|db|yml\.enc)$/,
];

/** Made to be read: never secret although they look it. */
const OPEN = new Set(words('known_hosts .env.d.ts'));
const OPEN_SHAPES: readonly RegExp[] = [
  /\.pub$/,
  /^\.?[\w.-]*env\.(example|sample|template|tmpl|dist|defaults?|schema)$/,
  /^\.?(example|sample|template)\.env$/,
];

/** `/proc/self/environ`, and everything else by which a process shows its memory, files and place. */
function isProcessInside(names: readonly string[]): boolean {
  const [first, second = ''] = names;
  return first === 'proc' && names.length > 2 && /^(self|thread-self|\d+)$/.test(second);
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
