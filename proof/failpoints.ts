import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STEPS, type StepName } from '../src/core/ports.ts';
import { startMessagesServer } from '../test/fakes/messages-server.ts';
import { noRedis } from '../test/fakes/redis.ts';
import { makeRepository, readAgent, readTranscripts } from './lib/agent-box.ts';
import { checkMoney, checkRequests, checkTranscripts } from './lib/agent-checks.ts';
import { makeHome } from './lib/daemon.ts';
import { readLedger, readLogLines, type MessageFact } from './lib/facts.ts';
import { startReceiver, type Receipt } from './lib/receiver.ts';
import { equal, none, type CampaignOptions, type Check, type Report } from './lib/report.ts';
import { createDice } from './lib/seed.ts';
import { Day, dayModel, FACTS, layOutHome, OWNERS_LINE, PEACE, RATE, type Promised } from './lib/step-day.ts';
import { openStepWorld } from './lib/step-world.ts';

/** Steps that only a start after a crash passes: where the process before it is killed. */
const AFTER: Partial<Record<StepName, StepName>> = { 'job.taken-back': 'rules.claimed' };

/** Whether a step is only passed where there is a Redis. */
export function isRemote(name: StepName): boolean {
  return name.startsWith('remote.');
}

/** A kill at each step, the first time it is passed and at a random later time; in a quick run at a few of them, once. */
export async function proveFailpoints(options: CampaignOptions): Promise<Report> {
  const dice = createDice(options.seed);
  const whole = await oneDay([], options);
  const passed = { ...whole.hits, ...(await oneDay([{ step: 'rules.claimed', hit: 1 }], options)).hits };
  const missing = noRedis();
  const all = Object.keys(STEPS) as StepName[];
  const names = missing === undefined ? all : all.filter((name) => !isRemote(name));
  const walked = options.quick ? pickSome(names, dice.between(0, names.length - 1)) : names;
  const checks: Check[] = [
    none(
      'the day passes every step',
      names.filter((name) => (passed[name] ?? 0) === 0),
      `${names.length} steps, ${Object.values(whole.hits).reduce((sum, count) => sum + count, 0)} times`,
    ),
    ...broken('without a kill', whole.checks),
  ];
  let days = 0;
  for (const step of walked) {
    const later = dice.between(2, Math.max(2, passed[step] ?? 0));
    const isOften = (whole.hits[step] ?? 0) > 1;
    for (const hit of !options.quick && isOften ? [1, later] : [1]) {
      const first = AFTER[step];
      const arms =
        first === undefined
          ? [{ step, hit }]
          : [
              { step: first, hit: 1 },
              { step, hit },
            ];
      const day = await oneDay(arms, options);
      days += 1;
      checks.push(...broken(`${step}:${hit}`, day.checks));
      if (hit === 1 && !day.promised.ends.some((end) => end !== '0'))
        checks.push(none(`${step}:${hit} kills`, ['it was not passed']));
    }
    options.say(step);
  }
  checks.push({
    name: 'every promise is kept at every step',
    ok: checks.every(({ ok }) => ok),
    detail: `${days} kills`,
  });
  const figures = { steps: names.length, kills: days, 'times each is passed': JSON.stringify(whole.hits) };
  return {
    checks,
    figures: missing === undefined ? figures : { ...figures, 'left out: work on other hosts': missing },
  };
}

/** Only what is worth a line. */
function broken(where: string, checks: readonly Check[]): Check[] {
  return checks.filter(({ ok }) => !ok).map((check) => ({ ...check, name: `${where}: ${check.name}` }));
}

/** Six steps, evenly spread from somewhere on. */
function pickSome(names: readonly StepName[], from: number): StepName[] {
  const gap = Math.floor(names.length / 6);
  return Array.from({ length: 6 }, (_, index) => names[(from + index * gap) % names.length] as StepName);
}

interface OneDay {
  readonly checks: readonly Check[];
  readonly hits: Partial<Record<StepName, number>>;
  readonly promised: Promised;
}

/** A whole day over a home of its own, and whether every promise was kept at its end. */
export async function oneDay(
  arms: readonly { readonly step: StepName; readonly hit: number }[],
  { keep }: Pick<CampaignOptions, 'keep'>,
): Promise<OneDay> {
  await using server = await startMessagesServer((received) => dayModel(received));
  await using receiver = await startReceiver();
  const under = existsSync('/dev/shm') ? { under: '/dev/shm' } : {};
  using home = makeHome({}, { keep, ...under });
  using place = makeHome({}, { keep, ...under });
  const long = Array.from({ length: 120 }, (_, line) => `line ${line} of a long file that nobody needs`).join('\n');
  const repository = makeRepository(join(place.path, 'shop'), { 'README.md': '# shop\n', 'LONG.md': `${long}\n` });
  const hits = join(place.path, 'hits.json');
  const sinceMs = Date.now();
  const ran = join(place.path, 'ran.txt');
  await using world = await openStepWorld({ rate: RATE, sinceMs, ran, directory: place.path });
  const given = {
    home: home.path,
    repository,
    model: server.url,
    channel: receiver.url,
    world,
    sinceMs,
    arms,
    hits,
  };
  layOutHome(given);
  const promised = await new Day(given).live();
  const checks = [
    equal('the last process ends cleanly', promised.ends.at(-1), '0'),
    ...checkLedger(home.path, promised, receiver.receipts),
    ...checkFiles(home.path, repository, promised, factsOf(home.path, existsSync(`${hits}.edited`))),
    ...checkTranscripts(
      readAgent(home.path),
      readTranscripts(home.path).filter(({ path }) => !path.includes('/old')),
    ),
    ...checkMoney(readAgent(home.path), server.requests),
    ...checkRequests(server.requests),
    ...world.check(home.path),
  ];
  return { checks, hits: existsSync(hits) ? (JSON.parse(readFileSync(hits, 'utf8')) as OneDay['hits']) : {}, promised };
}

function checkLedger(home: string, { deliveries, said }: Promised, receipts: readonly Receipt[]): Check[] {
  const { events, jobs, joined, messages, integrity } = readLedger(home);
  const agent = readAgent(home);
  const idsOf = (name: string): string[] =>
    events.filter(({ delivery }) => delivery === name).map(({ id }) => `e${id}`);
  const taken = new Set(receipts.filter(({ answered }) => answered === 200).map(({ key }) => key));
  const lines = readLogLines(home);
  // An answer goes to the chat where it was asked for.
  const sourceOf = new Map(events.map(({ id, source }) => [id, source]));
  const askedIn = new Map(jobs.map((job) => [job.id, sourceOf.get(job.event_id ?? 0) ?? '']));
  const isForChat = ({ kind, job_id: job }: MessageFact): boolean =>
    kind === 'reactive' && ['telegram', 'slack'].includes(askedIn.get(job ?? 0) ?? '');
  const replies = (event: string) =>
    receipts.filter(({ message }) => message.replyTo === event && !message.topic.startsWith('approval'));
  return [
    equal('the ledger is whole', integrity, 'ok'),
    none(
      'every delivery that was answered is one event, under the id that was told',
      deliveries.filter(({ delivery, id }) => idsOf(delivery.id).join() !== id),
    ),
    none(
      'every event has the jobs that match it',
      deliveries.filter(({ id, delivery: { event } }) => {
        const mine = jobs.filter((job) => `e${job.event_id}` === id).map((job) => job.origin);
        for (const row of joined)
          if (`e${row.event_id}` === id) mine.push(jobs.find((job) => job.id === row.job_id)?.origin ?? '');
        const wanted = event === 'push' ? 'log-push,tell-push' : 'tell-star';
        return mine.toSorted().join() !== wanted;
      }),
    ),
    none(
      'every job has ended well',
      jobs.filter(({ state, kind }) => state !== 'succeeded' && kind !== 'notify'),
    ),
    none(
      'what is logged is logged once',
      jobs
        .filter(({ kind }) => kind === 'log')
        .filter((job) => lines.filter((line) => line.startsWith(`log [e${job.event_id}] `)).length !== 1),
    ),
    none(
      'every notification has one message',
      jobs
        .filter(({ kind, state }) => kind === 'notify' && state === 'succeeded')
        .filter((job) => messages.filter((one) => one.job_id === job.id).length !== 1),
    ),
    none(
      'every message that was let go arrived',
      messages.filter((one) => one.state === 'sent' && !taken.has(one.idempotency_key) && !isForChat(one)),
    ),
    none(
      'no message under two keys, no key with two texts',
      receipts.filter((one) =>
        receipts.some(
          (other) =>
            (other.key === one.key) !== (other.message.id === one.message.id) ||
            (other.key === one.key && other.body !== one.body),
        ),
      ),
    ),
    none(
      'everything said has one answer',
      said.filter(({ event }) => new Set(replies(event).map(({ key }) => key)).size !== 1),
    ),
    none(
      'no call is left begun, and none happened twice',
      agent.calls.filter((call) => call.ended_at === null),
    ),
  ];
}

/** Memory whole, nothing of the owner's lost, nothing half written left lying about. */
/** What the model was told to be kept, and what the owner wrote. A call that was cut off is told as such. */
function factsOf(home: string, edited: boolean): string[] {
  const results = readAgent(home).items.filter(
    ({ item }) => item.kind === 'tool_result' && item.text.startsWith('Kept in'),
  );
  const kept = results.map(({ item }) => FACTS[Number(/^toolu_(\d+)_/.exec(item.callId ?? '')?.[1])] ?? '');
  return [...kept.map((fact) => `- ${fact}`), PEACE, ...(edited ? [OWNERS_LINE] : [])];
}

function checkFiles(home: string, repository: string, { undone }: Promised, facts: readonly string[]): Check[] {
  const all = [home, repository].flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('/.git'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const topic = readFileSync(join(home, 'memory/topics/shop.md'), 'utf8');
  const newest = Math.max(...all.map((path) => Number(/generations\/(\d+)\//.exec(path)?.[1] ?? 0)));
  const calls = existsSync(join(repository, 'log.txt'))
    ? readFileSync(join(repository, 'log.txt'), 'utf8').split('\n')
    : [];
  return [
    none(
      'nothing half written is left',
      all.filter((path) => {
        // What the newest generation replaced stays aside, in case an editor still has it open.
        const [, generation, kind] = /generations\/(\d+)\/(new|moved|undo)\//.exec(path) ?? [];
        return (
          /\.(part|tmp)$/.test(path) || (kind !== undefined && (kind !== 'moved' || Number(generation) !== newest))
        );
      }),
    ),
    none(
      'memory holds what was remembered and what the owner wrote, once',
      facts.filter((fact) => topic.split(fact).length !== 2),
    ),
    none(
      'what was allowed was done at most once',
      calls.filter((line, index) => line !== '' && calls.indexOf(line) !== index),
    ),
    none(
      'what was undone is gone',
      all.filter((path) => path.endsWith(`made-${undone}.txt`)),
    ),
  ];
}
