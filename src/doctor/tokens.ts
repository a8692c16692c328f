import { isIP } from 'node:net';
import { messageOf } from '../core/errors.ts';
import type { Fetch } from '../core/ports.ts';
import { formatDuration } from '../core/units.ts';
import { fail, ok, warn, type Check, type DoctorPorts, type Found } from './check.ts';

const DEADLINE_MS = 2_000;
const BODY_CHARS_MAX = 65_536;
const SOON_MS = 7 * 86_400_000;

/** A token, where it is asked about, and how the answer is read. The words never hold the token. */
interface Service {
  readonly secret: string;
  readonly who: string;
  readonly rootVariable: string;
  readonly root: string;
  /** What is lost without it. */
  readonly why: string;
  ask(root: string, token: string): { readonly url: string; readonly init: RequestInit };
  /** @returns What is right about it, or what is wrong. */
  read(answer: Answer, nowMs: number): Judged;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

type Judged = { readonly kind: 'good' | 'bad' | 'odd' | 'ending'; readonly words: string };

const SERVICES: readonly Service[] = [
  {
    secret: 'GITHUB_TOKEN',
    who: 'GitHub',
    rootVariable: 'GITHUB_API_URL',
    root: 'https://api.github.com',
    why: 'Nothing can be read from GitHub or written there.',
    // Asked so, nothing is taken off the allowance, and tokens of apps may ask it too (`/user` refuses them).
    ask: (root, token) => ({
      url: `${root}/rate_limit`,
      init: {
        headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json', 'user-agent': 'kairosd' },
      },
    }),
    read: readGitHub,
  },
  {
    secret: 'SLACK_BOT_TOKEN',
    who: 'Slack',
    rootVariable: 'SLACK_API_URL',
    root: 'https://slack.com/api',
    why: 'Nothing is told on Slack, and nobody is heard there.',
    ask: (root, token) => ({
      url: `${root}/auth.test`,
      init: { method: 'POST', headers: { authorization: `Bearer ${token}` } },
    }),
    read: ({ status, body }) => {
      if (body['ok'] === true) return { kind: 'good', words: '' };
      const error = typeof body['error'] === 'string' ? body['error'].slice(0, 60) : `answers ${status}`;
      const isRefusal = /^(invalid_auth|not_authed|account_inactive|token_(revoked|expired))$/.test(error);
      return { kind: isRefusal ? 'bad' : 'odd', words: error };
    },
  },
  {
    secret: 'TELEGRAM_BOT_TOKEN',
    who: 'Telegram',
    rootVariable: 'TELEGRAM_API_ROOT',
    root: 'https://api.telegram.org',
    why: 'Nothing is told on Telegram, and nobody is heard there.',
    ask: (root, token) => ({ url: `${root}/bot${token}/getMe`, init: {} }),
    read: ({ status, body }) => {
      if (body['ok'] === true) return { kind: 'good', words: '' };
      return { kind: status === 401 || status === 404 ? 'bad' : 'odd', words: `answers ${status}` };
    },
  },
];

/** The tokens there are still open their doors. Each is shown to its own service only, all at once, for two seconds. */
export const tokens: Check = {
  name: 'tokens',
  about:
    'GitHub, Slack and Telegram take their tokens (asked: /rate_limit, auth.test, getMe); GitHub\u2019s does not end soon.',
  async look(ports) {
    const { fetch } = ports;
    if (fetch === undefined) return [];
    const { of } = ports.secrets();
    const there = SERVICES.filter(({ secret }) => of(secret) !== undefined);
    if (there.length === 0) return [ok('none to ask about')];
    return Promise.all(there.map((service) => tryToken(service, ports, fetch)));
  },
};

async function tryToken(service: Service, { secrets, nowMs }: DoctorPorts, fetch: Fetch): Promise<Found> {
  const { secret, who, rootVariable, why } = service;
  const { of } = secrets();
  const root = (of(rootVariable) ?? service.root).replace(/\/+$/, '');
  const url = URL.parse(root);
  if (url === null || !isSafe(url)) {
    const what = `${secret} is not shown to ${rootVariable}: it is no https address`;
    return warn(what, 'Over http everybody on the way reads the token.', `Correct ${rootVariable} in secrets.env.`);
  }
  try {
    const { url: address, init } = service.ask(root, of(secret) ?? '');
    const response = await fetch(address, { ...init, redirect: 'error', signal: AbortSignal.timeout(DEADLINE_MS) });
    const body = readObject((await response.text()).slice(0, BODY_CHARS_MAX));
    return judge(service, service.read({ status: response.status, headers: response.headers, body }, nowMs));
  } catch (error) {
    // The address holds Telegram's token; what comes from the system names the host only.
    const reason = messageOf(error).replaceAll(of(secret) ?? '', '…');
    return warn(
      `${who} could not be asked about ${secret}: ${reason}`,
      why,
      `Look at the network and at ${rootVariable}; then run kairos doctor again.`,
    );
  }
}

function judge({ secret, who, why }: Service, { kind, words }: Judged): Found {
  const renew = `Make a new one there and write it to secrets.env: ${secret}=…`;
  if (kind === 'good') return ok(`${who} takes ${secret}${words === '' ? '' : ` (${words})`}`);
  if (kind === 'bad') return fail(`${who} refuses ${secret} (${words})`, why, renew);
  if (kind === 'ending') return warn(`${secret} ${words}`, why, renew);
  return warn(`${who} could not be asked about ${secret}: ${words}`, why, 'It may pass; run kairos doctor again.');
}

function readGitHub({ status, headers, body }: Answer, nowMs: number): Judged {
  if (status === 401) return { kind: 'bad', words: '401' };
  // GitHub Enterprise Server without rate limits answers 404 to this, but only to who may ask.
  if (status === 404) return { kind: 'good', words: 'no rate limit' };
  if (status !== 200) return { kind: 'odd', words: `answers ${status}` };
  const endsMs = expiryMs(headers.get('github-authentication-token-expiration'));
  if (endsMs !== undefined && endsMs - nowMs < SOON_MS) {
    return { kind: 'ending', words: endsMs <= nowMs ? 'has expired' : `expires in ${formatDuration(endsMs - nowMs)}` };
  }
  const rate = (body['rate'] ?? {}) as { remaining?: unknown; limit?: unknown };
  const left = typeof rate.remaining === 'number' ? `${rate.remaining} of ${String(rate.limit)} requests left` : '';
  return { kind: 'good', words: left };
}

/** `2026-12-24 18:00:00 UTC`, or with an offset. */
function expiryMs(text: string | null): number | undefined {
  const [, date, time, offset = 'Z'] = /^(\S+) (\S+) (UTC|[+-]\d{4})$/.exec(text ?? '') ?? [];
  const ms = Date.parse(`${date}T${time}${offset === 'UTC' ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** A service of one's own on this machine may do without. */
function isSafe({ protocol, hostname }: URL): boolean {
  const name = hostname.replaceAll(/[[\]]/g, '');
  const isLoopback = name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
  return protocol === 'https:' || (protocol === 'http:' && isLoopback);
}

function readObject(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
