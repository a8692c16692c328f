import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { KairosError } from '../core/errors.ts';
import { systemClock } from '../daemon/system.ts';
import type { MemoryHit } from '../tools/memory-hit.ts';
import type { Cli } from './cli.ts';
import { withExamples, type Act } from './define.ts';
import { redactorOf } from './memory-home.ts';
import { plainBlock } from './plain-block.ts';

/** A person waits longer than a model should: all that is searched together. */
const DEADLINE_MS = 10_000;
/** Of it, for sessions that the index does not hold. An identifier is found in their lines anyway. */
const READING_MS = { words: 5_000, identifier: 500 };
const LIMIT = 20;
const LIMIT_MAX = 50;
const QUERY_CHARS = { min: 2, max: 200 };

/** `memory search`: what the agent's own search finds. Only reads; works without a daemon. */
export function defineSearch(memory: Command, act: Act): void {
  const command = memory
    .command('search')
    .description(
      'Search facts and sessions by words, the best first. A single identifier is also looked for in every line of transcripts and daily logs.',
    )
    .argument('<query...>', 'words, or one identifier such as KAI-77 or src/app.ts', readWord)
    .option('--limit <count>', `how many, 1 to ${LIMIT_MAX}`, readCount, LIMIT);
  withExamples(command, 'kairos memory search deploy staging', 'kairos memory search KAI-77 --json').action(
    act<{ limit: number }>((cli, words, { limit }) => search(cli, words.join(' ').trim(), limit)),
  );
}

async function search(cli: Cli, query: string, limit: number): Promise<void> {
  if (query.length < QUERY_CHARS.min || query.length > QUERY_CHARS.max) {
    throw new InvalidArgumentError(
      `Expected ${QUERY_CHARS.min} to ${QUERY_CHARS.max} characters, got ${query.length}.`,
    );
  }
  // Nobody has been here yet, so there is nothing to search; and a look makes no home.
  if (!existsSync(cli.home)) throw new KairosError('NOT_FOUND', `there is no memory in ${cli.home}`);
  const [{ readSearch }, { searchMemory }, { findRipgrep }] = await Promise.all([
    import('../daemon/search.ts'),
    import('../tools/memory-search.ts'),
    import('../tools/ripgrep.ts'),
  ]);
  const redact = redactorOf(cli);
  const { home } = cli;
  const index = readSearch(
    { home, redact },
    AbortSignal.timeout(/\s/.test(query) ? READING_MS.words : READING_MS.identifier),
  );
  const options = { home, clock: systemClock, ripgrep: findRipgrep(cli.env['PATH'] ?? ''), index };
  const never = new AbortController().signal;
  const { hits, more } = await searchMemory(query, { ...options, deadlineMs: DEADLINE_MS, hitsMax: limit }, never);
  const items = hits.map((hit) => ({ ...hit, text: redact(hit.text) }));
  cli.print({ query, items, more }, () => {
    if (items.length === 0) return 'Nothing is remembered with these words.';
    return [
      ...items.map((hit) => render(cli, hit)),
      ...(more ? [cli.paint.dim('There may be more: use rarer words.')] : []),
    ].join('\n');
  });
}

function render({ paint }: Cli, { path, line, trust, kind, at, text }: MemoryHit): string {
  const when = at === '' ? [] : [at.slice(0, 10)];
  const head = [`${path}:${line}`, kind, ...when, trust].filter(Boolean).join('  ');
  return `${trust === 'outside' ? paint.warn(plainBlock(head)) : paint.dim(plainBlock(head))}\n  ${plainBlock(text)}`;
}

function readWord(word: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), word];
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= LIMIT_MAX) return count;
  throw new InvalidArgumentError(`Expected a number from 1 to ${LIMIT_MAX}.`);
}
