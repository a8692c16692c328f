import { describe, expect, test } from 'vitest';
import type { Log } from '../../src/core/ports.ts';
import { compileSubscriptions } from '../../src/subscriptions/match.ts';
import { subscriptionsOptions } from '../../src/subscriptions/options.ts';
import { interpret, type Delivery } from '../../src/webhooks/interpret.ts';
import { ParseThread, type ParseThreadOptions } from '../../src/webhooks/parse-thread.ts';
import { FakeClock } from '../fakes/clock.ts';
import { NOW_MS } from './deliver.ts';

const subscriptions = subscriptionsOptions.parse([
  { name: 'red', source: 'hub', where: { 'run.conclusion': 'failure' }, do: 'notify', text: '{run.url}' },
  { name: 'all', source: 'hub', do: 'log' },
]);
const match = compileSubscriptions(subscriptions);
const BYTES_MAX = 26_214_400;

// What a thread can do wrong, as threads of their own.
const SILENT = new URL('data:text/javascript,setInterval(() => {}, 1000)');
const THROWING = entryOf("throw new Error('out of order')");
const EXITING = entryOf('process.exit(7)');
const FAILING = entryOf("parentPort.postMessage({ kind: 'failed', error: 'cannot' })");

describe('the parsing thread', () => {
  test('reads a delivery of 25 MiB as it would be read here, while the event loop goes on [WEB-LARGE-OFF-LOOP]', async () => {
    await using thread = open().thread;
    const large = delivery(
      padded('{"action":"completed","run":{"conclusion":"failure","url":"https://x"},"pad":"', '"}'),
    );
    const before = Buffer.from(large.body);
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    const read = await thread.interpret(large);
    clearInterval(counting);
    expect(read).toEqual(interpret(large, match));
    expect(read.jobs.map(({ origin, text }) => [origin, text])[0]).toEqual(['red', 'https://x']);
    expect(turns).toBeGreaterThan(10);
    expect(before.equals(large.body)).toBe(true);
  });

  test('reads a body that is shared already where it is', async () => {
    await using thread = open().thread;
    const body = new Uint8Array(new SharedArrayBuffer(100), 10, 15);
    body.set(Buffer.from('{"action":"go"}'));
    expect(await thread.interpret({ ...delivery(Buffer.alloc(0)), body })).toMatchObject({
      action: 'go',
      parsed: true,
    });
  });

  test('reads several deliveries in their order', async () => {
    await using thread = open().thread;
    const actions = ['one', 'two', 'three'];
    const reads = await Promise.all(
      actions.map((action) => thread.interpret(delivery(Buffer.from(JSON.stringify({ action }))))),
    );
    expect(reads.map(({ action }) => action)).toEqual(actions);
  });

  test('survives 25 MiB that would fill any heap, and takes the next delivery [WEB-LARGE-OFF-LOOP]', async () => {
    await using thread = open().thread;
    const hostile = delivery(Buffer.from(`[${'{},'.repeat((BYTES_MAX - 3) / 3)}0]`));
    expect(await thread.interpret(hostile)).toMatchObject({ parsed: false, type: 'big' });
    expect(await thread.interpret(delivery(Buffer.from('{"action":"next"}')))).toMatchObject({ action: 'next' });
  });

  test('exists only while it is needed: from the first delivery until 30 s after the last', async () => {
    const { thread, clock } = open();
    await using _ = thread;
    expect(thread.running).toBe(false);
    await thread.interpret(delivery(Buffer.from('{}')));
    await clock.advance(29_999);
    expect(thread.running).toBe(true);
    await thread.interpret(delivery(Buffer.from('{}')));
    await clock.advance(29_999);
    expect(thread.running).toBe(true);
    await clock.advance(1);
    expect(thread.running).toBe(false);
    expect(await thread.interpret(delivery(Buffer.from('{"action":"again"}')))).toMatchObject({ action: 'again' });
  });

  test('after 10 s without an answer a delivery is read by its headers, and the thread is given up', async () => {
    const { thread, clock, warnings } = open({ entry: SILENT });
    await using _ = thread;
    const reading = thread.interpret(delivery(Buffer.from('{"action":"x"}')));
    await clock.advance(9_999);
    expect(thread.running).toBe(true);
    await clock.advance(1);
    const read = await reading;
    expect(read).toMatchObject({ delivery: 'g-1', type: 'big', action: null, parsed: false });
    expect(read.jobs.map(({ origin }) => origin)).toEqual(['all']);
    expect(thread.running).toBe(false);
    expect(warnings).toEqual([{ source: 'hub', bytes: 14, error: 'not read within 10000 ms' }]);
  });

  test('is not idle while deliveries wait for it', async () => {
    const { thread, clock, warnings } = open({ entry: SILENT, idleMs: 5_000 });
    await using _ = thread;
    const reading = [1, 2].map(() => thread.interpret(delivery(Buffer.from('{}'))));
    await clock.advance(10_000);
    await reading[0];
    await clock.advance(6_000);
    expect(thread.running).toBe(true);
    await clock.advance(4_000);
    await Promise.all(reading);
    expect(warnings.map((fields) => fields['error'])).toEqual(['not read within 10000 ms', 'not read within 10000 ms']);
  });

  test.each([
    ['throws', THROWING, 'out of order'],
    ['exits', EXITING, 'the thread ended'],
    ['answers that it failed', FAILING, 'cannot'],
    ['cannot be started', new URL('data:text/javascript,import "node:nothing"'), 'No such built-in module'],
  ])('a thread that %s costs no delivery: each is read by its headers', async (_case, entry, error) => {
    const { thread, warnings } = open({ entry });
    await using _ = thread;
    for (let round = 0; round < 2; round += 1) {
      expect(await thread.interpret(delivery(Buffer.from('{}')))).toMatchObject({ delivery: 'g-1', parsed: false });
    }
    expect(warnings.map((fields) => fields['error'])).toEqual([
      expect.stringContaining(error),
      expect.stringContaining(error),
    ]);
  });

  test('takes as many as may wait and sheds the next [WEB-SHED]', async () => {
    const { thread, clock } = open({ waitingMax: 2, entry: SILENT });
    await using _ = thread;
    const waiting = [thread.interpret(delivery(Buffer.from('{}'))), thread.interpret(delivery(Buffer.from('{}')))];
    await expect(thread.interpret(delivery(Buffer.from('{}')))).rejects.toMatchObject({ code: 'OVERLOADED' });
    await clock.advance(20_000);
    expect(await Promise.all(waiting)).toHaveLength(2);
    const next = thread.interpret(delivery(Buffer.from('{}')));
    await clock.advance(10_000);
    expect(await next).toMatchObject({ parsed: false });
  });

  test('closing it ends what it reads and what waits by the headers, and takes nothing more', async () => {
    const { thread } = open({ entry: SILENT });
    const reading = [1, 2].map(() => thread.interpret(delivery(Buffer.from('{}'))));
    await thread[Symbol.asyncDispose]();
    for (const read of await Promise.all(reading)) expect(read).toMatchObject({ delivery: 'g-1', parsed: false });
    await expect(thread.interpret(delivery(Buffer.from('{}')))).rejects.toMatchObject({ code: 'STOPPING' });
    expect(thread.running).toBe(false);
    await thread[Symbol.asyncDispose]();
  });
});

interface Opened {
  readonly thread: ParseThread;
  readonly clock: FakeClock;
  readonly warnings: Readonly<Record<string, unknown>>[];
}

function open(options: Partial<ParseThreadOptions> = {}): Opened {
  const clock = new FakeClock();
  const warnings: Readonly<Record<string, unknown>>[] = [];
  const silent = (): void => {};
  const log: Log = {
    debug: silent,
    info: silent,
    warn: (fields) => warnings.push(fields),
    error: silent,
    child: () => log,
  };
  return { thread: new ParseThread({ clock, log, subscriptions, match, ...options }), clock, warnings };
}

function delivery(body: Uint8Array): Delivery {
  const headers = { 'content-type': 'application/json', 'x-github-event': 'big', 'x-github-delivery': 'g-1' };
  return { kind: 'github', source: 'hub', trust: 'outside', receivedAtMs: NOW_MS, headers, body };
}

function padded(head: string, tail: string): Buffer {
  return Buffer.from(head + 'x'.repeat(BYTES_MAX - head.length - tail.length) + tail);
}

function entryOf(code: string): URL {
  const text = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { ${code} });`;
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}
