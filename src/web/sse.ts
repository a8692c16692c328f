import type { ServerResponse } from 'node:http';

/** A client that has this much unread is dropped: what it missed is in the lists and transcripts. */
const UNREAD_BYTES_MAX = 1_048_576;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};

/** How often an open stream says something at least. */
export const HEARTBEAT_MS = 15_000;
/** A comment: it only keeps the connection open. */
export const HEARTBEAT = ': still here\n\n';

/** Begins a stream of server-sent events on a response that was taken over. */
export function openStream(client: ServerResponse): void {
  client.writeHead(200, HEADERS);
  client.on('error', () => client.destroy());
}

/** Writes frames, or lets go of a client that does not read. */
export function sendFrames(client: ServerResponse, frames: string): void {
  if (client.writableLength > UNREAD_BYTES_MAX) client.destroy();
  else client.write(frames);
}

/** One event. JSON has no line breaks, so one `data:` line is enough. */
export function frame(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
