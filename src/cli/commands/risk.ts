import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Json } from '../../core/agent.ts';
import { KairosError } from '../../core/errors.ts';
import { plainLine } from '../../subscriptions/plain.ts';
import type { Cli } from '../cli.ts';
import { withExamples, type Act } from '../define.ts';
import { commandLineOf, createRiskJudge, type Judged, type RiskAnswer } from '../risk.ts';
import { riskLines } from '../risk-lines.ts';

/** No reason is as long; what a terminal may be given at most. */
const REASON_CHARS_MAX = 10_000;

interface Options {
  readonly tool?: string;
  readonly input?: Json;
  readonly stdin?: boolean;
  readonly tainted?: boolean;
  readonly afk?: boolean;
}

export function define(command: Command, act: Act): void {
  command
    .description(
      'Say what the gate would say of a call of the agent, and why; nothing is run. The current directory is the workspace. ' +
        'One word after -- is a whole command line; several are the words of one command. Works without a running daemon.',
    )
    .argument('[command...]', 'a shell command')
    .option('--tool <name>', 'another tool than shell, with --input')
    .option('--input <json>', 'the input of the tool, as JSON', readJson)
    .option('--stdin', 'read one {tool, input, context?} a line, answer one line each')
    .option('--tainted', 'the run has read text from outside')
    .option('--afk', 'the owner is away');
  withExamples(
    command,
    'kairos risk -- rm -rf build',
    'kairos risk "git log | head"',
    `kairos risk --tool write --input '{"path":".git/config","content":""}'`,
    `echo '{"tool":"shell","input":{"command":"ls"}}' | kairos risk --stdin --json`,
  ).action(act<Options>(run));
}

async function run(cli: Cli, words: readonly string[], options: Options): Promise<void> {
  const judge = createRiskJudge(cli);
  const context = { tainted: options.tainted === true, afk: options.afk === true };
  if (options.stdin === true) {
    if (words.length > 0 || options.tool !== undefined || options.input !== undefined)
      throw new KairosError('INPUT_INVALID', 'expected calls on stdin or a command, got both');
    const inWords = (answer: RiskAnswer) => `${answer.risk}\t${answer.verdict}\t${oneLine(answer.reason)}`;
    await riskLines(process.stdin, cli.stdout, judge, context, cli.json ? JSON.stringify : inWords);
    return;
  }
  const judged = judge(callOf(words, options), context);
  cli.print(judged, () => inPlainWords(judged, cli));
}

function callOf(words: readonly string[], { tool, input }: Options) {
  if (tool === undefined && input === undefined && words.length > 0)
    return { tool: 'shell', input: { command: commandLineOf(words) } };
  if (tool !== undefined && input !== undefined && words.length === 0) return { tool, input };
  throw new KairosError('INPUT_INVALID', 'expected a command after --, or --tool with --input, or --stdin');
}

const VERDICTS: Readonly<Record<Judged['verdict'], string>> = {
  run: 'It would run at once.',
  flag: 'It would run, and you would read of it in the log and digest.',
  classify: 'A fast model would settle it, or you would be asked.',
  ask: 'You would be asked.',
  'hand-back': 'The run would end.',
};

function inPlainWords({ risk, reason, verdict, note }: Judged, { paint }: Cli): string {
  const colour = { LOW: paint.good, MEDIUM: paint.warn, HIGH: paint.bad }[risk];
  const lines = [`${colour(risk)}  ${oneLine(reason)}`, VERDICTS[verdict]];
  return [...lines, ...(note === undefined ? [] : [note])].join('\n');
}

/** Reasons quote what was given; a terminal shows it and obeys none of it. */
function oneLine(text: string): string {
  return plainLine(text, REASON_CHARS_MAX);
}

function readJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new InvalidArgumentError('It must be JSON such as \'{"path":"notes.md"}\'.');
  }
}
