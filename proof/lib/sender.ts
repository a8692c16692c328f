import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { GITHUB_SECRET } from './daemon.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly ms: number;
}

export interface GithubDelivery {
  readonly id: string;
  readonly event: string;
  readonly body: Buffer;
  readonly contentType?: string;
  readonly secret?: string;
}

/** The headers that GitHub sends, signed as GitHub signs. */
export function githubHeaders(delivery: GithubDelivery): Record<string, string> {
  const { id, event, body, contentType = 'application/json', secret = GITHUB_SECRET } = delivery;
  return {
    'content-type': contentType,
    'user-agent': 'GitHub-Hookshot/proof',
    'x-github-event': event,
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
}

/** One connection that stays open. */
export function oneConnection(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 });
}

/** A POST. @throws when no whole answer came back: then nobody promised anything. */
export function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  { agent, msMax = 20_000 }: { agent?: Agent; msMax?: number } = {},
): Promise<Answer> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', headers: { ...headers, 'content-length': String(body.length) }, ...(agent && { agent }) },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('aborted', () => reject(new Error('the answer broke off')));
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, ms: performance.now() - startedMs });
        });
      },
    );
    sent.setTimeout(msMax, () => sent.destroy(new Error(`no answer within ${msMax} ms`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

export function postGithub(url: string, delivery: GithubDelivery, options?: { agent?: Agent }): Promise<Answer> {
  return post(`${url}/webhooks/github`, githubHeaders(delivery), delivery.body, options);
}

/** The head of a POST, to be written by hand. */
export function headOf(path: string, headers: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join('')}\r\n`);
}

export interface RawOptions {
  readonly port: number;
  /** Written one after the other, each as its own TCP segment. */
  readonly pieces: readonly Buffer[];
  /** Between the pieces. */
  readonly delayMs?: number;
  /** Ends our half after the last piece, as a sender does that dies politely. */
  readonly end?: boolean;
  readonly msMax?: number;
}

/** Bytes over a socket of its own. @returns what came back until the other side closed or answered. */
export async function raw(
  options: RawOptions,
): Promise<{ status: number; text: string; closedMs: number | undefined }> {
  const { port, pieces, delayMs = 0, end = false, msMax = 20_000 } = options;
  const startedMs = performance.now();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  let closedMs: number | undefined;
  const over = new Promise<void>((done) => {
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1];
      const bodyAt = text.indexOf('\r\n\r\n') + 4;
      if (length !== undefined && bodyAt > 3 && text.length - bodyAt >= Number(length)) done();
    });
    socket.on('close', () => {
      closedMs = performance.now() - startedMs;
      done();
    });
    socket.on('error', () => undefined);
    setTimeout(done, msMax).unref();
  });
  for (const piece of pieces) {
    if (socket.destroyed || text !== '') break;
    socket.write(piece);
    if (delayMs > 0) await sleep(delayMs);
  }
  if (end) socket.end();
  await over;
  socket.destroy();
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text, closedMs };
}
