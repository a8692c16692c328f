import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DreamPorts } from '../../src/dream/ports.ts';
import type { ModelPort } from '../../src/dream/serve-model.ts';
import { takeLock } from '../../src/ledger/lock.ts';
import { bulletId } from '../../src/memory/bullet.ts';
import { dreaming, SECRET, type Dreaming, type DreamingOptions } from './make.ts';

const NOW = { byHand: true, dryRun: false };
const DUE = { byHand: false, dryRun: false };
const DRY = { byHand: true, dryRun: true };
const HOUR = 3_600_000;
const scripted = join(import.meta.dirname, 'scripted-worker.ts');

function once(d: Dreaming, request = NOW) {
  return d.dreamer.once(request, new AbortController().signal);
}

function sessions(d: Dreaming, count: number, from = 1): void {
  for (let index = from; index < from + count; index += 1)
    d.session(`s${index}`, [`Our ${WORDS[index]} server runs on port ${5_000 + index}.`]);
}

/** Files of the home that are no ledger and no lock. */
function filesOf(d: Dreaming): string[] {
  return readdirSync(d.home, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^(?:ledger|dream\.lock)/.test(path))
    .toSorted();
}

/** All that is current. */
function remembered(d: Dreaming): string {
  return readdirSync(join(d.home, 'memory/topics'))
    .map((name) => d.file(`memory/topics/${name}`))
    .join('');
}

const WORDS = [
  '',
  'staging',
  'billing',
  'metrics',
  'search',
  'mail',
  'chat',
  'build',
  'wiki',
  'auth',
  'proxy',
  'cache',
  'queue',
];

function fact(topic: string, text: string): { readonly raw: string; readonly id: string } {
  const raw = `- ${text}`;
  return { raw, id: bulletId(topic, { raw }) };
}

function topicFile(name: string, type: string, bullets: readonly { readonly raw: string }[]): string {
  return `---\nname: ${name}\ntype: ${type}\ndescription: About ${name}\nmodified: 2026-10-01T00:00:00Z\n---\n${bullets.map(({ raw }) => `${raw}\n`).join('')}`;
}

describe('a dream', () => {
  test('takes what the owner said into the memory, with its source, and counts it as read', async () => {
    await using d = await dreaming();
    d.session('s1', ['Our staging database runs on port 5433.']);
    const result = await once(d);
    expect(result).toMatchObject({ ran: true, failed: false, generation: 1, reason: '1 added (generation 1)' });
    expect(result.report).toMatchObject({ added: [{ text: 'Our staging database runs on port 5433' }], jail: 'none' });
    expect(remembered(d)).toContain('5433 {since: 2026-11-01, src: s1, trust: derived}');
    expect(d.dreams.list(1)).toMatchObject([{ outcome: 'changed', generation: 1, byHand: true }]);
    expect([...d.dreams.files().keys()]).toEqual(['sessions/2026/11/s1.jsonl']);
  });

  test('that finds nothing new says so, and is one that came to its end [DREAM-SAYS-WHY]', async () => {
    await using d = await dreaming();
    sessions(d, 1);
    await once(d);
    expect(await once(d)).toMatchObject({
      ran: true,
      reason: 'nothing new since the last dream',
      changes: [],
      generation: null,
    });
    expect(d.dreams.gateTimes()).toMatchObject({ lastSuccessAtMs: d.clock.wallMs(), failures: 0 });
    d.session('s2', ['Thanks!']);
    expect((await once(d)).reason).toBe('nothing worth changing in 1 new files');
  });

  test('reads only what is new, however much lies there [DREAM-CURSOR]', async () => {
    await using d = await dreaming();
    sessions(d, 12);
    const first = await once(d);
    d.session('s13', ['The office is in Potsdam.']);
    const second = await once(d);
    expect(first.report?.counts.files).toBe(12);
    expect(second.report?.counts).toMatchObject({ files: 1, bytes: d.file('sessions/2026/11/s13.jsonl').length });
  });

  test('waits for its gates, and says which one is shut [DREAM-GATES] [DREAM-SAYS-WHY]', async () => {
    await using d = await dreaming({ options: { idleMs: 0 } });
    sessions(d, 4);
    expect(await once(d, DUE)).toMatchObject({
      ran: false,
      reason: '4 sessions ended since the last dream, 5 are needed',
    });
    sessions(d, 1, 5);
    expect((await once(d, DUE)).reason).toMatch(/looked through .* ago, at most once in 10m/);
    d.clock.jumpWall(600_000);
    expect(await once(d, DUE)).toMatchObject({ ran: true, generation: 1 });
    sessions(d, 6, 6);
    d.clock.jumpWall(24 * HOUR - 60_000);
    expect((await once(d, DUE)).reason).toBe('the last dream was 23h 59m ago, 1d are needed');
    d.clock.jumpWall(60_000);
    expect(await once(d, DUE)).toMatchObject({ ran: true, generation: 2 });
    expect(d.dreamer.gates().map(({ open }) => open)).toEqual([true, false, null, null, null, null, null]);
  });

  test('after the clock was set back by a year the next one is a day away [DREAM-GATES]', async () => {
    await using d = await dreaming({ options: { idleMs: 0, sessionsMin: 0 } });
    await once(d, DUE);
    d.clock.jumpWall(-365 * 24 * HOUR);
    expect((await once(d, DUE)).reason).toBe('the last dream was 0ms ago, 1d are needed');
    d.clock.jumpWall(24 * HOUR);
    expect((await once(d, DUE)).ran).toBe(true);
  });

  test('never runs while another process dreams, also when asked for by hand [DREAM-ONE-AT-A-TIME]', async () => {
    await using d = await dreaming();
    const other = takeLock(d.home, 'dream.lock', 'pid 4711');
    expect(await once(d)).toMatchObject({ ran: false, reason: 'another dream is under way (pid 4711)' });
    if (Symbol.dispose in other) other[Symbol.dispose]();
    const [one, two] = await Promise.all([once(d), once(d)]);
    expect([one.ran, two.ran]).toEqual([true, false]);
    expect(two.reason).toBe('a dream is under way in this process');
  });

  test('that is off does nothing, whoever asks', async () => {
    await using d = await dreaming({ options: { enabled: false } });
    expect(await once(d)).toMatchObject({ ran: false, reason: 'dreams are off (dream.enabled)' });
  });

  test('takes secrets that got into the memory out of it, and puts them nowhere else [DREAM-SECRETS]', async () => {
    await using d = await dreaming();
    const lines = [
      { raw: `- Mail goes out with ${SECRET} {src: s1, trust: derived}` },
      { raw: '- The wiki password is tr0ub4dor {src: s1, trust: derived}' },
      { raw: `- I keep ${SECRET} here myself` },
    ];
    d.write('memory/topics/mail.md', topicFile('mail', 'project', lines));
    const result = await once(d);
    expect(result).toMatchObject({ reason: '2 secrets taken out (generation 1)', rejected: [] });
    expect(d.file('memory/topics/mail.md')).toContain(
      '- Mail goes out with [redacted:TEST] {src: s1, trust: derived}\n- The wiki password is [redacted] {src: s1, trust: derived}\n',
    );
    expect(d.file('memory/topics/mail.md')).toContain(`- I keep ${SECRET} here myself`);
    expect(filesOf(d).filter((path) => path.startsWith('memory/archive/'))).toEqual([]);
    expect(JSON.stringify([result, d.dreams.list(1)])).not.toMatch(/correct-horse|tr0ub4dor/);
    expect((await once(d)).changes).toEqual([]);
  });

  test('rehearsed shows the diff, and writes nothing at all [CLI-DREAM]', async () => {
    await using d = await dreaming();
    sessions(d, 2);
    const before = filesOf(d);
    const result = await once(d, DRY);
    expect(result).toMatchObject({ ran: true, generation: null, failed: false });
    expect(result.diff).toMatch(/\n\+\+\+ b\/topics\/[a-z-]+\.md\n/);
    expect(result.diff).toContain('\n+- Our staging server runs on port 5001 {');
    expect(result.diff).toContain('+++ b/MEMORY.md\n');
    expect(filesOf(d)).toEqual(before);
    expect(d.dreams.list(1)).toEqual([]);
    expect(d.dreams.files().size).toBe(0);
    expect(d.dreams.gateTimes().lastScanAtMs).toBeNull();
  });

  test('tells the owner what speaks against their own words, and leaves these alone', async () => {
    await using d = await dreaming();
    d.write(
      'memory/topics/infrastructure.md',
      topicFile('infrastructure', 'project', [{ raw: '- The staging server runs on port 5433' }]),
    );
    d.session('s1', ['The staging server runs on port 6000 now.']);
    const { report } = await once(d);
    expect(report?.conflicts).toMatchObject([{ yours: 'The staging server runs on port 5433', src: ['s1'] }]);
    expect(d.file('memory/topics/infrastructure.md')).toContain('\n- The staging server runs on port 5433\n');
    const lines = d.database.statement("SELECT text FROM journal WHERE kind = 'dream'").all<{ text: string }>();
    expect(lines.map(({ text }) => text).join('\n')).toContain(
      'you wrote "The staging server runs on port 5433", s1 says',
    );
  });
});

describe('a worker that was taken over', () => {
  const bullets = ['one', 'two', 'three', 'four', 'five'].map((word) =>
    fact('servers', `Server ${word} is up {src: s1, trust: derived}`),
  );
  const mine = fact('me', 'I like tabs');
  const done = JSON.stringify({
    kind: 'done',
    report: { files: 1, bytes: 1, items: 1, skipped: 0, left: 0, rssMaxMb: 1, notes: [] },
  });
  const sources = JSON.stringify({
    kind: 'sources',
    sources: [
      { id: 's1', trusts: ['owner'] },
      { id: 'e1', trusts: ['outside'] },
    ],
  });
  const good = { kind: 'add', topic: 'servers', type: 'project', text: 'A good one', src: ['s1'], trust: 'derived' };

  async function poisoned(lines: readonly string[], more: DreamingOptions = {}): Promise<Dreaming> {
    const d = await dreaming({ ...more, ports: { module: scripted, ...more.ports } });
    d.write('memory/topics/servers.md', topicFile('servers', 'project', bullets));
    d.write('memory/topics/me.md', topicFile('me', 'user', [mine]));
    d.write('memory/script.txt', lines.join('\n'));
    d.session('s1', ['Hello.']);
    return d;
  }

  test('gets nothing past the daemon: what breaks a rule is rejected with its reason, the rest is done [DREAM-VALIDATOR]', async () => {
    const operations = [
      ...bullets
        .slice(0, 3)
        .map(({ id }) => ({ kind: 'archive', topic: 'servers', bullet: id, reason: 'sixty per cent' })),
      { kind: 'archive', topic: 'me', bullet: mine.id, reason: 'not yours' },
      { ...good, topic: '../../.ssh/authorized_keys', text: 'out' },
      { ...good, topic: 'me', type: 'user', trust: 'outside', src: ['e1'], text: 'The owner trusts strangers' },
      { ...good, src: ['s999'], text: 'Made up' },
      { ...good, text: `The password is ${SECRET}` },
      { kind: 'describe', topic: 'servers', description: 'x'.repeat(2_001) },
      { kind: 'write-file', path: '/etc/passwd' },
      { ...good, trust: 'owner', text: 'The owner said' },
      good,
    ];
    await using d = await poisoned([JSON.stringify({ kind: 'operations', operations }), sources, done]);
    const result = await once(d);
    expect(result).toMatchObject({
      ran: true,
      failed: false,
      reason: '1 added, 1 topics held back, 8 rejected (generation 1)',
    });
    expect(result.report?.held).toMatchObject([{ topic: 'servers', operations: 3 }]);
    expect(result.report?.rejected.map(({ reason }) => reason.slice(0, 30))).toHaveLength(8);
    const text = d.file('memory/topics/servers.md');
    for (const { raw } of bullets) expect(text).toContain(raw);
    expect(text).toContain('- A good one {src: s1, trust: derived}');
    expect(d.file('memory/topics/me.md')).toBe(topicFile('me', 'user', [mine]));
    expect(JSON.stringify(d.dreams.list(1))).not.toContain(SECRET);
  });

  const operation = (text: string) => JSON.stringify({ kind: 'operations', operations: [{ ...good, text }] });
  test.each<[string, string[], RegExp]>([
    ['says something else', ['hello'], /no message/],
    ['says an unknown message', ['{"kind":"run","command":"rm"}'], /no message/],
    ['says a line of 10 MB', [`"${'x'.repeat(10_000_000)}"`], /more than it may/],
    ['never stops talking', ['flood'], /more than it may/],
    [
      'proposes too much',
      Array.from({ length: 2_001 }, (_, index) => operation(`Fact ${index}`)),
      /at most 2000 operations/,
    ],
    [
      'proposes more than 1 MiB',
      Array.from({ length: 900 }, (_, index) => operation(`${index} ${'x'.repeat(1_500)}`)),
      /1048576 bytes/,
    ],
    ['goes on after its end', [done, sources], /went on after it was done/],
    [
      'asks twice at a time',
      [
        '{"kind":"ask","id":1,"group":{"topic":"","facts":[{"id":"f1","text":"a"},{"id":"f2","text":"b"}]}}',
        '{"kind":"ask","id":2,"group":{"topic":"","facts":[{"id":"f1","text":"a"},{"id":"f2","text":"b"}]}}',
        'hang',
      ],
      /asked twice/,
    ],
    ['dies', [operation('x'), 'die'], /ended before it was done \(exit code 3\)/],
    ['is done without a word', [], /ended before it was done \(exit code 0\)/],
  ])('and that %s is ended, and nothing is applied [DREAM-VALIDATOR]', async (_what, lines, reason) => {
    // A model that never answers keeps the first question open.
    const model: ModelPort = {
      ask: (_question, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'refused', reason: 'over' }))),
      askedToday: () => 0,
    };
    await using d = await poisoned(lines, { ports: { model: () => model } });
    const result = await once(d);
    expect(result).toMatchObject({ ran: true, failed: true, generation: null });
    expect(result.reason).toMatch(reason);
    expect(d.file('memory/topics/servers.md')).toBe(topicFile('servers', 'project', bullets));
    expect(d.dreams.files().size).toBe(0);
  });

  test('that hangs is ended at the deadline, whatever it thinks of SIGTERM', async () => {
    await using d = await poisoned(['hang'], { options: { deadlineMs: 600 } });
    expect(await once(d)).toMatchObject({ failed: true, reason: 'the worker took too long' });
  });

  test('is stopped with the daemon, which is no failure', async () => {
    await using d = await poisoned(['{"kind":"progress","phase":"gather","done":1,"total":9}', 'hang']);
    const stop = new AbortController();
    const ended = d.dreamer.once(NOW, stop.signal);
    while (d.dreamer.progress()?.phase !== 'gather') await new Promise((resolve) => setTimeout(resolve, 5));
    expect(d.dreamer.progress()).toMatchObject({ phase: 'gather', done: 1, total: 9 });
    stop.abort();
    expect(await ended).toMatchObject({ ran: true, failed: false, reason: 'it was stopped' });
    expect(d.dreams.gateTimes()).toMatchObject({ failures: 0, lastSuccessAtMs: null });
    expect(d.dreamer.progress()).toBeUndefined();
  });
});

describe('a dream that fails', () => {
  test('is tried again after an hour, then two, then not by itself; by hand at once [DREAM-NO-RETRY-STORM]', async () => {
    const broken = { is: true };
    const stale = () => (broken.is ? Promise.reject(new Error('out of order')) : Promise.resolve([]));
    await using d = await dreaming({ options: { idleMs: 0, sessionsMin: 0 }, ports: { stale } });
    expect(await once(d, DUE)).toMatchObject({ ran: true, failed: true, reason: 'out of order' });
    d.clock.jumpWall(HOUR - 1);
    expect((await once(d, DUE)).reason).toMatch(/the last dream failed 1h ago; the next try is 1h after it/);
    d.clock.jumpWall(1);
    expect((await once(d, DUE)).failed).toBe(true);
    d.clock.jumpWall(2 * HOUR);
    expect((await once(d, DUE)).failed).toBe(true);
    d.clock.jumpWall(1_000 * HOUR);
    expect((await once(d, DUE)).reason).toMatch(/^3 dreams in a row failed: none begins by itself any more/);
    broken.is = false;
    expect((await once(d, DUE)).ran).toBe(false);
    expect(await once(d, NOW)).toMatchObject({ ran: true, failed: false });
    expect(d.dreams.gateTimes()).toMatchObject({ failures: 0, lastSuccessAtMs: d.clock.wallMs() });
  });

  test('reads the same again the next time', async () => {
    let broken = true;
    const ports: Partial<DreamPorts> = { stale: () => (broken ? Promise.reject(new Error('x')) : Promise.resolve([])) };
    await using d = await dreaming({ ports });
    sessions(d, 3);
    await once(d);
    broken = false;
    expect((await once(d)).report?.counts.files).toBe(3);
  });

  test('one whose process died counts as a failure at the next start', async () => {
    await using d = await dreaming();
    await d.dreams.begin(false, d.clock.wallMs());
    expect(await d.dreams.closeLost(d.clock.wallMs())).toBe(1);
    expect(d.dreams.gateTimes()).toMatchObject({ failures: 1 });
  });

  test('whose change is finished only later has read what it read: both are one transaction [DREAM-CURSOR]', async () => {
    let isBroken = true;
    const step = (name: string): void => {
      if (isBroken && name === 'flushed') throw new Error('the disk is gone');
    };
    await using d = await dreaming({ memory: { step } });
    sessions(d, 2);
    expect(await once(d)).toMatchObject({ failed: true, reason: 'the disk is gone' });
    expect(d.dreams.files().size).toBe(0);
    isBroken = false;
    // As the next start does, or the next write.
    await d.memory.look();
    expect(d.dreams.list(1)).toMatchObject([{ outcome: 'changed', generation: 1 }]);
    expect(d.dreams.files().size).toBe(2);
    expect((await once(d)).reason).toBe('nothing new since the last dream');
  });
});

describe('a model in a dream', () => {
  const said = [
    'Our nightly backup goes to the bucket vault on port 9000.',
    'The nightly backup is sent to the vault bucket.',
  ];

  function answering(answer: (text: string) => string, asked: string[] = []): ModelPort {
    return {
      ask(question) {
        asked.push(question.text);
        return Promise.resolve({ kind: 'text', text: answer(question.text), tokens: 120, microUsd: 50 });
      },
      askedToday: () => asked.length,
    };
  }

  test('is asked only when there is something new: a night without costs nothing [DREAM-METERED]', async () => {
    const asked: string[] = [];
    await using d = await dreaming({ ports: { model: () => answering(() => '{}', asked) } });
    expect((await once(d)).report?.model).toMatchObject({ questions: 0, tokens: 0, microUsd: 0 });
    d.session('s1', said);
    await once(d);
    const count = asked.length;
    expect((await once(d)).report?.model.tokens).toBe(0);
    expect(asked).toHaveLength(count);
  });

  test('settles what the rules leave standing, with words that were said, and is counted [DREAM-METERED]', async () => {
    const asked: string[] = [];
    const model = answering(() => '{"same":[{"keep":"f1","drop":["f2"]}]}', asked);
    await using d = await dreaming({ ports: { model: () => model } });
    d.session('s1', [
      'The billing service sends its invoices through Stripe.',
      'Invoices are what the billing service sends.',
    ]);
    const { report } = await once(d);
    expect(asked).toHaveLength(1);
    expect(report?.model).toEqual({ questions: 1, tokens: 120, microUsd: 50, stopped: '' });
    expect(report?.added.map(({ text }) => text)).toEqual(['The billing service sends its invoices through Stripe']);
  });

  test('that has no money left, or breaks, is done without, and the report says so [DREAM-METERED]', async () => {
    const model: ModelPort = {
      ask: () => Promise.resolve({ kind: 'refused', reason: "today's budget is spent" }),
      askedToday: () => 0,
    };
    await using d = await dreaming({ ports: { model: () => model } });
    d.session('s1', [
      'The billing service sends its invoices through Stripe.',
      'Invoices are what the billing service sends.',
    ]);
    const { report } = await once(d);
    expect(report?.added).toHaveLength(2);
    expect(report?.model).toEqual({ questions: 0, tokens: 0, microUsd: 0, stopped: "today's budget is spent" });
    expect(report?.notes.at(-1)).toBe('the model was asked about 0 of 1 groups; the rest was done by rules alone');
  });
});
