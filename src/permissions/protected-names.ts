import { foldName, partsOf } from './spelling.ts';

/**
 * Why a path must not be written whatever workspace it lies in: because of its names something runs, or obeys, what is
 * in it. undefined: its names say nothing. Names are compared folded, so that no file system finds another spelling.
 *
 * @param path Absolute and tidy.
 */
export function protectedBy(path: string): string | undefined {
  const names = partsOf(path).map(foldName);
  const folder = names.find((name) => FOLDERS.has(name) || REPOSITORY_NAME.test(name));
  if (folder !== undefined) return `${folder} is protected`;
  const run = RUNS.find((wanted) => containsRun(names, wanted));
  if (run !== undefined) return `${run.join('/')} is protected`;
  const last = names.at(-1) ?? '';
  if (FILES.has(last) || FILE_SHAPES.some((shape) => shape.test(last))) return `${last} is protected`;
  const holder = RUNS.find((wanted) => HOLDERS.has(last) && wanted[0] === last);
  return holder === undefined ? undefined : `${last} holds ${holder.join('/')}, which is protected`;
}

/** Directories whose whole content is read by programs as settings, hooks or keys, wherever they lie. */
const FOLDERS = new Set(
  words(`
  .git .hg .svn .jj .husky .githooks .vscode .idea .fleet .zed .vs .cursor .windsurf .devcontainer .cargo .yarn .mvn
  .claude .codex .gemini .bundle .ssh .aws .azure .gnupg .kube .docker .circleci .buildkite .vim .emacs.d
  .password-store .direnv .cron crontabs
`),
);

/** Names in a row. */
const RUNS: readonly (readonly string[])[] = words(`
  .config/git .config/fish .config/systemd .config/autostart .config/direnv .config/nvim .config/helix .config/gh
  .config/gcloud .config/code .config/pip .config/mise .config/environment.d .config/containers .config/powershell .config/op
  .github/workflows .github/actions .github/hooks .github/copilot-instructions.md .github/codeowners .gitlab/ci
  .local/bin .local/share/systemd .local/share/keyrings .local/share/dbus-1
  library/launchagents library/launchdaemons library/keychains
  etc/cron.d etc/cron.daily etc/cron.hourly etc/cron.weekly etc/cron.monthly etc/systemd etc/profile.d etc/init.d
  etc/sudoers.d etc/pam.d var/spool/cron systemd/system systemd/user node_modules/.bin gradle/wrapper
`).map((path) => path.split('/'));

/** Directories that are moved or removed together with what is protected in them. */
const HOLDERS = new Set(['.config', '.github', '.gitlab', '.local']);

/** `HEAD`: with it any directory becomes a bare repository, whose configuration git obeys. */
const FILES = new Set(
  words(`
  .gitconfig .gitmodules .gitattributes .git-credentials codeowners
  .bashrc .bash_profile .bash_login .bash_logout .bash_aliases .bash_completion .profile .zshrc .zshenv .zprofile
  .zlogin .zlogout .kshrc .mkshrc .shrc .shinit .cshrc .tcshrc .login .logout .inputrc .xprofile .xinitrc .xsession
  .xsessionrc .xserverrc .pam_environment .envrc bash.bashrc
  .npmrc .pnpmfile.cjs .pnpmfile.mjs bunfig.toml .bunfig.toml .bazelrc .bazeliskrc .pypirc pip.conf .condarc .gemrc
  .curlrc .wgetrc .netrc _netrc .hgrc .terraformrc .mise.toml mise.toml .mise.local.toml mise.local.toml
  gradlew gradlew.bat mvnw mvnw.cmd .overcommit.yml .pre-commit-config.yaml .pre-commit-config.yml
  .pre-commit-hooks.yaml
  .mcp.json mcp.json .cursorrules .windsurfrules .clinerules claude.md claude.local.md agents.md gemini.md kairos.md
  .gitlab-ci.yml .gitlab-ci.yaml jenkinsfile .travis.yml azure-pipelines.yml azure-pipelines.yaml
  bitbucket-pipelines.yml .drone.yml .woodpecker.yml appveyor.yml .appveyor.yml cloudbuild.yaml cloudbuild.yml
  buildspec.yml buildspec.yaml .cirrus.yml .semaphore.yml codemagic.yaml
  crontab .crontab anacrontab sudoers authorized_keys rc.local
  .vimrc .exrc .nvimrc .gvimrc _vimrc .emacs .dir-locals.el .gdbinit .lldbinit .irbrc .pryrc .pythonrc .pythonrc.py
  .rprofile .psqlrc .sqliterc .my.cnf .screenrc .tmux.conf .lessfilter .lesskey sitecustomize.py usercustomize.py
  head
`),
);

const FILE_SHAPES: readonly RegExp[] = [
  /^\.yarnrc/,
  /^\.pnp(\.|$)/,
  /^\.?lefthook(-local)?\./,
  /^\.(husky|lintstaged|simple-git-hooks)/,
  /^(gradle|maven)-wrapper\./,
  /\.code-workspace$/,
  /\.pth$/,
];

/** A bare repository; and what FAT and NTFS make of `.git`, which git refuses too. */
const REPOSITORY_NAME = /\.git$|^\.?git~\d+$/;

function containsRun(names: readonly string[], run: readonly string[]): boolean {
  for (let start = 0; start + run.length <= names.length; start += 1) {
    if (run.every((name, index) => names[start + index] === name)) return true;
  }
  return false;
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
