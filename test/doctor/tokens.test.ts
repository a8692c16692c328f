import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { DoctorPorts } from '../../src/doctor/check.ts';
import { reach } from '../../src/doctor/reach.ts';
import { tokens } from '../../src/doctor/tokens.ts';
import { NOW, portsOf } from './world.ts';

const TOKENS = {
  GITHUB_TOKEN: 'ghp_0123456789abcdefghij',
  SLACK_BOT_TOKEN: 'xoxb-1-2-secretsecret',
  TELEGRAM_BOT_TOKEN: '7412:AAHk3v-qT9zLw0xYb2cN5',
};

const servers: { close(): void; closeAllConnections(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function look(values: Readonly<Record<string, string>>, more: Partial<DoctorPorts> = {}) {
  const secrets = () => ({ of: (name: string) => values[name], all: () => [] });
  const found = await tokens.look(portsOf('/none', { secrets, fetch, redact: undefined, ...more }));
  expect(JSON.stringify(found)).not.toMatch(/0123456789abc|secretsecret|AAHk3v/);
  return found;
}

/** All three at one address, as they answer. */
const WELL: RequestListener = ({ url = '', headers, method }, response) => {
  const isRight = headers.authorization === `Bearer ${TOKENS.GITHUB_TOKEN}` && url === '/rate_limit';
  if (isRight) response.end(JSON.stringify({ rate: { limit: 5_000, remaining: 4_999 } }));
  else if (url === '/auth.test')
    response.end(
      JSON.stringify({ ok: method === 'POST' && headers.authorization === `Bearer ${TOKENS.SLACK_BOT_TOKEN}` }),
    );
  else if (url === `/bot${TOKENS.TELEGRAM_BOT_TOKEN}/getMe`) response.end(JSON.stringify({ ok: true }));
  else response.writeHead(404).end();
};

function at(url: string): Record<string, string> {
  return { ...TOKENS, GITHUB_API_URL: url, SLACK_API_URL: url, TELEGRAM_API_ROOT: `${url}/` };
}

describe('tokens', () => {
  test('that are taken are ok, and each is shown to its own service only [DOCTOR-TOKENS]', async () => {
    expect(await look(at(await serve(WELL)))).toMatchObject([
      { verdict: 'ok', what: 'GitHub takes GITHUB_TOKEN (4999 of 5000 requests left)' },
      { verdict: 'ok', what: 'Slack takes SLACK_BOT_TOKEN' },
      { verdict: 'ok', what: 'Telegram takes TELEGRAM_BOT_TOKEN' },
    ]);
  });

  test('that are refused fail, with where to write a new one [DOCTOR-TOKENS]', async () => {
    const url = await serve(({ url: path = '' }, response) => {
      if (path === '/auth.test') response.end(JSON.stringify({ ok: false, error: 'token_revoked' }));
      else response.writeHead(401).end('{}');
    });
    const found = await look(at(url));
    expect(found.map(({ verdict }) => verdict)).toEqual(['fail', 'fail', 'fail']);
    expect(found.map(({ what }) => what)).toEqual([
      'GitHub refuses GITHUB_TOKEN (401)',
      'Slack refuses SLACK_BOT_TOKEN (token_revoked)',
      'Telegram refuses TELEGRAM_BOT_TOKEN (answers 401)',
    ]);
    for (const { fix } of found) expect(fix).toMatch(/secrets\.env: \w+=…$/);
  });

  test('one that soon ends is told before it does [DOCTOR-TOKENS]', async () => {
    const ends = '2026-11-24 12:00:00 UTC';
    const url = await serve((_request, response) => {
      response.setHeader('github-authentication-token-expiration', ends);
      response.end('{}');
    });
    const found = await look({ GITHUB_TOKEN: TOKENS.GITHUB_TOKEN, GITHUB_API_URL: url });
    expect(found).toMatchObject([{ verdict: 'warn', what: 'GITHUB_TOKEN expires in 2d' }]);
    expect(NOW).toBe(Date.parse('2026-11-22T12:00:00Z'));
  });

  test('offline, hanging, in trouble or redirected they could not be asked, which is no failure [DOCTOR-TOKENS]', async () => {
    const gone = await look(at('http://127.0.0.1:9'));
    expect(gone.map(({ verdict }) => verdict)).toEqual(['warn', 'warn', 'warn']);
    expect(gone[0]?.what).toMatch(/^GitHub could not be asked about GITHUB_TOKEN: /);
    const hanging = await look(at(await serve(() => undefined)));
    expect(hanging.map(({ verdict }) => verdict)).toEqual(['warn', 'warn', 'warn']);
    const seen: string[] = [];
    const other = await serve(({ headers }, response) => {
      seen.push(headers.authorization ?? '');
      response.end('{}');
    });
    const moved = await look(
      at(await serve((_request, response) => response.writeHead(302, { location: other }).end())),
    );
    expect(moved.map(({ verdict }) => verdict)).toEqual(['warn', 'warn', 'warn']);
    const broken = await look(at(await serve((_request, response) => response.writeHead(503).end('<html>'))));
    expect(broken.map(({ verdict }) => verdict)).toEqual(['warn', 'warn', 'warn']);
    expect(seen).toEqual([]);
  });

  test('are not shown to an address without encryption, or to none at all [DOCTOR-TOKENS]', async () => {
    for (const root of ['http://192.0.2.7/api', 'ftp://x', 'nonsense']) {
      const found = await look(
        { GITHUB_TOKEN: TOKENS.GITHUB_TOKEN, GITHUB_API_URL: root },
        {
          fetch: async () => {
            throw new Error('asked');
          },
        },
      );
      expect(found).toMatchObject([
        { verdict: 'warn', what: 'GITHUB_TOKEN is not shown to GITHUB_API_URL: it is no https address' },
      ]);
    }
  });

  test('an error that holds a token does not show it [DOCTOR-NO-SECRET]', async () => {
    const fail = async (url: string): Promise<Response> => {
      throw new Error(`failed to fetch ${url}`);
    };
    const [found] = await look({ TELEGRAM_BOT_TOKEN: TOKENS.TELEGRAM_BOT_TOKEN }, { fetch: fail });
    expect(found?.what).toContain('/bot…/getMe');
  });
});

describe('names from outside', () => {
  async function reached(host: string) {
    const healthz = JSON.stringify({ status: 'ok', version: '1.2.3' });
    const ports = portsOf('/none', {
      config: () => ({ timezone: 'UTC', notify: [], server: { port: 7717, hosts: [host] } }),
      secrets: () => ({ of: () => undefined, all: () => [] }),
      daemon: async () => ({
        url: 'http://127.0.0.1:1',
        pid: 1,
        token: 'the-token',
        get: async <Answer>() => ({}) as Answer,
      }),
      send: async () => ({ status: 200, body: healthz }),
      fetch,
    });
    return reach.look(ports);
  }

  test('lead here, to another kairosd, or nowhere [DOCTOR-REACH]', async () => {
    const seen: unknown[] = [];
    const here = await serve(({ headers, url }, response) => {
      seen.push(url, headers.authorization);
      response.end(JSON.stringify({ status: 'ok', version: '1.2.3' }));
    });
    expect(await reached(new URL(here).host)).toMatchObject([{ verdict: 'ok', what: `${here} leads here` }]);
    expect(seen).toEqual(['/healthz', undefined]);
    const other = await serve((_request, response) => response.end(JSON.stringify({ status: 'ok', version: '9.9.9' })));
    expect(await reached(new URL(other).host)).toMatchObject([
      { verdict: 'warn', what: expect.stringContaining('another kairosd (9.9.9') as string },
    ]);
    const parked = await serve((_request, response) => response.end('<html>for sale</html>'));
    expect(await reached(new URL(parked).host)).toMatchObject([
      { verdict: 'warn', what: expect.stringContaining('can not be reached') as string },
    ]);
  });
});
