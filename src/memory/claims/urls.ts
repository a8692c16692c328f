import { join } from 'node:path';
import { stale, unverifiable, verified, type Claim, type Judgement, type Place } from './claim.ts';
import { around, type Reading } from './reading.ts';
import type { Sight } from './sight.ts';
import { stanceOf } from './stance.ts';

type Of<Kind extends Claim['kind']> = Extract<Claim, { kind: Kind }>;

const URL_TEXT =
  /^(?:https?|wss?|grpc|amqps?|postgres(?:ql)?|redis|mongodb|mysql):\/\/(?:[^@/\s]*@)?([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::\d{2,5})?(?:[/?#]\S*)?$/i;
const OWN_HOST =
  /\.(?:internal|local|lan|corp|intranet|svc|home\.arpa|private)$|^[a-z][a-z0-9-]*$|^(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.[\d.]+$/i;
/** Hosts of others, where one address says nothing about the next. */
const FOREIGN =
  /(?:^|\.)(?:github\.(?:com|io)|githubusercontent\.com|gitlab\.com|bitbucket\.org|npmjs\.(?:com|org)|pypi\.org|python\.org|nodejs\.org|go\.dev|golang\.org|crates\.io|docs\.rs|rust-lang\.org|readthedocs\.io|wikipedia\.org|stackoverflow\.com|google\.com|googleapis\.com|microsoft\.com|amazonaws\.com|amazon\.com|slack\.com|atlassian\.net|notion\.so|linear\.app|docker\.(?:com|io)|mozilla\.org|w3\.org|json-schema\.org|schemastore\.org|shields\.io|youtube\.com|medium\.com|npm\.im)$/i;

/** Addresses of services by name; those of this machine are ports. */
export function urlClaims({ sentence, taken }: Reading): Claim[] {
  return sentence.mentions.flatMap((mention): Claim[] => {
    const host = taken.has(mention) ? undefined : URL_TEXT.exec(mention.text)?.[1]?.toLowerCase();
    if (host === undefined || host === 'localhost' || FOREIGN.test(host)) return [];
    taken.add(mention);
    const stance = stanceOf(sentence, mention, 'place');
    if (stance === 'none' || stance === 'unused') return [];
    const { before } = around(sentence, mention);
    return [
      {
        kind: 'url',
        url: mention.text,
        host,
        about: before.toLowerCase().match(/[a-z]{4,}/g) ?? [],
        words: mention.text,
        holds: stance === 'present',
        weak: !OWN_HOST.test(host) && !OURS.test(sentence.text),
        span: { start: mention.start, end: mention.end },
      },
    ];
  });
}

const OURS =
  /\b(?:service|server|endpoint|api|webhook|posted|posts? to|sent to|staging|production|deployed|runs? (?:at|on)|served|listens|reachable|dashboard|status page|base url|health|metrics)\b/i;
const FILE =
  /\.(?:ya?ml|jsonc?|toml|ini|cfg|conf|properties|env|service|[cm]?[tj]sx?|py|go|rs|rb|java|kt|cs|php|exs?|sh|xml|tf|hcl|nix|md|rst|txt|html?|vue|svelte)$|(?:^|\/)\.env[\w.-]*$|(?:^|\/)(?:Dockerfile|Procfile|Makefile|Caddyfile)[\w.-]*$/;
/** What people open beside the code: that another name of the domain is in a file tells nothing of these. */
const BESIDE =
  /^(?:wiki|docs?|confluence|jira|tickets?|issues|git|gitlab|gitea|code|grafana|kibana|sentry|jenkins|ci|argocd?|vault|sso|login|mail|chat|intranet|www|blog|figma|registry|npm|nexus|artifactory)[.-]/i;
const OTHERS_MAX = 20;

/** An address of our own is one that a file of the place gives; nothing is connected to. */
export function checkUrl({ url, host, about }: Of<'url'>, place: Place, sight: Sight): Judgement {
  const wanted = bare(url);
  const exact = new RegExp(`${RegExp.escape(wanted)}(?![\\w-])`, 'i');
  const domain = domainOf(host);
  const others: { readonly address: string; readonly line: string }[] = [];
  const files = sight
    .list(place.path)
    .files.filter((path) => FILE.test(path) && !/lock\.\w+$|(?:^|\/)(?:CHANGELOG|HISTORY)/i.test(path));
  for (const file of files.slice(0, 5_000)) {
    const text = sight.text(join(place.path, file)) ?? '';
    if (text.length > 500_000 || !text.toLowerCase().includes(domain)) continue;
    if (exact.test(text)) return verified(`${wanted} is in ${file}`);
    for (const line of text.split('\n')) {
      const found = line.length > 500 ? null : /\b\w+:\/\/(?:[^@/\s"']*@)?([\w.-]+[^\s"'`<>)]*)/.exec(line);
      const address = found?.[1] ?? '';
      if (others.length < OTHERS_MAX && isOf(domain, address)) others.push({ address, line: line.toLowerCase() });
    }
  }
  const near =
    others.find(({ address }) => hostOf(address) === host) ??
    others.find(({ line }) => (OWN_HOST.test(host) && !BESIDE.test(host)) || about.some((word) => line.includes(word)));
  return near === undefined
    ? unverifiable(`no file names ${host}`)
    : stale(`${wanted} is in no file; there is ${near.address}`, near.address);
}

function bare(url: string): string {
  return url.replace(/^\w+:\/\/(?:[^@/]*@)?/, '').replace(/[/?#]+$/, '');
}

function hostOf(address: string): string {
  return address.toLowerCase().replace(/[:/?#].*$/, '');
}

function isOf(domain: string, address: string): boolean {
  const host = hostOf(address);
  return host === domain || host.endsWith(`.${domain}`);
}

/** `example.org` of `a.b.example.org`; three parts where the second is as short as in `co.uk`. */
function domainOf(host: string): string {
  const parts = host.split('.');
  const [second = '', last = ''] = parts.slice(-2);
  return parts.slice(last.length === 2 && second.length <= 3 ? -3 : -2).join('.');
}
