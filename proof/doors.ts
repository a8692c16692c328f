import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listAll, makeHome, metric, ROOT, startDaemon, type DaemonProcess } from './lib/daemon.ts';
import { watchNoise } from './lib/noise.ts';
import { equal, none, percentile, tally, type CampaignOptions, type Check, type Report } from './lib/report.ts';
import { githubHeaders, headOf, oneConnection, post, postGithub, raw, type Answer } from './lib/sender.ts';

/** What a delivery may weigh (CONTRACT): one byte more is 413. */
const BODY_BYTES_MAX = 26_214_400;
const STALL_SECONDS_MAX = 0.05;
/** The only check that depends on what else the machine does. */
export const STALL_CHECK = 'the event loop was never blocked for 50 ms';

/** The doors of the real daemon over real sockets: what it must take, and what it must refuse, and in which order. */
export async function proveDoors(options: CampaignOptions): Promise<Report> {
  const vectors = readVectors();
  using home = makeHome(configFor(vectors), { keep: options.keep });
  const env = Object.fromEntries(vectors.map(({ secret }, index) => [`VECTOR_${index}_SECRET`, secret]));
  await using first = await startDaemon(home.path, { env });
  await metric(first, 'kairosd_ready');
  const slow = proveSlowLoris(first, options.quick);
  const checks = [
    ...(await proveExamples(first)),
    ...(await proveVectors(first, vectors)),
    ...(await proveRefusals(first)),
    ...(await proveBytes(first)),
    ...(await proveSizes(first)),
  ];
  options.say('large bodies among small ones');
  const large = await proveLoop(first, options.quick);
  checks.push(...large.checks, ...(await slow));
  const lagSeconds = await metric(first, 'kairosd_event_loop_lag_seconds_max');
  await first.stop();
  await using second = await startDaemon(home.path, { env });
  checks.push(...(await proveAcrossRestart(second)));
  return {
    checks,
    figures: { ...large.figures, 'longest stall since the start': `${(lagSeconds * 1_000).toFixed(0)} ms` },
  };
}

interface Vector {
  readonly scheme: 'github' | 'standard-webhooks' | 'slack';
  readonly secret: string;
  readonly body: string;
  readonly header: string;
  readonly id?: string;
  readonly timestamp?: string;
}

function readVectors(): Vector[] {
  return JSON.parse(readFileSync(join(ROOT, 'test/webhooks/vectors.json'), 'utf8')) as Vector[];
}

const KINDS = { github: 'github', 'standard-webhooks': 'standard', slack: 'slack' } as const;

function configFor(vectors: readonly Vector[]): object {
  return {
    notify: [],
    sources: [
      { name: 'github', kind: 'github' },
      ...vectors.map(({ scheme }, index) => ({
        name: `vector-${index}`,
        kind: KINDS[scheme],
        secretEnv: `VECTOR_${index}_SECRET`,
      })),
    ],
  };
}

interface Example {
  readonly name: string;
  readonly examples: readonly Record<string, unknown>[];
}

interface EventRow {
  readonly id: string;
  readonly delivery: string;
  readonly type: string;
  readonly action: string | null;
  readonly bodyBytes: number;
}

async function proveExamples(daemon: DaemonProcess): Promise<Check[]> {
  const kinds = createRequire(import.meta.url)('@octokit/webhooks-examples') as readonly Example[];
  const sent = kinds.flatMap(({ name, examples }) =>
    examples.map((payload, index) => ({ id: `example-${name}-${index}`, event: name, payload })),
  );
  const agent = oneConnection();
  const wrong: string[] = [];
  for (const { id, event, payload } of sent) {
    const answer = await postGithub(daemon.url, { id, event, body: Buffer.from(JSON.stringify(payload)) }, { agent });
    const expected = event === 'ping' ? 200 : 202;
    if (answer.status !== expected || duplicateOf(answer) !== false) wrong.push(`${id}: ${answer.status}`);
  }
  agent.destroy();
  const rows = new Map((await listAll<EventRow>(daemon, '/api/events')).map((row) => [row.delivery, row]));
  const misread = sent.filter(({ id, event, payload }) => {
    const row = rows.get(id);
    return row?.type !== event || row.action !== ((payload['action'] as string | undefined) ?? null);
  });
  return [
    equal('the recorded payloads are all there', sent.length, 329),
    none('each recorded GitHub payload is accepted', wrong, `${sent.length}, ping as 200`),
    none(
      'each has its event and action',
      misread.map(({ id }) => id),
      `${rows.size} events`,
    ),
  ];
}

async function proveVectors(daemon: DaemonProcess, vectors: readonly Vector[]): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [index, vector] of vectors.entries()) {
    const url = `${daemon.url}/webhooks/vector-${index}`;
    const name = `vector ${index} (${vector.scheme})`;
    const given = await post(url, vectorHeaders(vector, vector.timestamp), Buffer.from(vector.body));
    if (vector.timestamp === undefined) {
      checks.push(equal(`${name} is accepted`, given.status, 202));
      continue;
    }
    // Years old: its signature must be what we compute, and its age must be its only fault.
    const recomputed = vectorHeaders(vector, vector.timestamp, true);
    const now = String(Math.floor(Date.now() / 1_000));
    const fresh = await post(url, vectorHeaders(vector, now, true), Buffer.from(vector.body));
    checks.push(
      equal(`${name} is signed as we sign`, recomputed, vectorHeaders(vector, vector.timestamp)),
      equal(`${name} is stale now, and accepted when signed now`, [given.status, fresh.status], [401, 202]),
    );
  }
  return checks;
}

/** @param signNow Compute the signature instead of taking the published one. */
function vectorHeaders(vector: Vector, timestamp = '', signNow = false): Record<string, string> {
  const { scheme, secret, body, header, id = '' } = vector;
  const hmac = (key: string | Buffer, text: string, encoding: 'hex' | 'base64'): string =>
    createHmac('sha256', key).update(text).digest(encoding);
  if (scheme === 'github') {
    return {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': 'vector',
      'x-hub-signature-256': header,
    };
  }
  if (scheme === 'slack') {
    return {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': signNow ? `v0=${hmac(secret, `v0:${timestamp}:${body}`, 'hex')}` : header,
    };
  }
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signNow ? `v1,${hmac(key, `${id}.${timestamp}.${body}`, 'base64')}` : header,
  };
}

async function proveRefusals(daemon: DaemonProcess): Promise<Check[]> {
  const before = (await listAll<EventRow>(daemon, '/api/events')).length;
  const url = `${daemon.url}/webhooks/github`;
  const body = Buffer.from('{"action":"forged"}');
  const good = githubHeaders({ id: 'refused', event: 'issues', body });
  const signature = good['x-hub-signature-256'] ?? '';
  const { 'x-hub-signature-256': _, ...unsigned } = good;
  const withSignature = (text: string): Record<string, string> => ({ ...good, 'x-hub-signature-256': text });
  const refused: Record<string, Answer> = {
    'another secret': await post(url, githubHeaders({ id: 'refused', event: 'issues', body, secret: 'not it' }), body),
    'another body': await post(url, good, Buffer.from('{"action":"f0rged"}')),
    'one digit off': await post(url, withSignature(signature.replace(/.$/, (d) => (d === '0' ? '1' : '0'))), body),
    'too short': await post(url, withSignature(signature.slice(0, -2)), body),
    'too long': await post(url, withSignature(`${signature}00`), body),
    empty: await post(url, withSignature('sha256='), body),
    'sha1 only': await post(url, { ...unsigned, 'x-hub-signature': 'sha1=00' }, body),
    missing: await post(url, unsigned, body),
  };
  const tooLarge = { ...unsigned, 'content-length': String(BODY_BYTES_MAX + 1) };
  const port = daemon.port;
  const statusOf = async (path: string, headers: Record<string, string>): Promise<number> =>
    (await raw({ port, pieces: [headOf(path, headers)] })).status;
  const text = { ...good, 'content-type': 'text/plain' };
  const cut = { ...good, 'content-length': String(body.length + 10) };
  const cutAnswer = await raw({ port, pieces: [headOf('/webhooks/github', cut), body], end: true });
  const after = (await listAll<EventRow>(daemon, '/api/events')).length;
  const texts = new Set(Object.values(refused).map((answer) => answer.text));
  return [
    none(
      'forged, wrong-length and missing signatures are 401',
      Object.entries(refused)
        .filter(([, answer]) => answer.status !== 401)
        .map(([what, { status }]) => `${what}: ${status}`),
      Object.keys(refused).join(', '),
    ),
    equal('no answer tells one reason from another', texts.size, 1),
    equal(
      'an unknown source is 404, also when it is too large (404 before 413)',
      [(await post(`${daemon.url}/webhooks/nobody`, good, body)).status, await statusOf('/webhooks/nobody', tooLarge)],
      [404, 404],
    ),
    equal('too large and unsigned is 413 (413 before 401)', await statusOf('/webhooks/github', tooLarge), 413),
    equal(
      'unsigned text is 401, signed text 415 (401 before 415)',
      [
        (await post(url, { ...unsigned, 'content-type': 'text/plain' }, body)).status,
        (await post(url, text, body)).status,
      ],
      [401, 415],
    ),
    equal('a body cut short is 400', cutAnswer.status, 400),
    equal('none of these left an event', after, before),
  ];
}

async function proveBytes(daemon: DaemonProcess): Promise<Check[]> {
  const form = Buffer.from(`payload=${encodeURIComponent('{"action":"opened","text":"ä+b"}')}`);
  const proto = Buffer.from('{"action":"created","__proto__":{"polluted":true},"constructor":{"prototype":1}}');
  const invalid = Buffer.concat([Buffer.from('{"action":"'), Buffer.from([0xff, 0xfe, 0xc3, 0x28]), Buffer.from('"}')]);
  const noJson = Buffer.from('{"action": this is not JSON');
  const multi = Buffer.from('{"action":"edited","text":"♥♥♥ größer 🦊"}');
  const take = async (id: string, body: Buffer, contentType?: string): Promise<number> =>
    (await postGithub(daemon.url, { id, event: 'issues', body, ...(contentType && { contentType }) })).status;
  const statuses = [
    await take('bytes-form', form, 'application/x-www-form-urlencoded'),
    await take('bytes-proto', proto),
    await take('bytes-invalid', invalid),
    await take('bytes-no-json', noJson),
  ];
  const headers = githubHeaders({ id: 'bytes-multi', event: 'issues', body: multi });
  const head = headOf('/webhooks/github', { ...headers, 'content-length': String(multi.length) });
  // Every byte is a segment of its own: each multi-byte character is split.
  const bytes = [...multi].map((byte) => Buffer.from([byte]));
  const split = await raw({ port: daemon.port, pieces: [head, ...bytes], delayMs: 3 });
  const rows = new Map((await listAll<EventRow>(daemon, '/api/events')).map((row) => [row.delivery, row]));
  const seen = (id: string): unknown[] => [rows.get(id)?.type, rows.get(id)?.action, rows.get(id)?.bodyBytes];
  return [
    equal('form, __proto__, non-UTF-8 and unparsable bodies are accepted', statuses, [202, 202, 202, 202]),
    equal('a body in single bytes is accepted', split.status, 202),
    equal('the form is read', seen('bytes-form'), ['issues', 'opened', form.length]),
    equal('__proto__ is a plain field', seen('bytes-proto'), ['issues', 'created', proto.length]),
    equal('the unparsable body is kept, type from the header', seen('bytes-no-json'), ['issues', null, noJson.length]),
    equal('split characters are whole again', seen('bytes-multi'), ['issues', 'edited', multi.length]),
    equal('non-UTF-8 bytes are kept', [seen('bytes-invalid')[0], seen('bytes-invalid')[2]], ['issues', invalid.length]),
  ];
}

function largeBody(bytes: number, mark: string): Buffer {
  const body = Buffer.alloc(bytes, 0x61);
  body.write(`{"action":"large","mark":"${mark}","pad":"`);
  body.write('"}', bytes - 2);
  return body;
}

async function proveSizes(daemon: DaemonProcess): Promise<Check[]> {
  const exact = largeBody(BODY_BYTES_MAX, 'exact');
  const over = largeBody(BODY_BYTES_MAX + 1, 'over');
  const taken = await postGithub(daemon.url, { id: 'size-exact', event: 'push', body: exact });
  const refused = await postGithub(daemon.url, { id: 'size-over', event: 'push', body: over }).catch(brokenOff);
  const chunkedExact = await postChunked(daemon, 'size-chunked', exact);
  const chunkedOver = await postChunked(daemon, 'size-chunked-over', over);
  const rows = new Map((await listAll<EventRow>(daemon, '/api/events')).map((row) => [row.delivery, row]));
  return [
    equal(
      'exactly 26 214 400 bytes are accepted',
      [taken.status, rows.get('size-exact')?.bodyBytes],
      [202, BODY_BYTES_MAX],
    ),
    equal('its action is read', rows.get('size-exact')?.action, 'large'),
    equal('one byte more is 413', refused.status, 413),
    equal('the same in chunks, without a length', [chunkedExact, chunkedOver], [202, 413]),
  ];
}

/** A sender may see its connection reset while it still writes what was refused. */
function brokenOff(error: Error): { status: number } {
  return { status: /ECONNRESET|EPIPE/.test(error.message) ? 413 : 0 };
}

async function postChunked(daemon: DaemonProcess, id: string, body: Buffer): Promise<number> {
  const headers = { ...githubHeaders({ id, event: 'push', body }), 'transfer-encoding': 'chunked' };
  const pieces = [headOf('/webhooks/github', headers)];
  for (let at = 0; at < body.length; at += 1_048_576) {
    const piece = body.subarray(at, at + 1_048_576);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return (await raw({ port: daemon.port, pieces: [...pieces, Buffer.from('0\r\n\r\n')] })).status;
}

/** A head that never ends, and (in the full run) a body that trickles: both connections must be closed for us. */
async function proveSlowLoris(daemon: DaemonProcess, quick: boolean): Promise<Check[]> {
  const head = headOf('/webhooks/github', { 'x-slow': 'loris' }).subarray(0, -2);
  const drops = Array.from({ length: 60 }, (_, index) => Buffer.from(`x-drop-${index}: 1\r\n`));
  const slowHead = raw({ port: daemon.port, pieces: [head, ...drops], delayMs: 500, msMax: 30_000 });
  const body = Buffer.from('{"action":"slow"}'.padEnd(400));
  const headers = githubHeaders({ id: 'slow', event: 'push', body });
  const bodyHead = headOf('/webhooks/github', { ...headers, 'content-length': '400' });
  const bytes = [...body].map((byte) => Buffer.from([byte]));
  const slowBody = quick
    ? undefined
    : raw({ port: daemon.port, pieces: [bodyHead, ...bytes], delayMs: 500, msMax: 90_000 });
  const closed = async (name: string, of: typeof slowHead, secondsMax: number): Promise<Check> => {
    const { status, closedMs = Infinity } = await of;
    const ok = closedMs < secondsMax * 1_000 && status !== 202;
    return { name, ok, detail: `answered ${status}, closed after ${(closedMs / 1_000).toFixed(1)} s` };
  };
  const checks = [await closed('a head that trickles is closed', slowHead, 15)];
  if (slowBody !== undefined) checks.push(await closed('a body that trickles is closed', slowBody, 70));
  return checks;
}

/** Bodies of 25 MiB, three at a time, among small ones on ten connections. */
async function proveLoop(daemon: DaemonProcess, quick: boolean): Promise<Report> {
  const before = await metric(daemon, 'kairosd_event_loop_lag_seconds_max');
  const bodies = ['a', 'b', 'c'].map((mark) => largeBody(BODY_BYTES_MAX, mark));
  const noise = watchNoise();
  const done = new AbortController();
  const small = Promise.all(Array.from({ length: 10 }, (_, line) => postSmall(daemon, line, done.signal)));
  const rounds = quick ? 1 : 4;
  const largeMs: number[] = [];
  const statuses: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const answers = await Promise.all(
      bodies.map((body, index) => postGithub(daemon.url, { id: `loop-${round}-${index}`, event: 'push', body })),
    );
    for (const { ms, status } of answers) {
      largeMs.push(ms);
      statuses.push(status);
    }
  }
  done.abort();
  const noiseMs = await noise.end();
  const answers = (await small).flat();
  const after = await metric(daemon, 'kairosd_event_loop_lag_seconds_max');
  const smallMs = answers.map(({ ms }) => ms);
  const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
  return {
    checks: [
      none(
        '25 MiB bodies that come together are accepted',
        statuses.filter((status) => status !== 202),
        `${statuses.length}`,
      ),
      none(
        'small ones meanwhile are accepted',
        answers.filter(({ status }) => status !== 202),
        `${answers.length}`,
      ),
      {
        name: STALL_CHECK,
        ok: after < STALL_SECONDS_MAX,
        detail: `at most ${milliseconds(after * 1_000)}, before the large ones ${milliseconds(before * 1_000)}; an idle process beside it: ${milliseconds(noiseMs)}`,
      },
    ],
    figures: {
      '25 MiB bodies, slowest': milliseconds(Math.max(...largeMs)),
      'small ones meanwhile': `${answers.length}, p50 ${milliseconds(percentile(smallMs, 0.5))}, p99 ${milliseconds(percentile(smallMs, 0.99))}, max ${milliseconds(Math.max(...smallMs))}`,
      'small statuses': JSON.stringify(tally(answers.map(({ status }) => status))),
    },
  };
}

async function postSmall(daemon: DaemonProcess, line: number, done: AbortSignal): Promise<Answer[]> {
  const agent = oneConnection();
  const answers: Answer[] = [];
  for (let index = 0; !done.aborted; index += 1) {
    const body = Buffer.from(JSON.stringify({ action: 'small', line, index }));
    answers.push(await postGithub(daemon.url, { id: `small-${line}-${index}`, event: 'push', body }, { agent }));
    await sleep(5);
  }
  agent.destroy();
  return answers;
}

async function proveAcrossRestart(daemon: DaemonProcess): Promise<Check[]> {
  const again = { id: 'bytes-proto', event: 'issues', body: Buffer.from('{"action":"created"}') };
  const expected = (await listAll<EventRow>(daemon, '/api/events')).find((row) => row.delivery === again.id)?.id;
  const answer = await postGithub(daemon.url, again);
  const { id } = JSON.parse(answer.text) as { id: string };
  return [
    equal(
      'a delivery taken before the restart is a duplicate after it',
      [answer.status, duplicateOf(answer), id],
      [200, true, expected],
    ),
  ];
}

function duplicateOf(answer: Answer): boolean | undefined {
  return (JSON.parse(answer.text) as { duplicate?: boolean }).duplicate;
}
