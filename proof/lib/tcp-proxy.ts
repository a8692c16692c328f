import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A link that can be cut: everything to its port goes on to another one of this machine. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections open at this moment. */
  readonly open: number;
  /** Ends every connection; new ones are taken. */
  cut(): void;
  /** For so long nothing passes, and nobody is told: as when a cable is pulled. Then what hung is ended. */
  freeze(forMs: number): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let frozen = false;
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('data', (chunk: Buffer) => {
        if (!frozen) to.write(chunk);
      });
      from.once('close', end);
      from.on('error', end);
    }
  });
  await new Promise<void>((ready) => {
    server.listen(0, '127.0.0.1', ready);
  });
  const cut = (): void => {
    for (const [near, far] of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return pairs.size;
    },
    cut,
    async freeze(forMs) {
      frozen = true;
      await new Promise((over) => setTimeout(over, forMs));
      // Bytes were swallowed: what was open can't be used any more.
      cut();
      frozen = false;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((closed) => {
        server.close(closed);
      });
    },
  };
}
