import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that takes whatever is sent to it and keeps it as text. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** First line, headers and body of each request, in the order they came. */
  readonly received: readonly string[];
}

/** @param answer What each request is answered; the default is an empty 200. */
export async function startReceiver(
  answer: (path: string) => { readonly status: number; readonly body: string } = () => ({ status: 200, body: '' }),
): Promise<Receiver> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method, url = '/', rawHeaders } = request;
      received.push(`${method} ${url}\n${rawHeaders.join('\n')}\n\n${Buffer.concat(parts).toString('utf8')}`);
      const { status, body } = answer(url);
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
