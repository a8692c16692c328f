import type { Json } from '../core/agent.ts';
import type { Assessment, Surroundings } from './call.ts';
import { assessed, notUnderstood, textOf, understand } from './understand.ts';

/**
 * `fetch {url}`. LOW: a host of the owner's list, with nothing in the address that could be a load. MEDIUM: any other
 * public host, or a load for a host of the list. HIGH: a load for a stranger, addresses instead of names, names of this
 * network, odd ports and schemes. An address is a message: it always counts as sending, and LOW is what tells the policy
 * that it goes to a place of the list. The tool itself checks what the name resolves to, and pins it.
 */
export function assessFetch(input: Json, surroundings: Surroundings): Assessment {
  const fields = understand(input, ['url']);
  if (fields === undefined) return notUnderstood('expected {url} with a text');
  const written = textOf(fields, 'url');
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined) return reaches('HIGH', 'expected an absolute address such as https://example.org/');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return reaches('HIGH', `fetches by ${url.protocol}`);
  if (url.username !== '' || url.password !== '') return reaches('HIGH', 'the address carries a user or password');
  const host = url.hostname.toLowerCase().replace(/\.$/, '');
  const load = loadOf(url, host);
  if (isListed(host, url.port, surroundings.fetchHosts)) {
    if (load === undefined) return reaches('LOW', `reads from ${host}, which the owner allows`);
    return reaches('MEDIUM', `the address for ${host} carries data: ${load}`);
  }
  const why = strangeness(host, url.port) ?? load;
  if (why !== undefined) return reaches('HIGH', `${host}: ${why}`);
  return reaches('MEDIUM', `reads from ${host}, which is not in tools.fetch.allow`);
}

const PATH_LENGTH_MAX = 300;
const QUERY_LENGTH_MAX = 200;
const NAME_LENGTH_MAX = 64;
const VALUE_LENGTH_MAX = 48;
const LABEL_LENGTH_MAX = 32;
const HOST_LENGTH_MAX = 100;

/** Names that resolve inside this machine or network, or to an address written in the name. */
const NEAR =
  /(^|\.)(localhost|local|internal|intranet|lan|corp|home|home\.arpa|localdomain|test|invalid|onion|nip\.io|sslip\.io|xip\.io|localtest\.me|lvh\.me)$/;

/** Places whose business is to show what was sent to them. */
const DROPS =
  /(^|\.)(webhook\.site|requestbin\.\w+|pipedream\.net|requestcatcher\.com|beeceptor\.com|ngrok\.(io|app|dev)|ngrok-free\.(app|dev)|trycloudflare\.com|oast\.\w+|interact\.sh|oastify\.com|burpcollaborator\.net|canarytokens\.com|dnslog\.cn|pastebin\.com|transfer\.sh|hookbin\.com)$/;

/** Exactly the host, `*.` for all below it; with `:port` for another than the usual one. */
function isListed(host: string, port: string, listed: readonly string[]): boolean {
  const asked = port === '' ? host : `${host}:${port}`;
  return listed
    .map((entry) => entry.toLowerCase())
    .some((entry) => (entry.startsWith('*.') ? asked.endsWith(entry.slice(1)) : asked === entry));
}

function strangeness(host: string, port: string): string | undefined {
  if (port !== '') return `port ${port}`;
  if (host.startsWith('[') || /^[\d.]+$/.test(host)) return 'an address instead of a name';
  if (!host.includes('.')) return 'a name of this network';
  if (NEAR.test(host)) return 'a name that leads back into this machine or network';
  if (DROPS.test(host)) return 'a place that shows what is sent to it';
  return undefined;
}

/** What in the address is too much, or too opaque, to be only an address. */
function loadOf(url: URL, host: string): string | undefined {
  if (host.length > HOST_LENGTH_MAX || host.split('.').some((label) => label.length > LABEL_LENGTH_MAX))
    return 'a host name as long as a message';
  if (url.pathname.length > PATH_LENGTH_MAX || url.search.length > QUERY_LENGTH_MAX)
    return 'it is as long as a message';
  if (url.pathname.split('/').some((name) => name.length > NAME_LENGTH_MAX && OPAQUE.test(name)))
    return 'an opaque name in the path';
  const values = [...url.searchParams].flat();
  if (values.some((value) => value.length > VALUE_LENGTH_MAX || CREDENTIAL.test(value)))
    return 'a long value in the query';
  return undefined;
}

const OPAQUE = /^[\w+=%~.-]*$/;
/** Shapes of keys and tokens. */
const CREDENTIAL = /\b(sk-|ghp_|gho_|github_pat_|xox[abp]-|AKIA|eyJ[\w-]{8})/;

function reaches(risk: Assessment['risk'], reason: string): Assessment {
  return assessed(risk, reason, { readsOutside: true, sends: true });
}
