import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeHome, startDaemon, until } from '../../proof/lib/daemon.ts';
import { startReceiver } from '../../proof/lib/receiver.ts';
import { postGithub } from '../../proof/lib/sender.ts';

const TOLD = {
  subscriptions: [{ name: 'tell', source: 'github', event: 'push', do: 'notify', topic: 'all', text: 'pushed' }],
};

describe('the daemon as a process', () => {
  test('says in run.json who and where it is, and keeps its token to itself [DAEMON-RUN-JSON]', async () => {
    using home = makeHome({ notify: [] });
    await using daemon = await startDaemon(home.path);
    const run = JSON.parse(readFileSync(join(home.path, 'run.json'), 'utf8')) as Record<string, unknown>;
    expect(run).toMatchObject({ pid: daemon.pid, url: daemon.url });
    expect(String(run['startedAt'])).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*(Z|[+-]\d\d:\d\d)$/);
    expect(statSync(join(home.path, 'token')).mode & 0o777).toBe(0o600);
    await daemon.stop();
    expect(existsSync(join(home.path, 'run.json'))).toBe(false);
  });

  test('ends within seconds of SIGTERM, although a receiver hangs and a sender holds its connection [DAEMON-STOP-BOUNDED]', async () => {
    await using receiver = await startReceiver();
    receiver.behave(() => 'nothing');
    using home = makeHome({ ...TOLD, notify: [{ kind: 'webhook', url: receiver.url }] });
    await using daemon = await startDaemon(home.path);
    await postGithub(daemon.url, { id: 'one', event: 'push', body: Buffer.from('{}') });
    await until(() => receiver.receipts.length > 0, 5_000);
    const startedMs = performance.now();
    expect(await daemon.stop()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(8_000);
  });

  test('exits at once with a code of its own at the second signal [DAEMON-STOP-BOUNDED]', async () => {
    await using receiver = await startReceiver();
    receiver.behave(() => 'nothing');
    using home = makeHome({ ...TOLD, notify: [{ kind: 'webhook', url: receiver.url }] });
    await using daemon = await startDaemon(home.path);
    await postGithub(daemon.url, { id: 'one', event: 'push', body: Buffer.from('{}') });
    await until(() => receiver.receipts.length > 0, 5_000);
    process.kill(daemon.pid, 'SIGTERM');
    await until(() => doorsClosed(daemon.port), 5_000);
    expect(await daemon.stop()).toBe(6);
  });
});

/** The port can be taken: nobody listens there any more. */
async function doorsClosed(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
