import { messageOf } from '../core/errors.ts';
import type { Fetch } from '../core/ports.ts';
import { ok, readConfigFor, warn, type Check, type Found } from './check.ts';

const DEADLINE_MS = 2_000;
const BODY_CHARS_MAX = 4_096;
const HOSTS_MAX = 5;

/** Under the names it is to be called from outside, it answers. Nothing secret is sent there. */
export const reach: Check = {
  name: 'reach',
  about: 'The names of server.hosts (a tunnel, a proxy) lead to this daemon: its /healthz answers there.',
  async look(ports) {
    const config = readConfigFor(ports);
    const { fetch } = ports;
    if ('unusable' in config || fetch === undefined) return [];
    const { hosts = [], port = 0 } = config.server ?? {};
    const running = await ports.daemon();
    if (hosts.length === 0 || running === undefined) return [];
    const own = readVersion((await ports.send(`${running.url}/healthz`, { method: 'GET' })).body);
    return Promise.all(hosts.slice(0, HOSTS_MAX).map(async (host) => judge(host, own, await call(host, port, fetch))));
  },
};

type Called = { readonly address: string; readonly version: string | undefined } | { readonly error: string };

/** As a sender would, over https, and as a browser in the same house may, over http and our port. The first answer counts. */
async function call(host: string, port: number, fetch: Fetch): Promise<Called> {
  const tried = await Promise.allSettled(
    [`https://${host}`, `http://${host}${host.includes(':') ? '' : `:${port}`}`].map(async (address) => {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const response = await fetch(`${address}/healthz`, { redirect: 'manual', signal });
      const version = readVersion((await response.text()).slice(0, BODY_CHARS_MAX));
      if (version === undefined)
        throw new Error(`${address}/healthz answers ${response.status}, but not as kairosd does`);
      return { address, version };
    }),
  );
  const answered = tried.find((one) => one.status === 'fulfilled');
  if (answered !== undefined) return answered.value;
  return { error: tried[0]?.status === 'rejected' ? messageOf(tried[0].reason) : 'no answer' };
}

function judge(host: string, own: string | undefined, called: Called): Found {
  const fix =
    'Does the tunnel or the proxy run, and does it lead to this port? If nobody calls it by that name: take it out of server.hosts.';
  if ('error' in called) {
    const why =
      'Webhooks sent there do not arrive. (Some routers do not let a machine call itself from inside: then try from elsewhere.)';
    return warn(`${host} can not be reached from here: ${called.error}`, why, fix);
  }
  if (own !== undefined && called.version !== own) {
    return warn(
      `${host} leads to another kairosd (${called.version}, this one is ${own})`,
      'Webhooks sent there arrive elsewhere.',
      fix,
    );
  }
  return ok(`${called.address} leads here`);
}

function readVersion(text: string): string | undefined {
  try {
    const { status, version } = JSON.parse(text) as { status?: unknown; version?: unknown };
    return status === 'ok' && typeof version === 'string' ? version.slice(0, 64) : undefined;
  } catch {
    return undefined;
  }
}
