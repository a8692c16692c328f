import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { inventedDeliveries } from './demo-invented.ts';

/** The secret of the demo's own GitHub, which exists nowhere else. */
export const SECRET = 'demo-secret-of-a-home-that-lives-for-a-minute';

export interface DemoDelivery {
  readonly id: string;
  /** Signed with another secret: must not get in. */
  readonly forged: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One kind of event, with payloads of it. */
interface Recorded {
  readonly name: string;
  readonly examples: readonly unknown[];
}

const COUNT = 120;

/**
 * Deliveries of GitHub, as many kinds as there are: 120 genuine ones, every tenth sent twice, every twelfth followed by a
 * forged copy. Recorded ones in a checkout; an installed package, which has no recordings, brings some that were invented.
 */
export async function makeDeliveries(): Promise<DemoDelivery[]> {
  const payloads = (await readRecorded()).flatMap(({ name, examples }) =>
    examples.map((payload) => ({ name, payload })),
  );
  // Every n-th of them, so that all kinds appear.
  const step = payloads.length / COUNT;
  return Array.from({ length: COUNT }, (_, index) => {
    const { name, payload } = payloads[Math.floor(index * step)] as { name: string; payload: unknown };
    const genuine = makeDelivery(name, payload, `d0000000-0000-4000-8000-${String(index).padStart(12, '0')}`, false);
    const forged = makeDelivery(name, payload, `f0000000-0000-4000-8000-${String(index).padStart(12, '0')}`, true);
    return [genuine, ...(index % 10 === 9 ? [genuine] : []), ...(index % 12 === 11 ? [forged] : [])];
  }).flat();
}

function makeDelivery(event: string, payload: unknown, id: string, forged: boolean): DemoDelivery {
  const body = JSON.stringify(payload);
  const signature = createHmac('sha256', forged ? 'another-secret' : SECRET)
    .update(body)
    .digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${signature}`,
  };
  return { id, forged, headers, body };
}

async function readRecorded(): Promise<readonly Recorded[]> {
  try {
    const path = createRequire(import.meta.url).resolve('@octokit/webhooks-examples/api.github.com/index.json');
    return JSON.parse(await readFile(path, 'utf8')) as Recorded[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return inventedDeliveries();
  }
}
