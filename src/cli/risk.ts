import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { assess } from '../permissions/assess.ts';
import type { Assessment, Risk, Surroundings, ToolCall } from '../permissions/call.ts';
import { decide, mixture } from '../permissions/decide.ts';
import { DEFAULT_POLICY } from '../permissions/options.ts';
import { factsAtStart } from '../permissions/taint.ts';
import { plainRepository } from '../tools/plain-repository.ts';
import { resolvePath } from '../tools/resolve.ts';
import type { World } from './cli.ts';

/** What is said of the run that makes the call. Left out: no. */
export interface RiskContext {
  readonly afk?: boolean | undefined;
  readonly tainted?: boolean | undefined;
}

/** What the gate would say. */
export interface Judged {
  /** The risk of the call; HIGH as well when only what the run has read makes it so. */
  readonly risk: Risk;
  readonly reason: string;
  /** `flag`: runs, and is told in log and digest. */
  readonly verdict: 'run' | 'flag' | 'classify' | 'ask' | 'hand-back';
  /** What of this machine makes the verdict stricter than the risk. */
  readonly note?: string | undefined;
}

/** A line of `--stdin` and its answer. Not understood is HIGH, with `error`. */
export type RiskAnswer = Judged & { readonly error?: string | undefined };

export type RiskJudge = (call: ToolCall, context: RiskContext) => Judged;

/** The gate as the owner's own run would meet it, with the current directory as the only workspace. */
export function createRiskJudge(world: Pick<World, 'env'> & { readonly home: string }): RiskJudge {
  const surroundings = surroundingsHere(world.home);
  const confined = hasSandbox(world.env['PATH'] ?? '');
  return (call, context) => {
    const assessment = assess(call, surroundings);
    const facts = { ...factsAtStart('owner', context.afk === true), tainted: context.tainted === true };
    const mixed = mixture(assessment, facts);
    const verdict = decide(assessment, facts, DEFAULT_POLICY);
    const judged: Judged = {
      risk: mixed === undefined ? assessment.risk : 'HIGH',
      reason: mixed === undefined ? assessment.reason : `${assessment.reason}; ${mixed}`,
      verdict: verdict.kind === 'run' && verdict.flag ? 'flag' : verdict.kind,
    };
    return confined || !needsSandbox(call) ? judged : withoutSandbox(judged, assessment);
  };
}

/** Words as one command line that means exactly them. One word alone is a command line already, as for `sh -c`. */
export function commandLineOf(words: readonly string[]): string {
  if (words.length === 1) return words[0] ?? '';
  return words.map(quote).join(' ');
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function surroundingsHere(home: string): Surroundings {
  const cwd = realpathSync(process.cwd());
  return {
    workspaces: [{ name: basename(cwd) || cwd, path: cwd, trust: 'owner' }],
    cwd,
    home,
    userHome: homedir(),
    platform: process.platform,
    // The risk is that of the command; what this machine lacks is said beside it.
    sandbox: process.platform === 'darwin' ? 'sandbox-exec' : 'bubblewrap',
    shellNetwork: false,
    fetchHosts: [],
    plainRepository,
    resolve: resolvePath,
  };
}

/** A look only: the daemon tries it out. */
function hasSandbox(searchPath: string): boolean {
  const program = process.platform === 'darwin' ? 'sandbox-exec' : 'bwrap';
  return searchPath.split(':').some((folder) => folder !== '' && existsSync(join(folder, program)));
}

function needsSandbox({ tool }: ToolCall): boolean {
  return tool === 'shell';
}

function withoutSandbox(judged: Judged, { risk }: Assessment): Judged {
  const note =
    'This machine has no sandbox for commands, so every shell command asks; kairos doctor says what to install.';
  return risk === 'HIGH' ? judged : { ...judged, verdict: 'ask', note };
}
