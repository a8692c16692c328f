import { join } from 'node:path';
import type { ToolContext, ToolResult, Workspace } from '../core/agent.ts';
import type { Clock } from '../core/ports.ts';
import { formatDuration } from '../core/units.ts';
import { cleanEnvironment } from './environment.ts';
import type { ShellOptions } from './exec-options.ts';
import { changesSince, quarantine, surveyWorkspace, type Survey } from './guard.ts';
import { secretsIn } from './hidden-secrets.ts';
import { runProcess, type ProcessResult } from './process.ts';
import type { Confinement, Guard, Hidden, Sandbox } from './confinement.ts';

/** What the tools that start processes are given. */
export interface ExecPorts {
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  /** Whether the gate found that a call writes. Of a call it has not seen: false, and the workspace is read-only. */
  readonly mayWrite: (callId: string) => boolean;
  /** Whether a call may read what looks like a secret: its words say all it reads, or a human allowed it. Else none is there. */
  readonly seesSecrets: (callId: string) => boolean;
  readonly lang: string;
  readonly timezone: string;
  /** Directory of ours for what a command put under a protected name. */
  readonly quarantine: string;
  /** Files outside every workspace whose hard links must not be written through: the owner's shell start files, our own. */
  readonly outside: readonly string[];
}

/** As much of it as one process needs. */
export type ProcessPorts = Pick<ExecPorts, 'sandbox' | 'clock' | 'lang' | 'timezone'>;

/** One process to be run for a call. */
export interface Execution {
  readonly argv: readonly [string, ...string[]];
  readonly writable: boolean;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly guard: Guard;
  readonly hidden?: Confinement['hidden'];
  readonly more?: Confinement['more'];
  /** Only its standard output is wanted. */
  readonly errorsDropped?: boolean | undefined;
}

const NO_GUARD: Guard = { readOnly: [], fixed: [] };
/** Of a list of paths, so many are named. */
const LISTED_MAX = 20;
/** Of one command: processes at once, and the largest file it may write. */
const PROCESSES_MAX = 1_024;
const FILE_MIB_MAX = 2_048;
/**
 * Lowers the limits, then becomes the command, with one pipe for both outputs so that their lines stay in order. In a user
 * namespace of its own the processes are counted from zero; elsewhere all of the user's count, so there it is left alone.
 */
const LIMITER =
  'ulimit -c 0; ulimit -t "$1"; ulimit -f "$2"; [ "$3" = 0 ] || ulimit -u "$3" 2>/dev/null || ulimit -p "$3" 2>/dev/null; ' +
  'shift 3; if [ "$1" = quiet ]; then shift; exec "$@" 2>/dev/null; else shift; exec "$@" 2>&1; fi';
/** dash and bash count files in blocks of 512 and of 1024 bytes; the smaller is meant. */
const BLOCKS_PER_MIB = 2_048;

/** Runs a process in the sandbox, within the limits of the options. Never throws: how it ended is a value. */
export async function execute(
  execution: Execution,
  workspace: Workspace | undefined,
  options: ShellOptions,
  ports: ProcessPorts,
  signal: AbortSignal,
): Promise<ProcessResult> {
  const { sandbox, clock, lang, timezone } = ports;
  const surrounding = { path: sandbox.path, home: sandbox.home, lang, timezone };
  const env = { ...cleanEnvironment(surrounding, options.network), ...execution.env };
  const seconds = Math.ceil(options.timeout / 1_000) + 10;
  const processes = sandbox.kind === 'bubblewrap' ? PROCESSES_MAX : 0;
  const limits = [seconds, FILE_MIB_MAX * BLOCKS_PER_MIB, processes, execution.errorsDropped ? 'quiet' : 'both'].map(
    String,
  );
  const wrapped = sandbox.wrap(['/bin/sh', '-c', LIMITER, 'sh', ...limits, ...execution.argv], {
    workspace: workspace?.path,
    writable: execution.writable,
    guard: execution.guard,
    hidden: execution.hidden,
    network: options.network,
    cwd: execution.cwd,
    env,
    more: execution.more,
  });
  const cwd = sandbox.kind === 'bubblewrap' ? '/' : execution.cwd;
  const process = { ...wrapped, cwd, timeoutMs: options.timeout, outputBytesMax: options.outputBytes };
  return runProcess(process, signal, clock);
}

/**
 * Runs something that may write, guarded: what is protected is looked up first and read-only in the sandbox; what the
 * command newly put under a protected name is taken away afterwards. What looks like a secret is not there for a command
 * that may read anything.
 *
 * @returns What is to be told of that as well.
 */
export async function executeGuarded(
  execution: Omit<Execution, 'guard'>,
  context: ToolContext,
  options: ShellOptions,
  ports: ExecPorts,
): Promise<{ readonly result: ProcessResult; readonly remarks: readonly string[] } | { readonly refused: string }> {
  const { workspace, signal, callId } = context;
  const hidden = workspace === undefined || ports.seesSecrets(callId) ? [] : await secretsIn(workspace.path);
  if ('tooLarge' in hidden)
    return { refused: `the secrets of the workspace cannot be kept from it: ${hidden.tooLarge}. Nothing was run.` };
  if (!execution.writable || workspace === undefined) {
    const run = { ...execution, guard: NO_GUARD, hidden };
    const result = await execute(run, workspace, options, ports, signal);
    return { result, remarks: missed(result, workspace, hidden) };
  }
  const survey = await surveyWorkspace(workspace.path, ports.outside);
  if ('tooLarge' in survey) {
    return {
      refused: `the workspace cannot be guarded: ${survey.tooLarge}. Nothing was run; a command that only reads still works.`,
    };
  }
  const result = await execute({ ...execution, guard: survey.guard, hidden }, workspace, options, ports, signal);
  return { result, remarks: [...(await tidyUp(survey, context, ports)), ...missed(result, workspace, hidden)] };
}

/** A command that failed may have wanted what was kept from it. */
function missed({ exitCode }: ProcessResult, workspace: Workspace | undefined, hidden: readonly Hidden[]): string[] {
  if (exitCode === 0 || hidden.length === 0) return [];
  const names = hidden.map(({ path }) => path.slice((workspace?.path ?? '').length + 1));
  return [`What looks like a secret could not be read by this command: ${listed(names)}`];
}

/** Takes away what was newly made under a protected name. @returns What is to be told. */
export async function tidyUp(
  survey: Survey,
  { sessionId, callId }: ToolContext,
  ports: Pick<ExecPorts, 'quarantine'>,
): Promise<string[]> {
  const folder = join(ports.quarantine, `s${sessionId}-${callId.replaceAll(/[^\w-]/g, '_').slice(0, 100)}`);
  const { created, changed, partly } = await changesSince(survey);
  const remarks: string[] = [];
  if (created.length > 0) {
    const { moved, left } = await quarantine(survey.workspace, created, folder);
    if (moved.length > 0)
      remarks.push(`Protected names were newly made; they were moved to ${folder}: ${listed(moved)}`);
    if (left.length > 0) remarks.push(`Protected names were newly made and could not be moved away: ${listed(left)}`);
  }
  if (changed.length > 0) remarks.push(`Protected files changed while it ran: ${listed(changed)}`);
  if (partly) remarks.push('The workspace has grown so large that not all of it was searched for protected files');
  return remarks;
}

/** Paths in a line, not too many of them. */
export function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, LISTED_MAX).join(', ');
  return paths.length > LISTED_MAX ? `${shown} and ${paths.length - LISTED_MAX} more` : shown;
}

/** The result of a process as the model reads it. */
export function describeProcess(result: ProcessResult, options: ShellOptions, remarks: readonly string[]): ToolResult {
  const { ended, exitCode, error, text, durationMs } = result;
  const took = formatDuration(durationMs);
  const words = {
    exited: exitCode === 0 ? 'ended well (exit status 0)' : `failed with exit status ${exitCode}`,
    killed: `was ${error}`,
    timeout: `was stopped: it took longer than ${formatDuration(options.timeout)}`,
    aborted: 'was stopped with the run',
    'not-started': `did not start: ${error}`,
  }[ended];
  const head = `[${words}, after ${took}]`;
  const printed = text === '' ? '(it printed nothing)' : text.replace(/\n$/, '');
  return {
    text: [head, printed, ...remarks.map((remark) => `[${remark}]`)].join('\n'),
    isError: ended !== 'exited' || exitCode !== 0,
  };
}
