import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** Slack's side of Socket Mode: `apps.connections.open`, then a WebSocket with envelopes. */
export interface FakeSlackSocket extends AsyncDisposable {
  readonly apiRoot: string;
  /** Where connections are opened to. */
  readonly link: string;
  readonly appToken: string;
  /** How many connections are open. */
  readonly open: number;
  /** How many were ever opened. */
  readonly opened: number;
  /** What was acknowledged, in order. */
  readonly acknowledged: readonly { readonly envelope_id: string; readonly payload?: unknown }[];
  /** Sends a frame over every open connection. */
  push(frame: unknown): void;
  ping(): void;
  /** Cuts every connection. */
  cut(): void;
  /** What the next calls of `apps.connections.open` answer instead, one each. */
  readonly refusals: string[];
}

const APP_TOKEN = 'xapp-test-token';
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export async function startFakeSlackSocket(): Promise<FakeSlackSocket> {
  const sockets = new Set<Duplex>();
  const acknowledged: { envelope_id: string }[] = [];
  const refusals: string[] = [];
  let opened = 0;
  const server = createServer((request, response) => {
    const refusal = refusals.shift();
    const known = request.headers.authorization === `Bearer ${APP_TOKEN}`;
    const { port } = server.address() as AddressInfo;
    const body =
      refusal === undefined && known
        ? { ok: true, url: `ws://127.0.0.1:${port}/link` }
        : { ok: false, error: refusal ?? 'invalid_auth' };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.on('upgrade', (request, socket) => {
    const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}${MAGIC}`).digest('base64');
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write([...head, `Sec-WebSocket-Accept: ${key}`, '', ''].join('\r\n'));
    sockets.add(socket);
    opened += 1;
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => sockets.delete(socket));
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = readFrames(Buffer.concat([rest, chunk]), (opcode, payload) => {
        if (opcode === 1) acknowledged.push(JSON.parse(payload.toString('utf8')) as { envelope_id: string });
        if (opcode === 8) socket.end(frameOf(8, payload));
      });
    });
    socket.write(frameOf(1, Buffer.from(JSON.stringify({ type: 'hello', num_connections: 1 }))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const send = (opcode: number, payload: Buffer): void => {
    for (const socket of sockets) socket.write(frameOf(opcode, payload));
  };
  return {
    apiRoot: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    link: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/link`,
    appToken: APP_TOKEN,
    get open() {
      return sockets.size;
    },
    get opened() {
      return opened;
    },
    acknowledged,
    refusals,
    push: (frame) => send(1, Buffer.from(JSON.stringify(frame))),
    ping: () => send(9, Buffer.from('ping')),
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** RFC 6455: one unmasked frame of up to 64 KiB. */
function frameOf(opcode: number, payload: Buffer): Buffer {
  const length = payload.byteLength;
  const head = length < 126 ? [0x80 | opcode, length] : [0x80 | opcode, 126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), payload]);
}

/** Masked frames of a client. @returns What is left over. */
function readFrames(bytes: Buffer, onFrame: (opcode: number, payload: Buffer) => void): Buffer {
  let at = 0;
  for (;;) {
    const head = bytes.subarray(at);
    if (head.byteLength < 6) return head;
    const short = (head[1] ?? 0) & 0x7f;
    const from = short === 126 ? 8 : 6;
    if (head.byteLength < from) return head;
    const length = short === 126 ? head.readUInt16BE(2) : short;
    if (head.byteLength < from + length) return head;
    const mask = head.subarray(from - 4, from);
    const payload = Buffer.from(head.subarray(from, from + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
    onFrame((head[0] ?? 0) & 0x0f, payload);
    at += from + length;
  }
}
