import { createHmac, randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** What a load did: answers a second and latencies in milliseconds. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly answers: Readonly<Record<string, number>>;
}

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly bodyBytes: number;
  readonly secret: string;
  /** What to send instead of GitHub deliveries. */
  readonly parts?: RequestParts;
}

/** Signed GitHub deliveries over keep-alive connections, each sending its next one when the last is answered. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const head = load.parts ?? requestHead(load);
  const untilMs = performance.now() + load.seconds * 1_000;
  const latenciesMs: number[] = [];
  const answers: Record<string, number> = {};
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: load.connections }, () =>
      converse(load.port, head, untilMs, (status, ms) => {
        latenciesMs.push(ms);
        answers[status] = (answers[status] ?? 0) + 1;
      }),
    ),
  );
  const seconds = (performance.now() - startedMs) / 1_000;
  latenciesMs.sort((a, b) => a - b);
  const at = (share: number): number => latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0;
  return { perSecond: latenciesMs.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), answers };
}

/** The bytes of a request before and after its id of 36 characters. */
export interface RequestParts {
  readonly before: string;
  readonly after: string;
}

/** Only the delivery id differs from request to request, as the signature covers the body. */
function requestHead({ bodyBytes, secret, port }: Load): RequestParts {
  const frame = { action: 'opened', repository: { full_name: 'acme/app' }, sender: { login: 'jo' }, pad: '' };
  const body = JSON.stringify({ ...frame, pad: 'a'.repeat(Math.max(0, bodyBytes - JSON.stringify(frame).length)) });
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return {
    before: `POST /webhooks/github HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\nx-github-event: issues\r\nx-hub-signature-256: sha256=${signature}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nx-github-delivery: `,
    after: `\r\n\r\n${body}`,
  };
}

function converse(
  port: number,
  parts: RequestParts,
  untilMs: number,
  onAnswer: (status: string, ms: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    let sentMs = 0;
    let received = '';
    const send = (): void => {
      sentMs = performance.now();
      socket.write(`${parts.before}${randomUUID()}${parts.after}`);
    };
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (!isWhole(received)) return;
      onAnswer(received.slice(9, 12), performance.now() - sentMs);
      received = '';
      if (performance.now() < untilMs) send();
      else socket.end();
    });
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = /content-length: (\d+)/i.exec(text.slice(0, end))?.[1];
  return text.length >= end + 4 + Number(length ?? 0);
}
