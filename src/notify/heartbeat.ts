import { KairosError, messageOf } from '../core/errors.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import type { Clock, Fetch, Log, Random } from '../core/ports.ts';
import type { HeartbeatOptions } from './heartbeat-options.ts';

/** Whether the daemon does its work, and if not, why: short, and fit to leave the house. */
export type SelfCheck = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface HeartbeatPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: Fetch;
  readonly log: Log;
  /** Looks whether all is well. What it throws counts as trouble. */
  readonly check: () => SelfCheck | Promise<SelfCheck>;
  /** A secret by the name of its variable. */
  readonly secretOf: (name: string) => string | undefined;
}

/** A crash loop does not get to its first ping. */
const FIRST_MS = 10_000;
/** No wait is longer: after a sleep of the machine the wall clock is looked at soon. */
const PIECE_MS = 30_000;
/** Whatever the clocks do, two pings are this far apart. */
const GAP_MS_MIN = 10_000;
const RETRY_MS = 30_000;
/** Steps are less than this apart, unless the machine slept or somebody set the clock. */
const SLEPT_MS = 90_000;
/** Pings come up to this share early, so that not all daemons of the world call in the same second, and never late. */
const JITTER = 0.1;
const WARN_MS = 3_600_000;

/**
 * Calls an outside address every few minutes as long as the self-check passes, `/fail` behind it when it does not, so that
 * the owner learns of a box that is gone from somebody who is not on it. Its own failures bother nobody: one warning an
 * hour in the log. After a sleep it pings once, however much it missed.
 *
 * @throws {KairosError} `SECRET_MISSING` when the address is not there, `CONFIG_INVALID` when it is none.
 */
export function startHeartbeat(options: HeartbeatOptions, ports: HeartbeatPorts): Loop {
  const url = addressOf(options, ports.secretOf);
  const { clock } = ports;
  const warn = warner(ports);
  const due = createDue(clock, FIRST_MS * (1 + ports.random.fraction()));
  let failures = 0;
  return startLoop({
    name: 'heartbeat',
    clock,
    log: ports.log,
    failureDelayMs: RETRY_MS,
    async step(signal) {
      // After a sleep the others get their turn first: a worker that slept as well is no trouble.
      if (due.lookedMsAgo() > SLEPT_MS) due.set(GAP_MS_MIN);
      const leftMs = due.leftMs();
      if (leftMs > 0) return Math.min(leftMs, PIECE_MS);
      const error = await ping(url, options.timeout, ports, signal);
      if (signal.aborted) return 0;
      failures = error === undefined ? 0 : failures + 1;
      warn(error);
      due.set(nextDelayMs(options.every, failures, ports.random.fraction()));
      return Math.min(due.leftMs(), PIECE_MS);
    },
  });
}

/** @param failures Pings in a row that did not arrive: tried again sooner, less and less so. */
function nextDelayMs(everyMs: number, failures: number, fraction: number): number {
  const delayMs = failures === 0 ? everyMs : Math.min(everyMs, RETRY_MS * 2 ** (failures - 1));
  return Math.max(GAP_MS_MIN, Math.round(delayMs * (1 - JITTER * fraction)));
}

/** When the next ping is due: by whichever clock is there first, for one of them stands still while the machine sleeps. */
function createDue(clock: Clock, firstMs: number) {
  let setAt = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
  let lookedAt = setAt;
  let delayMs = firstMs;
  return {
    /** Since the last time this was asked, by whichever clock says more. */
    lookedMsAgo(): number {
      const before = lookedAt;
      lookedAt = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
      return Math.max(lookedAt.wallMs - before.wallMs, lookedAt.monoMs - before.monoMs);
    },
    set(nextMs: number): void {
      setAt = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
      delayMs = nextMs;
    },
    leftMs(): number {
      const passedMs = clock.monoMs() - setAt.monoMs;
      const byMonoMs = delayMs - passedMs;
      const byWallMs = delayMs - (clock.wallMs() - setAt.wallMs);
      return Math.max(Math.min(byMonoMs, byWallMs), GAP_MS_MIN - passedMs);
    },
  };
}

/** @returns What went wrong with the ping itself, or undefined. Never throws. */
async function ping(
  url: URL,
  timeoutMs: number,
  ports: HeartbeatPorts,
  stop: AbortSignal,
): Promise<string | undefined> {
  const found = await checkSelf(ports);
  const over = new AbortController();
  const cut = (): void => over.abort();
  stop.addEventListener('abort', cut, { once: true });
  try {
    return await Promise.race([
      call(url, found, ports.fetch, over.signal),
      timeout(ports.clock, timeoutMs, over.signal),
    ]);
  } finally {
    stop.removeEventListener('abort', cut);
    over.abort();
  }
}

const REASON_CHARS_MAX = 200;

async function checkSelf({ check }: HeartbeatPorts): Promise<SelfCheck> {
  try {
    return await check();
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}

async function call(url: URL, found: SelfCheck, fetch: Fetch, signal: AbortSignal): Promise<string | undefined> {
  // Redirects would carry the address, which is the secret, elsewhere.
  const shared = { headers: { 'user-agent': 'kairosd' }, redirect: 'manual', signal } as const;
  try {
    const response = found.ok
      ? await fetch(url.href, { ...shared, method: 'GET' })
      : await fetch(failUrl(url), {
          ...shared,
          method: 'POST',
          body: found.reason.slice(0, REASON_CHARS_MAX).toWellFormed(),
        });
    // The answer is the status.
    await response.body?.cancel().catch(() => undefined);
    if (response.status >= 200 && response.status < 300) return undefined;
    return `answered ${response.status}${response.status < 400 ? '; redirects are not followed' : ''}`;
  } catch (error) {
    return messageOf(error);
  }
}

/** `/fail` behind the path, whatever stands behind that. */
function failUrl(url: URL): string {
  const fail = new URL(url);
  fail.pathname = `${url.pathname.replace(/\/+$/, '')}/fail`;
  return fail.href;
}

async function timeout(clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<string> {
  await clock.sleep(timeoutMs, signal);
  return `no answer within ${timeoutMs / 1_000} s`;
}

/** Says the first failure, then one an hour with how many there were, and when it works again. Never the address. */
function warner({ clock, log }: HeartbeatPorts): (error: string | undefined) => void {
  let warnedMonoMs: number | undefined;
  let failures = 0;
  return (error) => {
    if (error === undefined) {
      if (failures > 0) log.info({ failures }, 'heartbeat arrives again');
      failures = 0;
      return;
    }
    failures += 1;
    const nowMs = clock.monoMs();
    if (warnedMonoMs !== undefined && nowMs - warnedMonoMs < WARN_MS) return;
    warnedMonoMs = nowMs;
    log.warn({ error, failures }, 'heartbeat does not arrive');
  };
}

function addressOf({ url, urlEnv }: HeartbeatOptions, secretOf: HeartbeatPorts['secretOf']): URL {
  const text = url ?? (urlEnv === undefined ? undefined : secretOf(urlEnv));
  const name = urlEnv ?? 'heartbeat.url';
  if (text === undefined || text.trim() === '') {
    throw new KairosError(
      'SECRET_MISSING',
      `heartbeat.urlEnv names ${name}, which is set neither in secrets.env nor in the environment`,
    );
  }
  const address = URL.parse(text.trim());
  if (address === null || !/^https?:$/.test(address.protocol) || address.username !== '' || address.password !== '') {
    throw new KairosError(
      'CONFIG_INVALID',
      `${name} must be an http or https URL without a user name; its value is not shown`,
    );
  }
  return address;
}
