import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KairosError } from '../../src/core/errors.ts';
import { listen, type Routes } from '../../src/http/server.ts';
import { present, recordingLog } from '../ledger/make.ts';
import { ask, dial, hear, serve, TOKEN } from './client.ts';

const headers = { authorization: `Bearer ${TOKEN}` };
const json = { ...headers, 'content-type': 'application/json' };
const QUICK = { headersMs: 200, requestMs: 400, checkMs: 50 };

const routes: Routes = (app) => {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.post('/api/echo', (request, reply) => reply.send(request.body));
  app.post('/webhooks/raw', (request, reply) => reply.send({ got: request.body }));
  app.get('/api/broken', async () => {
    throw new Error('the password is hunter2');
  });
  app.get('/api/full', async () => {
    throw new KairosError('DISK_FULL', 'only 1 MiB are free');
  });
};

interface ProblemBody {
  readonly status: number;
  readonly code: string;
  readonly type: string;
  readonly detail: string;
}

/** The one HTTP answer in what was heard, and nothing after it. */
function only(heard: string): { status: number; problem: ProblemBody } {
  expect(heard.match(/HTTP\/1\.1/g)).toHaveLength(1);
  const [head = '', body = ''] = heard.split('\r\n\r\n', 2);
  return { status: Number(head.split(' ')[1]), problem: JSON.parse(body) as ProblemBody };
}

describe('errors', () => {
  test.each([
    ['GET', '/api/nothing', '', 404, 'NOT_FOUND'],
    ['DELETE', '/api/echo', '', 404, 'NOT_FOUND'],
    ['GET', '/api/full', '', 503, 'DISK_FULL'],
    ['GET', '/api/broken', '', 500, 'INTERNAL'],
    ['POST', '/api/echo', '{"a":', 400, 'INPUT_INVALID'],
    ['POST', '/api/echo', '', 400, 'INPUT_INVALID'],
    ['POST', '/api/echo', '{"__proto__":{"a":1}}', 400, 'INPUT_INVALID'],
    ['POST', '/api/echo', `"${'x'.repeat(262_143)}"`, 413, 'BODY_TOO_LARGE'],
    ['GET', '/api/%zz', '', 400, 'INPUT_INVALID'],
  ])('%s %s is a problem document [HTTP-PROBLEM]', async (method, path, body, status, code) => {
    await using server = await serve([routes]);
    const answer = await ask(server, path, { method, body, headers: method === 'POST' ? json : headers });
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(JSON.parse(answer.body)).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
    expect(answer.body).not.toMatch(/hunter2|at .*\.ts|zz|__proto__/);
    expect(answer.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
  });

  test('of our own making are logged with their cause, and only there [HTTP-PROBLEM]', async () => {
    await using server = await serve([routes]);
    await ask(server, '/api/broken', { headers });
    expect(server.lines).toEqual([expect.objectContaining({ level: 'error', message: 'request failed' })]);
    expect(server.lines[0]?.fields['error']).toContain('hunter2');
  });

  test('a body of another type is 415', async () => {
    await using server = await serve([routes]);
    const answer = await ask(server, '/api/echo', {
      method: 'POST',
      body: '<a/>',
      headers: { ...headers, 'content-type': 'text/xml' },
    });
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([415, 'MEDIA_TYPE_REFUSED']);
  });

  test('a body of exactly the limit is read', async () => {
    await using server = await serve([routes]);
    const body = `"${'x'.repeat(262_142)}"`;
    expect((await ask(server, '/api/echo', { method: 'POST', body, headers: json })).status).toBe(200);
  });
});

describe('a client that does not behave', () => {
  test('and cuts its body short is answered 400 once, and closed [WEB-400-CUT]', async () => {
    await using server = await serve([routes]);
    const socket = await dial(server);
    socket.end(
      'POST /webhooks/raw HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a":',
    );
    const { status, problem } = only(await hear(socket));
    expect([status, problem.code]).toEqual([400, 'BODY_CUT_SHORT']);
  });

  test('and speaks something else is answered 400', async () => {
    await using server = await serve([routes]);
    const socket = await dial(server);
    socket.write('EHLO mail.example\r\n\r\n');
    expect(only(await hear(socket))).toMatchObject({
      status: 400,
      problem: { type: 'urn:kairosd:error:body-cut-short' },
    });
  });

  test('and sends endless headers is answered 431', async () => {
    await using server = await serve([routes]);
    const socket = await dial(server);
    socket.write(`GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}`);
    expect(only(await hear(socket)).status).toBe(431);
  });

  test('and trickles its headers is closed [WEB-SLOW-LORIS]', async () => {
    await using server = await serve([routes], { times: QUICK });
    const socket = await dial(server);
    socket.write('GET /healthz HTTP/1.1\r\nhost: a\r\nx: ');
    const trickle = setInterval(() => socket.write('y'), 20);
    const heard = await hear(socket);
    clearInterval(trickle);
    expect(only(heard).status).toBe(408);
  });

  test('and trickles its body is closed [WEB-SLOW-LORIS]', async () => {
    await using server = await serve([routes], { times: QUICK });
    const socket = await dial(server);
    socket.write(
      'POST /webhooks/raw HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 10000\r\n\r\n"',
    );
    const trickle = setInterval(() => socket.write('y'), 20);
    const heard = await hear(socket);
    clearInterval(trickle);
    expect(only(heard).status).toBe(408);
  });

  test('does not get a second answer into the first one', async () => {
    const started: Routes = (app) => {
      app.get('/webhooks/stream', (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(200, { 'content-length': '10' });
        reply.raw.write('12345');
      });
    };
    await using server = await serve([started]);
    const socket = await dial(server);
    const heard = hear(socket);
    socket.write('GET /webhooks/stream HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(socket, 'data');
    socket.write('garbage\r\n\r\n');
    expect((await heard).match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});

describe('the address', () => {
  test('is a free port when 0 is asked for, and the one that was taken is told', async () => {
    await using server = await serve([routes]);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  test('that is taken is a clear error, and leaves nothing open', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const deps = { log: recordingLog(), token: TOKEN, routes: [routes] };
    await expect(listen({ host: '127.0.0.1', port, hosts: [] }, deps)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`port ${port} on 127.0.0.1 is taken`),
    });
    other.close();
  });

  test('that this machine does not have is an error of the configuration', async () => {
    const deps = { log: recordingLog(), token: TOKEN, routes: [routes] };
    await expect(listen({ host: '192.0.2.1', port: 0, hosts: [] }, deps)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^could not listen on 192\.0\.2\.1:0 \(EADDRNOTAVAIL\): .*KAIROS_HOST/),
    });
  });

  test('can be an inherited socket, which outlives whoever serves it [DAEMON-SOCKET]', async () => {
    const socket = createServer();
    socket.listen(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address() as { port: number };
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
    // The shell holds the socket, as systemd would, and starts two lives after each other.
    const lives = [process.execPath, join(import.meta.dirname, 'inherited.ts')];
    const shell = spawn('sh', ['-c', '"$0" "$1"; "$0" "$1"; :', ...lives], {
      stdio: ['ignore', 'pipe', 'inherit', fd],
    });
    socket.close();
    const pids: number[] = [];
    for (let life = 0; life < 2; life += 1) {
      const said = String((await once(present(shell.stdout ?? undefined), 'data'))[0]);
      const [pid = 0, url = ''] = said.trim().split(' ');
      pids.push(Number(pid));
      expect(url).toBe(`http://127.0.0.1:${port}`);
      try {
        expect(JSON.parse((await ask({ port }, '/healthz')).body)).toEqual({ pid: Number(pid) });
      } finally {
        process.kill(Number(pid), 'SIGKILL');
      }
    }
    await once(shell, 'exit');
    expect(new Set(pids).size).toBe(2);
  });
});

describe('a stop', () => {
  test('lets answers under way finish, takes no new ones, and closes idle connections', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slow: Routes = (app) => {
      app.get('/webhooks/slow', async () => {
        begun.resolve();
        await gate.promise;
        return { done: true };
      });
    };
    const server = await serve([slow]);
    const idle = await dial(server, false);
    const idleClosed = once(idle, 'close');
    const answer = ask(server, '/webhooks/slow');
    await begun.promise;
    const stopped = server[Symbol.asyncDispose]();
    await idleClosed;
    await expect(ask(server, '/webhooks/slow')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    gate.resolve();
    expect((await answer).status).toBe(200);
    await stopped;
  });

  test('waits for the request of a connection that was just made, and answers it', async () => {
    const quick: Routes = (app) => void app.get('/webhooks/quick', async () => ({ done: true }));
    const server = await serve([quick]);
    const socket = await dial(server, false);
    const stopped = server[Symbol.asyncDispose]();
    socket.write('GET /webhooks/quick HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'close');
    const answer = Buffer.concat(chunks).toString('latin1');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    await stopped;
  });

  test('cuts what does not finish in time', async () => {
    const endless: Routes = (app) => {
      app.get('/webhooks/stream', (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(200);
        reply.raw.write('data: hello\n\n');
      });
    };
    const server = await serve([endless], { times: { closeMs: 50 } });
    const socket = await dial(server);
    socket.write('GET /webhooks/stream HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await server[Symbol.asyncDispose]();
    socket.destroy();
    await closed;
    await server[Symbol.asyncDispose]();
  });
});
