import { createServer as createTcpServer } from 'node:net';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ToolResult } from '../../src/core/agent.ts';
import { isPublicAddress } from '../../src/tools/fetch-address.ts';
import type { Address, Resolving } from '../../src/tools/fetch-request.ts';
import { htmlToText } from '../../src/tools/fetch-text.ts';
import { checkedUrl, fetchTool } from '../../src/tools/fetch.ts';
import { FakeClock } from '../fakes/clock.ts';
import { ExecWorld, fetchSettings, realClock } from './exec-world.ts';
import { spentMs } from '../spent.ts';

/** A real server on this machine under the name of one on the internet. */
class Site implements AsyncDisposable {
  readonly server: Server;
  readonly seen: IncomingMessage[] = [];
  readonly looked: string[] = [];
  addresses: Address[] = [{ address: '127.0.0.1', family: 4 }];

  constructor(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    this.server = createServer((request, response) => {
      this.seen.push(request);
      answer(request, response);
    }).listen(0, '127.0.0.1');
  }

  async url(path = '/', host = 'site.example'): Promise<string> {
    if (!this.server.listening) await new Promise((resolve) => this.server.once('listening', resolve));
    return `http://${host}:${(this.server.address() as AddressInfo).port}${path}`;
  }

  readonly resolving: Resolving = {
    lookup: async (host) => {
      this.looked.push(host);
      return this.addresses;
    },
    addressAllowed: (address) => address === '127.0.0.1' || isPublicAddress(address),
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function get(
  url: string,
  more: { resolving?: Resolving; options?: Record<string, unknown>; signal?: AbortSignal; clock?: FakeClock } = {},
): Promise<ToolResult> {
  using world = new ExecWorld();
  const ports = {
    clock: more.clock ?? realClock,
    ...(more.resolving === undefined ? {} : { resolving: more.resolving }),
  };
  const tool = fetchTool(fetchSettings(more.options), ports);
  const parsed = tool.parse({ url });
  if (!parsed.ok) return { text: parsed.message, isError: true };
  return await tool.run(parsed.input, world.context('c', more.signal === undefined ? {} : { signal: more.signal }));
}

describe('addresses of the public internet', () => {
  test.each([
    '127.0.0.1',
    '127.8.8.8',
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.9',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '168.63.129.16',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::808:808',
    '64:ff9b:1::1',
    '100::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2002:808:808::',
    '3fff::1',
    '5f00::1',
    '',
    'localhost',
    '1.2.3',
    '2001:4860::8888%1',
  ])('%s is none [FETCH-SSRF]', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '99.255.255.255',
    '100.128.0.1',
    '172.15.0.1',
    '172.32.0.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450:4001::1',
  ])('%s is one', (address) => expect(isPublicAddress(address)).toBe(true));

  test('no private IPv4 address gets through in any IPv6 clothes [FETCH-SSRF]', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const inner = fc.oneof(
      fc.tuple(fc.constant(10), byte, byte, byte),
      fc.tuple(fc.constant(127), byte, byte, byte),
      fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
    );
    const hex = (a: number, b: number): string => ((a << 8) | b).toString(16);
    fc.assert(
      fc.property(
        inner,
        fc.constantFrom('::ffff:', '::', '64:ff9b::', '64:ff9b:1::', '2002:', '::ffff:0:', '2001:0:'),
        ([a, b, c, d], prefix) => {
          const tail = prefix === '2002:' ? '::' : '';
          return (
            !isPublicAddress(`${prefix}${hex(a, b)}:${hex(c, d)}${tail}`) && !isPublicAddress(`${a}.${b}.${c}.${d}`)
          );
        },
      ),
    );
  });
});

describe('a URL', () => {
  test.each([
    ['http://127.0.0.1/', '127.0.0.1'],
    ['http://2130706433/', '127.0.0.1'],
    ['http://0x7f000001/', '127.0.0.1'],
    ['http://0177.0.0.1/', '127.0.0.1'],
    ['http://127.1/', '127.0.0.1'],
    ['http://0/', '0.0.0.0'],
    ['http://①②⑦.⓪.⓪.①/', '127.0.0.1'],
    ['http://127.0.0.1./', '127.0.0.1'],
    ['http://[::1]/', '::1'],
    ['http://[::ffff:127.0.0.1]/', '::ffff:7f00:1'],
    ['http://[0:0:0:0:0:ffff:7f00:1]:8080/', '::ffff:7f00:1'],
    ['http://[64:ff9b::10.0.0.1]/', '64:ff9b::a00:1'],
    ['http://169.254.169.254/latest/meta-data/', '169.254.169.254'],
  ])('%s leads nowhere [FETCH-SSRF]', async (url, address) => {
    expect(await get(url)).toMatchObject({
      isError: true,
      trust: 'outside',
      text: expect.stringContaining(`leads to ${address}, which is not`) as string,
    });
  });

  test.each([
    ['file:///etc/passwd', 'http: or https:'],
    ['data:text/html,hi', 'http: or https:'],
    ['ftp://example.org/', 'http: or https:'],
    ['gopher://example.org/', 'http: or https:'],
    ['javascript:alert(1)', 'http: or https:'],
    ['http://user@example.org/', 'without a name'],
    ['http://user:pass@example.org/', 'without a name'],
    ['http://example.org:22/', 'port'],
    ['http://example.org:25/', 'port'],
    ['http://[fe80::1%25eth0]/', 'expected a URL'],
    ['example.org', 'expected a URL'],
    ['http://exa mple.org/', 'expected a URL'],
    ['', 'url'],
  ])('%s is refused [FETCH-SSRF]', async (url, words) => {
    expect(await get(url)).toMatchObject({ isError: true, text: expect.stringContaining(words) as string });
  });

  test('shows a name that only looks like another in plain letters', () => {
    expect(checkedUrl('https://gіthub.com/x#y').href).toBe('https://xn--gthub-n2e.com/x');
  });

  test('localhost is found out by its address [FETCH-SSRF]', async () => {
    for (const host of ['localhost', 'localhost.', 'LOCALHOST'])
      expect((await get(`http://${host}:8080/`)).text).toMatch(/leads to (127\.0\.0\.1|::1)/);
  });
});

describe('the connection', () => {
  test('goes to the address that was checked, with the name of the host [FETCH-PINNED]', async () => {
    await using site = new Site((_request, response) => response.setHeader('content-type', 'text/plain').end('hello'));
    const url = await site.url('/a?b=c');
    const { text, trust, isError } = await get(url, { resolving: site.resolving });
    expect(text).toBe(`[${url} answered 200, text/plain, 5 bytes]\nhello`);
    expect({ trust, isError }).toEqual({ trust: 'outside', isError: false });
    expect(site.seen[0]?.headers.host).toMatch(/^site\.example:\d+$/);
    expect(site.seen[0]?.headers).not.toHaveProperty('cookie');
    expect(site.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(site.looked).toEqual(['site.example']);
  });

  test('is not made again after another look: a name that changes its address in between gains nothing [FETCH-PINNED]', async () => {
    await using site = new Site((_request, response) => response.setHeader('content-type', 'text/plain').end('inside'));
    const answers: Address[][] = [[{ address: '192.0.2.1', family: 4 }], [{ address: '127.0.0.1', family: 4 }]];
    let looks = 0;
    const resolving: Resolving = {
      lookup: async () => answers[Math.min(looks++, 1)] ?? [],
      addressAllowed: (address) => address === '192.0.2.1',
    };
    const { text } = await get(await site.url(), { resolving, options: { timeout: '1s' } });
    expect(text).not.toContain('inside');
    expect(looks).toBe(1);
    expect(site.seen).toHaveLength(0);
  });

  test('is not made when one of several addresses is a forbidden one [FETCH-SSRF]', async () => {
    await using site = new Site((_request, response) => response.end('x'));
    site.addresses = [
      { address: '127.0.0.1', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    expect((await get(await site.url(), { resolving: site.resolving })).text).toContain('leads to 10.0.0.1');
    expect(site.seen).toHaveLength(0);
  });

  test('carries no header of somebody else', async () => {
    await using site = new Site((_request, response) => response.setHeader('content-type', 'text/plain').end('x'));
    await get(await site.url('/a\r\nX-Evil: 1\r\n\r\nGET /b'), { resolving: site.resolving });
    expect(site.seen).toHaveLength(1);
    expect(site.seen[0]?.headers).not.toHaveProperty('x-evil');
  });
});

describe('a redirect', () => {
  test('on the same host is followed, and each step is checked anew [FETCH-SSRF]', async () => {
    await using site = new Site((request, response) => {
      if (request.url === '/end') response.setHeader('content-type', 'text/plain').end('there');
      else response.writeHead(302, { location: '/end' }).end();
    });
    const url = await site.url('/');
    expect((await get(url, { resolving: site.resolving })).text).toContain('/end answered 200');
    expect(site.looked).toHaveLength(2);
    site.addresses = [{ address: '127.0.0.1', family: 4 }];
    const rebinding: Resolving = {
      ...site.resolving,
      lookup: async (host) => {
        const found = await site.resolving.lookup(host);
        site.addresses = [{ address: '169.254.169.254', family: 4 }];
        return found;
      },
    };
    expect((await get(url, { resolving: rebinding })).text).toContain('leads to 169.254.169.254');
  });

  test.each(['http://169.254.169.254/', 'http://localhost:1234/', 'https://other.example/', '//other.example/x'])(
    'to %s is told, not followed [FETCH-SSRF]',
    async (location) => {
      await using site = new Site((_request, response) => response.writeHead(301, { location }).end());
      const { text } = await get(await site.url(), { resolving: site.resolving });
      expect(text).toContain('is not followed');
      expect(site.seen).toHaveLength(1);
    },
  );

  test('to a file is refused, and a ring ends after five [FETCH-LIMITS]', async () => {
    await using away = new Site((_request, response) =>
      response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    );
    expect((await get(await away.url(), { resolving: away.resolving })).text).toContain('expected http: or https:');
    await using ring = new Site((_request, response) => response.writeHead(302, { location: '/' }).end());
    expect((await get(await ring.url(), { resolving: ring.resolving })).text).toContain('more than 5 times');
    expect(ring.seen).toHaveLength(6);
  });
});

describe('an answer', () => {
  test('is cut at the limit, not one byte before [FETCH-LIMITS]', async () => {
    await using site = new Site((request, response) =>
      response.setHeader('content-type', 'text/plain').end('x'.repeat(Number(request.url?.slice(1)))),
    );
    const options = { maxBytes: 1_024 };
    expect((await get(await site.url('/1024'), { resolving: site.resolving, options })).text).toMatch(
      /1024 bytes\]\nx{1024}$/,
    );
    expect((await get(await site.url('/1025'), { resolving: site.resolving, options })).text).toMatch(
      /1024 bytes, cut there\]\nx{1024}$/,
    );
  });

  test.each(['gzip', 'br'])('that unpacks to gigabytes (%s) is cut as well [FETCH-LIMITS]', async (encoding) => {
    const zeros = Buffer.alloc(64 * 1_048_576);
    // As good as any bomb, and lit sooner.
    const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MIN_QUALITY + 1 } };
    const bomb = encoding === 'gzip' ? gzipSync(zeros, { level: 1 }) : brotliCompressSync(zeros, quick);
    await using site = new Site((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': encoding }).end(bomb),
    );
    const { text } = await get(await site.url(), { resolving: site.resolving });
    expect(text).toContain('2097152 bytes, cut there');
  });

  test('that is packed in an unknown or a broken way is an error', async () => {
    await using site = new Site((request, response) =>
      response
        .writeHead(200, {
          'content-type': 'text/plain',
          'content-encoding': request.url === '/a' ? 'zstd-evil' : 'gzip',
        })
        .end('no gzip'),
    );
    expect((await get(await site.url('/a'), { resolving: site.resolving })).text).toContain('was not asked for');
    expect((await get(await site.url('/b'), { resolving: site.resolving })).text).toContain('broke off');
  });

  test('that trickles ends at the deadline [FETCH-LIMITS]', async () => {
    await using site = new Site((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).write('a'),
    );
    const clock = new FakeClock();
    const pending = get(await site.url(), { resolving: site.resolving, clock });
    while (site.seen.length === 0) await new Promise(setImmediate);
    await clock.advance(30_000);
    expect(await pending).toMatchObject({ isError: true, text: 'the page did not come within 30s' });
  });

  test('that never begins, and a name that is never found, end at the deadline too [FETCH-LIMITS]', async () => {
    const silent = createTcpServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    const resolving: Resolving = {
      lookup: async () => [{ address: '127.0.0.1', family: 4 }],
      addressAllowed: () => true,
    };
    for (const one of [resolving, { ...resolving, lookup: async () => new Promise<never>(() => {}) }]) {
      const clock = new FakeClock();
      const pending = get(`http://site.example:${port}/`, { resolving: one, clock });
      while (clock.sleeping === 0) await new Promise(setImmediate);
      await clock.advance(30_000);
      expect((await pending).text).toContain('did not come within');
    }
    await new Promise((resolve) => silent.close(resolve));
  });

  test('ends with the run', async () => {
    await using site = new Site(() => {});
    const stop = new AbortController();
    const pending = get(await site.url(), { resolving: site.resolving, signal: stop.signal });
    while (site.seen.length === 0) await new Promise(setImmediate);
    stop.abort();
    expect(await pending).toMatchObject({ isError: true, text: 'it was stopped before it was done' });
  });

  test('of another type than text is not read, and one of an error says so', async () => {
    await using site = new Site((request, response) => {
      if (request.url === '/png') response.writeHead(200, { 'content-type': 'image/png' }).end('\x89PNG');
      else response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"detail":"none"}');
    });
    expect(await get(await site.url('/png'), { resolving: site.resolving })).toMatchObject({
      isError: true,
      text: expect.stringContaining('not text') as string,
    });
    const missing = await get(await site.url('/x'), { resolving: site.resolving });
    expect(missing.text).toMatch(/answered 404, application\/problem\+json, 17 bytes\]\n\{"detail":"none"\}/);
    expect(missing).toMatchObject({ isError: true, trust: 'outside' });
  });

  test('in HTML becomes text', async () => {
    await using site = new Site((_request, response) =>
      response
        .setHeader('content-type', 'text/html; charset=iso-8859-1')
        .end(
          Buffer.from('<title>A &amp; B</title><body><h1>Gr\u00fc\u00dfe</h1><p>See <a href="/x">this</a>.', 'latin1'),
        ),
    );
    const { text } = await get(await site.url(), { resolving: site.resolving });
    expect(text).toMatch(/Title: A & B\n\n# Grüße\n\nSee this \(http:\/\/site\.example:\d+\/x\)\./);
  });
});

describe('HTML as text', () => {
  const base = new URL('https://docs.example.org/a/b');
  const of = (html: string): string => htmlToText(html, base);

  test('keeps headings, lists, links, tables and code', () => {
    const html = `<!doctype html><html><head><title> A page </title><style>p{}</style><script>if (a < b) x("</p>")</script></head><body>
      <nav><ul><li><a href="#top">Top</a></li><li><a href='../c?d=1&amp;e=2'>C</a></li></ul></nav>
      <h2>Use &lt;it&gt;</h2><p>One<br>two   three&nbsp;four</p><pre><code>if (a &lt; b) {
    return;
}</code></pre><table><tr><th>N</th><th>M</th></tr><tr><td>1</td><td>2</td></tr></table><img src=x alt="a cat"></body></html>`;
    expect(of(html)).toMatchInlineSnapshot(`
      "Title: A page

      - Top

      - C (https://docs.example.org/c?d=1&e=2)

      ## Use <it>

      One
      two three four

      if (a < b) {
          return;
      }

       | N | M

       | 1 | 2

      a cat"
    `);
  });

  test('leaves out what a person does not see', () => {
    expect(
      of(
        'a<!-- b --><p hidden>c</p><div style="display: none">d<b>e</b></div><template>f</template><noscript>g</noscript><svg><text>h</text></svg>i<p class="hidden">j',
      ),
    ).toBe('ai\n\nj');
  });

  test('survives what is broken', () => {
    expect(of('1 < 2 <b>x</i></b> & &bogus; &#x110000; &#0; <a href="unclosed>y')).toContain('1 < 2 x & &bogus;');
    expect(of('<a href="javascript:alert(1)">x</a> <a href="http://[">y</a>')).toBe('x y');
    expect(of('<head><p>never closed<body>text')).toBe('text');
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            '<',
            '>',
            '"',
            "'",
            '<p',
            '</p>',
            '<a href=',
            '<!--',
            '-->',
            '<script>',
            '</script',
            '&',
            '&#',
            ' ',
            'x',
            '<pre>',
            '<li>',
            '=',
          ),
        ),
        (parts) => typeof of(parts.join('')) === 'string',
      ),
    );
  });

  test.each([
    '<',
    '<a ',
    '<a "',
    `<a '"`,
    '<a ">',
    '<p>',
    '<div><b>',
    '<!--',
    '<script>',
    '</p>',
    '&',
    '&#',
    ' <b> </b>',
    '<pre>  ',
    '<li hidden ',
    '<a href=',
    '\n',
  ])('reads two MiB of %j in time', (part) => {
    const html = part.repeat(Math.ceil(2_097_152 / part.length));
    expect(spentMs(() => of(html))).toBeLessThan(5_000);
  });
});
