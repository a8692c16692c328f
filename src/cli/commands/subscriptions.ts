import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { KairosError } from '../../core/errors.ts';
import type { Subscription } from '../../subscriptions/options.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { renderTable, type Column } from '../table.ts';
import type { Cli } from '../cli.ts';
import { readLimit, shortTime, type Listing } from '../list.ts';
import { plainBlock } from '../plain-block.ts';
import { sinceMsOf, sinceOption } from '../since.ts';

interface TestOptions {
  readonly test?: string;
  readonly event?: string;
  readonly source: string;
  readonly limit: number;
  readonly since?: number;
}

type Row = Subscription & { readonly id: string };

/** One issue or pull request that is followed until it closes. */
interface FollowRow {
  readonly kind: 'follow';
  readonly ref: string;
  readonly title: string;
  readonly by: string;
  readonly since: string;
}

const FOLLOW_COLUMNS: readonly Column<FollowRow>[] = [
  { title: 'FOLLOW', text: (row) => row.ref },
  { title: 'SINCE', text: (row) => shortTime(row.since) },
  { title: 'BY', text: (row) => row.by },
  { title: 'TITLE', text: (row) => plainBlock(row.title) || '–' },
];

const LIMIT_DEFAULT = 100;
const BODY_BYTES_MAX = 26_214_400;

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', text: (row) => row.name },
  { title: 'SOURCE', text: (row) => row.source },
  { title: 'EVENT', text: (row) => [listed(row.event), listed(row.action)].filter(Boolean).join(' ') || 'any' },
  { title: 'DO', text: (row) => (row.urgent ? `${row.do} (urgent)` : row.do) },
  { title: 'WHERE', text: (row) => conditionsOf(row) || '–' },
];

export function define(command: Command, act: Act): void {
  command
    .description(
      'List the subscriptions the daemon works with; or show what a payload would lead to (works without a daemon).',
    )
    .option(
      '--test <file>',
      'a JSON payload (- for standard input): show which subscriptions match, and record nothing',
    )
    .option('--event <type>', 'its event type, such as push (with --test)')
    .option('--source <name>', 'the source it would come from (with --test)', 'github')
    .option('--limit <count>', 'how many of each, 1 to 500', readLimit, LIMIT_DEFAULT);
  sinceOption(command, 'what is followed');
  withExamples(command, 'kairos subscriptions', 'kairos subscriptions --test payload.json --event workflow_run').action(
    act<TestOptions>(async (cli, _operands, options) => {
      if (options.test === undefined) await showSubscriptions(cli, options);
      else await tryPayload(cli, options.test, options);
    }),
  );
}

async function showSubscriptions(cli: Cli, { limit, since }: TestOptions): Promise<void> {
  const client = openClient(cli.home, cli.env);
  const [all, followed] = await Promise.all([
    client.get<Listing<Row>>('/api/subscriptions'),
    client.get<Listing<FollowRow>>('/api/follows'),
  ]);
  // What is configured has no beginning: --since asks for what was begun by hand.
  const items = since === undefined ? all.items.slice(0, limit) : [];
  const sinceMs = sinceMsOf(since, cli.nowMs());
  const follows = followed.items.filter((row) => Date.parse(row.since) >= sinceMs).slice(0, limit);
  cli.print({ ...all, items, follows }, () => {
    const tables = [
      items.length > 0 ? renderTable(items, COLUMNS, cli) : '',
      follows.length > 0 ? renderTable(follows, FOLLOW_COLUMNS, cli) : '',
    ].filter(Boolean);
    const none =
      since === undefined ? 'None: add some under subscriptions: in config.yaml.' : 'Nothing is followed since then.';
    return tables.length === 0 ? none : tables.join('\n\n');
  });
}

async function tryPayload(cli: Cli, file: string, { event: type, source: name }: TestOptions): Promise<void> {
  const [{ loadConfig }, { interpret }, { compileSubscriptions }] = await Promise.all([
    import('../../daemon/config.ts'),
    import('../../webhooks/interpret.ts'),
    import('../../subscriptions/match.ts'),
  ]);
  const config = loadConfig(cli.home, cli.env);
  // Without `sources:` there is github, as soon as its secret is.
  const sources = config.sources ?? [{ name: 'github', kind: 'github' as const, trust: 'outside' as const }];
  const source = sources.find((each) => each.name === name);
  if (source === undefined) {
    const names = sources.map((each) => each.name).join(', ') || 'none is';
    throw new KairosError(
      'SOURCE_UNKNOWN',
      `expected --source to name a configured source (${names}), got ${JSON.stringify(name.slice(0, 80))}`,
    );
  }
  if (type === undefined && /^(github|gitlab)$/.test(source.kind)) {
    throw new KairosError(
      'INPUT_INVALID',
      'expected --event TYPE such as --event push: the type of such a delivery is in its header',
    );
  }
  const headers = {
    'content-type': 'application/json',
    'x-github-event': type,
    'x-gitlab-event': type,
    'x-event-type': type,
  };
  const read = interpret(
    { kind: source.kind, source: name, trust: source.trust, receivedAtMs: cli.nowMs(), headers, body: readBody(file) },
    compileSubscriptions(config.subscriptions),
  );
  if (!read.parsed)
    throw new KairosError('INPUT_INVALID', `expected JSON in ${file}, got something that does not parse`);
  const found = { event: { source: name, type: read.type, action: read.action }, jobs: read.jobs };
  cli.print(found, () => {
    const event = [read.type, read.action].filter(Boolean).join(' ');
    if (read.jobs.length === 0) return `${name} ${event}: none of ${config.subscriptions.length} subscriptions match.`;
    const columns: Column<(typeof read.jobs)[number]>[] = [
      { title: 'SUBSCRIPTION', text: (job) => job.origin },
      { title: 'DO', text: (job) => (job.urgent ? `${job.kind} (urgent)` : job.kind) },
      { title: 'TOPIC', text: (job) => job.topic },
      { title: 'TEXT', text: (job) => job.text || '–' },
    ];
    return `${name} ${event} leads to:\n\n${renderTable(read.jobs, columns, cli)}`;
  });
}

function readBody(file: string): Buffer {
  try {
    const body = readFileSync(file === '-' ? 0 : file);
    if (body.length <= BODY_BYTES_MAX) return body;
  } catch (error) {
    throw new KairosError('INPUT_INVALID', `expected a file with a JSON payload, but ${file} can't be read`, {}, error);
  }
  throw new KairosError('BODY_TOO_LARGE', `${file} is larger than any delivery`);
}

function listed(value: string | readonly string[] | undefined): string {
  return value === undefined || typeof value === 'string' ? (value ?? '') : value.join('|');
}

function conditionsOf(row: Row): string {
  const { repository, author, where = {} } = row;
  const own = [
    repository === undefined ? '' : `repository ${listed(repository)}`,
    author === undefined ? '' : `author ${listed(author)}`,
  ];
  return [...own, ...Object.entries(where).map(([path, value]) => `${path} ${JSON.stringify(value)}`)]
    .filter(Boolean)
    .join(', ');
}
