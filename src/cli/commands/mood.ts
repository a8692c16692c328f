import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { KairosError } from '../../core/errors.ts';
import { effectsOf } from '../../mood/effects.ts';
import { moodOf, type Mood } from '../../mood/mood.ts';
import type { Cli } from '../cli.ts';
import { withExamples, type Act } from '../define.ts';
import { plainBlock } from '../plain-block.ts';

/** What is answered for one message. */
interface Answer extends Mood {
  /** The line could not be read: what was expected. */
  readonly error?: string;
}

export function define(command: Command, act: Act): void {
  command
    .description(
      'Show what mood a message would be taken for, which of the 21 patterns say so, and what follows. Works without a daemon.',
    )
    .argument('[text...]', 'the message')
    .option('--stdin', 'read one JSON object {"text": "…"} a line, and answer one a line');
  withExamples(
    command,
    'kairos mood "too many messages, stop it"',
    'kairos mood --stdin --json < messages.jsonl',
  ).action(
    act<{ stdin?: boolean }>(async (cli, words, { stdin }) => {
      if (stdin === true) return answerLines(cli);
      if (words.length === 0) {
        throw new KairosError('INPUT_INVALID', 'expected a message, such as: kairos mood "stop it", or --stdin');
      }
      const text = words.join(' ');
      const mood = moodOf(text);
      cli.print(mood, () => describe(mood, text));
    }),
  );
}

/** Standard input may be long, and whoever reads may be slow: one line at a time. */
async function answerLines(cli: Cli): Promise<void> {
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  for await (const line of lines) {
    const answer = answerOf(line);
    const written = cli.json ? JSON.stringify(answer) : (answer.error ?? answer.tier ?? 'none');
    if (!cli.stdout.write(`${written}\n`)) await new Promise((resolve) => cli.stdout.once('drain', resolve));
  }
}

function answerOf(line: string): Answer {
  const text = textOf(line);
  if (text !== undefined) return moodOf(text);
  return { tier: null, matches: [], error: 'expected one JSON object with a text, such as {"text": "stop it"}' };
}

function textOf(line: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    const text = typeof parsed === 'object' && parsed !== null ? (parsed as { text?: unknown }).text : undefined;
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}

function describe({ tier, matches }: Mood, text: string): string {
  if (tier === null) return 'No mood: nothing follows.';
  const { pauseMs, note } = effectsOf(tier);
  const why = matches.map(({ pattern, start, end }) => `  ${pattern}: ${plainBlock(text.slice(start, end))}`);
  const follows = pauseMs > 0 ? note : 'The reply is told of it; nothing is held back.';
  return [tier, ...why, follows].join('\n');
}
