import { describe, expect, test } from 'vitest';
import { createGuard, sameToken, TOKEN_COOKIE } from '../../src/http/guard.ts';
import type { Routes } from '../../src/http/server.ts';
import { ask, dial, hear, serve, TOKEN } from './client.ts';

const routes: Routes = (app) => {
  for (const path of ['/', '/healthz', '/readyz', '/metrics', '/static/app.js', '/api/status'])
    app.get(path, async () => ({ path }));
  app.post('/api/say', async () => ({ said: true }));
  app.post('/webhooks/:source', async () => ({ taken: true }));
};
const bearer = { authorization: `Bearer ${TOKEN}` };
const code = (body: string): unknown => (JSON.parse(body) as { code?: unknown }).code;

describe('the token', () => {
  test.each([
    '/api/status',
    '/metrics',
    '/api/status?token=x',
    '/nothing',
    '/api',
    '/healthz/',
    '/readyz/../api/status',
    '/%68ealthz',
  ])('is needed for %s [HTTP-TOKEN]', async (path) => {
    await using server = await serve([routes]);
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: TOKEN },
      { cookie: `${TOKEN_COOKIE}=` },
    ]) {
      const answer = await ask(server, path, { headers });
      expect([answer.status, code(answer.body)]).toEqual([401, 'TOKEN_REFUSED']);
      expect(answer.body).not.toContain('correct-horse');
    }
  });

  test.each(['/', '/healthz', '/readyz', '/static/app.js', '/healthz?x=1'])(
    'is not needed for %s [HTTP-TOKEN]',
    async (path) => {
      await using server = await serve([routes]);
      expect((await ask(server, path)).status).toBe(200);
    },
  );

  test('is not needed by webhooks, which are signed instead, whatever their Host [HTTP-TOKEN]', async () => {
    await using server = await serve([routes]);
    const headers = { host: 'hooks.example.org', origin: 'https://elsewhere.example' };
    expect((await ask(server, '/webhooks/github', { method: 'POST', headers })).status).toBe(200);
  });

  test('is taken as a bearer and as a cookie [HTTP-TOKEN]', async () => {
    await using server = await serve([routes]);
    for (const headers of [
      bearer,
      { authorization: `bearer   ${TOKEN}` },
      { cookie: `a=b; ${TOKEN_COOKIE}=${TOKEN}; c=d` },
    ]) {
      expect((await ask(server, '/api/status', { headers })).status).toBe(200);
    }
  });

  test('is compared whatever its length, and never empty', () => {
    expect([sameToken('abc', 'abc'), sameToken('ab', 'abc'), sameToken('', 'abc')]).toEqual([true, false, false]);
    expect(() => createGuard('', [])).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('the Host and the Origin', () => {
  test.each([
    'evil.example',
    'evil.example:7717',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'localhost@evil.example',
    'a b',
  ])('of a name that only resolves here (%j) is refused, token or not [HTTP-ORIGIN]', async (host) => {
    await using server = await serve([routes], {}, ['box.example']);
    for (const path of ['/', '/api/status']) {
      const answer = await ask(server, path, { headers: { ...bearer, host } });
      expect([answer.status, code(answer.body)]).toEqual([403, 'ORIGIN_REFUSED']);
    }
  });

  test('of a request that names none is refused [HTTP-ORIGIN]', async () => {
    await using server = await serve([routes]);
    const socket = await dial(server);
    socket.write(`GET /api/status HTTP/1.0\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`);
    expect(await hear(socket)).toMatch(/^HTTP\/1\.1 403 /);
  });

  test.each([
    'localhost',
    'LOCALHOST:7717',
    '127.0.0.1',
    '192.168.1.7:80',
    '[::1]:7717',
    'box.example',
    'box.example:443',
  ])('of an address, localhost or a configured name (%j) is taken [HTTP-ORIGIN]', async (host) => {
    await using server = await serve([routes], {}, ['Box.Example']);
    expect((await ask(server, '/api/status', { headers: { ...bearer, host } })).status).toBe(200);
  });

  test.each([
    ['https://evil.example', '127.0.0.1:7717'],
    ['null', '127.0.0.1:7717'],
    ['http://127.0.0.1:3000', '127.0.0.1:7717'],
    ['http://localhost:7717', '127.0.0.1:7717'],
    ['http://localhost:3000', 'localhost:7717'],
    ['chrome-extension://abcdef', '127.0.0.1:7717'],
    ['https://evil.example', 'box.example'],
    ['https://127.0.0.1:7717.evil.example', '127.0.0.1:7717'],
    ['', '127.0.0.1:7717'],
  ])(
    'a page of another origin (%j on %j) is refused, another port of this machine included [HTTP-ORIGIN]',
    async (origin, host) => {
      await using server = await serve([routes], {}, ['box.example']);
      const answer = await ask(server, '/api/say', { method: 'POST', headers: { ...bearer, host, origin } });
      expect([answer.status, code(answer.body)]).toEqual([403, 'ORIGIN_REFUSED']);
    },
  );

  test.each([
    ['http://127.0.0.1:7717', '127.0.0.1:7717'],
    ['http://localhost:7717', 'LocalHost:7717'],
    ['http://[::1]:7717', '[::1]:7717'],
    ['https://box.example', 'box.example:7717'],
    ['https://box.example:8443', 'box.example'],
  ])('a page of its own (%j on %j) is taken [HTTP-ORIGIN]', async (origin, host) => {
    await using server = await serve([routes], {}, ['box.example']);
    const answer = await ask(server, '/api/say', { method: 'POST', headers: { ...bearer, host, origin } });
    expect(answer.status).toBe(200);
  });
});
