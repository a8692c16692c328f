/**
 * `node deliveries.ts URL SECRET FILE`: sends signed deliveries one after the other on a few lines, each over a connection of its own, as
 * GitHub does, until it is told to stop (SIGTERM). How each ended is a line of FILE: `<id> <status or error> <ms>`.
 */
import { appendFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { githubHeaders, post } from './sender.ts';

const LINES = 4;
const PAUSE_MS = 20;
/** Longer than everything that is done to the service meanwhile. */
const ANSWER_MS_MAX = 120_000;
const [url = '', secret = '', file = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: false });
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
await Promise.all(Array.from({ length: LINES }, (_, line) => send(line)));

async function send(line: number): Promise<void> {
  for (let index = 0; !stop.signal.aborted; index += 1) {
    const id = `${process.pid}-${line}-${index}`;
    const body = Buffer.from(JSON.stringify({ zen: id, filler: 'x'.repeat(1_000) }));
    const startedMs = performance.now();
    const headers = githubHeaders({ id, event: 'push', body, secret });
    const end = await post(`${url}/webhooks/github`, headers, body, { agent, msMax: ANSWER_MS_MAX }).then(
      ({ status }) => String(status),
      (error: unknown) => ((error as NodeJS.ErrnoException).code ?? String(error)).replaceAll(' ', '_'),
    );
    appendFileSync(file, `${id} ${end} ${Math.round(performance.now() - startedMs)}\n`);
    await sleep(PAUSE_MS);
  }
}
