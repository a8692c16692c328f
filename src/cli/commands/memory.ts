import { InvalidArgumentError, type Command } from 'commander';
import { KairosError } from '../../core/errors.ts';
import { bulletId, isOwners, type Bullet } from '../../memory/bullet.ts';
import type { Manifest } from '../../memory/generations.ts';
import { readDiff, readHistory } from '../../memory/history.ts';
import type { RollbackResult } from '../../memory/store.ts';
import { bulletsOf, type Topic } from '../../memory/topic.ts';
import { pathOf, type MemoryProblem } from '../../memory/tree.ts';
import type { Cli } from '../cli.ts';
import { findClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { readLimit, shortTime } from '../list.ts';
import { openReading, redactorOf, withMemory, type MemoryReading } from '../memory-home.ts';
import { defineSearch } from '../memory-search.ts';
import { defineVerify } from '../memory-verify.ts';
import { plainBlock } from '../plain-block.ts';
import { sinceMsOf, sinceOption } from '../since.ts';
import { renderTable, type Column } from '../table.ts';

/** A fact as it is shown. */
interface FactView extends Pick<Bullet, 'text' | 'since' | 'src' | 'trust' | 'until' | 'by'> {
  readonly id: string;
  /** The owner's own: kairosd leaves it as it is. */
  readonly owners: boolean;
  /** Why its claim no longer holds; null: it does, or nobody looked. */
  readonly stale: string | null;
}

interface TopicView extends Pick<Topic, 'name' | 'type' | 'description' | 'modified' | 'problems'> {
  readonly path: string;
  readonly facts: readonly FactView[];
  /** What is no longer so. */
  readonly archived: readonly FactView[];
}

/** What is remembered: read from the files, so that it works with and without a daemon. */
export function define(command: Command, act: Act): void {
  command.description(
    'What kairosd remembers: files under memory/ that you may edit at any time. Showing works without a running daemon.',
  );
  withExamples(
    command,
    'kairos memory',
    'kairos memory show build',
    'kairos memory history',
    'kairos memory diff 12',
    'kairos memory rollback 12',
  ).action(act((cli) => showAll(cli)));
  const show = command
    .command('show')
    .description('Show the index, or one topic.')
    .argument('[topic]', 'such as build');
  withExamples(show, 'kairos memory show', 'kairos memory show build').action(
    act((cli, [topic]) => (topic === undefined ? showAll(cli) : showTopic(cli, topic))),
  );
  defineSearch(command, act);
  defineVerify(command, act);
  const history = command
    .command('history')
    .description('List what changed the memory, newest first.')
    .option('--limit <count>', 'how many, 1 to 500', readLimit, 20);
  sinceOption(history, 'changes');
  withExamples(history, 'kairos memory history --limit 5').action(
    act<{ limit: number; since?: number }>((cli, _operands, { limit, since }) =>
      showHistory(cli, limit, sinceMsOf(since, cli.nowMs())),
    ),
  );
  const diff = command
    .command('diff')
    .description('Show what a generation changed.')
    .argument('[generation]', 'its number; default: the newest', readGeneration);
  withExamples(diff, 'kairos memory diff', 'kairos memory diff 12').action(
    act((cli, [generation]) => showDiff(cli, generation)),
  );
  const rollback = command
    .command('rollback')
    .description('Put back what a generation, and all after it, replaced. What you edited since stays.')
    .argument('<generation>', 'its number, as in the history', readGeneration);
  withExamples(rollback, 'kairos memory rollback 12').action(
    act((cli, [generation = '']) => rollBack(cli, generation)),
  );
}

async function showAll(cli: Cli): Promise<void> {
  const reading = openReading(cli.home);
  const memory = await reading.read();
  const topics = memory.topics.map((topic) => viewOf(topic, undefined, reading));
  const document = redacted(cli, { index: memory.index, topics, problems: memory.problems });
  cli.print(document, () => {
    if (document.topics.length === 0 && document.index === '') return 'Nothing is remembered yet.';
    const text = renderTable(document.topics, columns(cli), cli);
    return [text, ...document.problems.map((problem) => renderProblem(cli, problem))].join('\n');
  });
}

async function showTopic(cli: Cli, name: string): Promise<void> {
  const reading = openReading(cli.home);
  const memory = await reading.read();
  const topic = memory.topics.find((each) => each.name === name);
  if (topic === undefined) {
    const problem = memory.problems.find(({ path }) => path === pathOf('topics', name));
    const names = memory.topics.map((each) => each.name).join(', ') || 'none';
    throw new KairosError(
      'NOT_FOUND',
      problem === undefined
        ? `there is no topic ${JSON.stringify(name.slice(0, 80))}; there are: ${names}`
        : `memory/${problem.path} ${problem.problem}`,
    );
  }
  const archive = memory.archive.find((each) => each.name === name);
  const text = memory.files.get(pathOf('topics', name))?.text ?? '';
  const document = redacted(cli, { ...viewOf(topic, archive, reading), text });
  cli.print(document, () => {
    const stale = document.facts.filter((fact) => fact.stale !== null);
    const marks = stale.map((fact) => cli.paint.warn(plainBlock(`stale: ${fact.text} (${fact.stale ?? ''})`)));
    const archived = document.archived.length === 0 ? [] : [cli.paint.dim(`${document.archived.length} archived`)];
    return [plainBlock(document.text).trimEnd(), ...marks, ...archived].join('\n');
  });
}

async function showHistory(cli: Cli, limit: number, sinceMs: number): Promise<void> {
  const { directory, ledger } = openReading(cli.home);
  const kept = (await readHistory(directory, limit, ledger)).filter(({ at }) => Date.parse(at) >= sinceMs);
  const items = redacted(cli, kept);
  cli.print({ items, next: null }, () =>
    items.length === 0 ? 'Nothing has changed the memory yet.' : renderTable(items, HISTORY, cli),
  );
}

async function showDiff(cli: Cli, word: string | undefined): Promise<void> {
  const { directory, ledger } = openReading(cli.home);
  const { manifest, diff } = await readDiff(directory, word === undefined ? undefined : Number(word), ledger);
  const document = redacted(cli, { ...manifest, diff });
  cli.print(document, () => {
    const { paint } = cli;
    const head = `Generation ${document.generation}, ${shortTime(document.at)}, ${document.author}: ${document.reason}`;
    const lines = document.diff.split('\n').map((line) => {
      const plain = plainBlock(line);
      if (line.startsWith('+')) return paint.good(plain);
      return line.startsWith('-') ? paint.bad(plain) : plain;
    });
    return [paint.dim(plainBlock(head)), ...lines].join('\n');
  });
}

async function rollBack(cli: Cli, word: string): Promise<void> {
  const generation = Number(word);
  const client = findClient(cli.home, cli.env);
  const result =
    client === undefined
      ? await withMemory(cli, (memory) => memory.rollback(generation))
      : await client.post<RollbackResult>('/api/memory/rollback', { generation });
  cli.print(result, () => {
    const done =
      result.generation === null
        ? 'Nothing was to be put back.'
        : `Put back ${result.restored.join(', ')}. Take that back with: ${cli.command} memory rollback ${result.generation}`;
    return [done, ...result.held.map(({ path, why }) => cli.paint.warn(`memory/${path} stays: ${why}`))].join('\n');
  });
}

/** commander hands texts on; what is no number is said here. */
function readGeneration(text: string): string {
  if (/^[1-9]\d{0,9}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected the number of a generation, as in `kairos memory history`.');
}

function viewOf(topic: Topic, archive: Topic | undefined, { stale }: MemoryReading): TopicView {
  const facts = (each: Topic): FactView[] =>
    bulletsOf(each).map(({ text, since, src, trust, until, by, raw }) => {
      const id = bulletId(topic.name, { raw });
      const mark = stale.find((one) => one.topic === topic.name && one.bullet === id);
      return { id, text, since, src, trust, until, by, owners: isOwners({ src, trust }), stale: mark?.reason ?? null };
    });
  const { name, type, description, modified, problems } = topic;
  const archived = archive === undefined ? [] : facts(archive);
  return { name, type, description, modified, problems, path: pathOf('topics', name), facts: facts(topic), archived };
}

function columns({ paint }: Cli): readonly Column<TopicView>[] {
  return [
    { title: 'TYPE', text: ({ type }) => type },
    { title: 'TOPIC', text: ({ name }) => name },
    { title: 'FACTS', text: ({ facts }) => String(facts.length) },
    {
      title: 'STALE',
      text: ({ facts }) => String(facts.filter(({ stale }) => stale !== null).length),
      paint: ({ facts }) => (facts.some(({ stale }) => stale !== null) ? paint.warn : paint.dim),
    },
    { title: 'CHANGED', text: ({ modified }) => (modified === '' ? '–' : shortTime(modified)) },
    { title: 'ABOUT', text: ({ description }) => description },
  ];
}

const HISTORY: readonly Column<Manifest>[] = [
  { title: 'NO', text: ({ generation }) => String(generation) },
  { title: 'WHEN', text: ({ at }) => shortTime(at) },
  { title: 'BY', text: ({ author }) => author },
  { title: 'FILES', text: ({ files }) => String(Object.keys(files).length) },
  { title: 'WHAT', text: ({ reason }) => reason },
];

function renderProblem({ paint }: Cli, { path, problem }: MemoryProblem): string {
  return paint.warn(plainBlock(`memory/${path} ${problem}`));
}

/** Whatever a file holds, no secret of this home is printed. */
function redacted<T>(cli: Cli, document: T): T {
  const redact = redactorOf(cli);
  const inside = (value: unknown): unknown => {
    if (typeof value === 'string') return redact(value);
    if (Array.isArray(value)) return value.map(inside);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inside(each)]));
  };
  return inside(document) as T;
}
