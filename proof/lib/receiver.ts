import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that arrived, and what was answered. */
export interface Receipt {
  readonly atMs: number;
  readonly key: string;
  readonly body: string;
  readonly message: ReceivedMessage;
  readonly answered: number | 'nothing';
}

interface ReceivedMessage {
  readonly id: string;
  readonly kind: 'proactive' | 'reactive';
  readonly topic: string;
  readonly text: string;
  readonly count: number;
  readonly replyTo: string | null;
}

/** The owner's end of a webhook channel: writes everything down. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly receipts: readonly Receipt[];
  /** How it answers from now on. */
  behave(next: () => number | 'nothing'): void;
}

export async function startReceiver(): Promise<Receiver> {
  const receipts: Receipt[] = [];
  let answer = (): number | 'nothing' => 200;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      const answered = answer();
      const { data } = JSON.parse(body) as { data: ReceivedMessage };
      const key = String(request.headers['idempotency-key']);
      receipts.push({ atMs: Date.now(), key, body, message: data, answered });
      respond(response, answered);
    });
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    receipts,
    behave(next) {
      answer = next;
    },
    [Symbol.asyncDispose]: () => close(server),
  };
}

/** Saying nothing leaves the sender hanging until it gives up or dies. */
function respond(response: ServerResponse, answered: number | 'nothing'): void {
  if (answered === 'nothing') return;
  response.writeHead(answered).end();
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => {
    server.close(() => done());
  });
}
