import { request } from 'node:http';
import type { Client } from './client.ts';

/** One server-sent event. */
interface SentEvent {
  readonly name: string;
  readonly data: unknown;
}

const EVENT_CHARS_MAX = 4 * 1_048_576;

/**
 * Reads a stream of server-sent events of the daemon until it ends or the signal aborts.
 *
 * @throws when the connection breaks or the daemon refuses; what came before was yielded.
 */
export async function* readEvents(
  client: Pick<Client, 'url' | 'token'>,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<SentEvent> {
  const response = await new Promise<AsyncIterable<string>>((resolve, reject) => {
    const headers = { authorization: `Bearer ${client.token}`, accept: 'text/event-stream' };
    const outgoing = request(`${client.url}${path}`, { headers, agent: false, signal }, (incoming) => {
      if (incoming.statusCode === 200) resolve(incoming.setEncoding('utf8'));
      else reject(new Error(`the daemon answered ${incoming.statusCode}`));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
  let rest = '';
  for await (const piece of response) {
    rest += piece;
    const frames = rest.split('\n\n');
    rest = frames.pop() ?? '';
    if (rest.length > EVENT_CHARS_MAX) throw new Error('an event of the stream is too long');
    for (const frame of frames) {
      const event = readFrame(frame);
      if (event !== undefined) yield event;
    }
  }
}

/** Comments, which only keep the connection open, have no name. */
function readFrame(frame: string): SentEvent | undefined {
  const name = /^event: (.*)$/m.exec(frame)?.[1];
  const data = /^data: (.*)$/m.exec(frame)?.[1];
  if (name === undefined || data === undefined) return undefined;
  return { name, data: JSON.parse(data) as unknown };
}
