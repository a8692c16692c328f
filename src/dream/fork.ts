import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { Operation } from '../memory/operations.ts';
import type { FileMark } from './cursor.ts';
import type { Jail } from './jail.ts';
import { createLineReader } from './line-reader.ts';
import {
  fromWorkerSchema,
  LINE_BYTES_MAX,
  OPERATIONS_MAX,
  PROPOSAL_BYTES_MAX,
  TASK_BYTES_MAX,
  TOTAL_BYTES_MAX,
  type FromWorker,
  type Group,
  type Phase,
  type Task,
  type Verdict,
  type WorkerReport,
} from './messages.ts';
import { operationSchema } from './protocol.ts';

/** Whose words a source holds. */
export type SourceTrust = 'owner' | 'agent' | 'tool' | 'outside';

/** All that a worker has proposed. Nothing of it is believed yet (see validate.ts). */
export interface Proposal {
  readonly operations: readonly Operation[];
  /** Why operations were no operations at all. */
  readonly malformed: readonly string[];
  readonly sources: ReadonlyMap<string, ReadonlySet<SourceTrust>>;
  readonly marks: readonly FileMark[];
  readonly report: WorkerReport;
}

/** How a worker ended. */
export type Worked =
  | { readonly kind: 'proposed'; readonly proposal: Proposal }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'cancelled' };

export interface WorkPorts {
  readonly clock: Clock;
  readonly onProgress: (phase: Phase, done: number, total: number) => void;
  /** Answers a question to the model; `more: false`: no further one will be answered. Never rejects. */
  readonly answer: (
    group: Group,
    signal: AbortSignal,
  ) => Promise<{ readonly verdict: Verdict | null; readonly more: boolean }>;
}

export interface WorkOptions {
  readonly jail: Jail;
  readonly task: Task;
  readonly deadlineMs: number;
}

/** From SIGTERM to SIGKILL. */
const TERM_MS = 2_000;
const STDERR_BYTES_MAX = 8_192;

/**
 * Has the jailed worker do its task. Whatever it says is read within limits and by schema: anything else, too much of
 * anything, or nothing within the deadline ends it. Never rejects: how it ended is a value. The process is gone on return.
 */
export async function runWorker(options: WorkOptions, ports: WorkPorts, signal: AbortSignal): Promise<Worked> {
  if (signal.aborted) return { kind: 'cancelled' };
  const task = `${JSON.stringify(options.task)}\n`;
  if (task.length > TASK_BYTES_MAX) return { kind: 'failed', reason: 'there is too much to be read at once' };
  const child = begin(options.jail);
  if (child instanceof Error) return { kind: 'failed', reason: `the worker did not start: ${messageOf(child)}` };
  return new WorkerRun(child, task, options.deadlineMs, ports).end(signal);
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

function begin({ program, args, env }: Jail): Child | Error {
  try {
    const child = spawn(program, args, { cwd: '/', env, stdio: ['pipe', 'pipe', 'pipe'] });
    // Node itself asks for no descriptors to be inherited; these three pipes are all there is.
    if (child.pid !== undefined) lowerPriority(child.pid);
    return child;
  } catch (error) {
    return error as Error;
  }
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {} // Only a courtesy to everything else on the machine.
}

/** One worker from its start to its end. */
class WorkerRun {
  readonly #child: Child;
  readonly #ports: WorkPorts;
  readonly #task: string;
  readonly #deadlineMs: number;
  readonly #ended = new AbortController();
  readonly #operations: Operation[] = [];
  readonly #malformed: string[] = [];
  readonly #sources = new Map<string, Set<SourceTrust>>();
  readonly #marks: FileMark[] = [];
  #proposalBytes = 0;
  #proposed = 0;
  #report: WorkerReport | undefined;
  #asking = false;
  #stderr = '';
  /** The first reason counts. */
  #cut: Exclude<Worked, { kind: 'proposed' }> | undefined;

  constructor(child: Child, task: string, deadlineMs: number, ports: WorkPorts) {
    this.#child = child;
    this.#task = task;
    this.#deadlineMs = deadlineMs;
    this.#ports = ports;
  }

  async end(signal: AbortSignal): Promise<Worked> {
    const { clock } = this.#ports;
    const cancel = (): void => this.#stop({ kind: 'cancelled' });
    signal.addEventListener('abort', cancel);
    void clock.sleep(this.#deadlineMs, this.#ended.signal).then(() => {
      if (!this.#ended.signal.aborted) this.#stop({ kind: 'failed', reason: 'the worker took too long' });
    });
    this.#listen();
    this.#say(this.#task);
    const how = await this.#exit();
    this.#ended.abort();
    signal.removeEventListener('abort', cancel);
    if (this.#cut !== undefined) return this.#cut;
    if (this.#report === undefined) {
      return { kind: 'failed', reason: `the worker ended before it was done (${how})${this.#said()}` };
    }
    const proposal: Proposal = {
      operations: this.#operations,
      malformed: this.#malformed,
      sources: this.#sources,
      marks: this.#marks,
      report: this.#report,
    };
    return { kind: 'proposed', proposal };
  }

  #listen(): void {
    const limits = { lineBytesMax: LINE_BYTES_MAX, totalBytesMax: TOTAL_BYTES_MAX };
    const reader = createLineReader(limits, (line) => this.#read(line));
    this.#child.stdout.on('data', (chunk: Buffer) => {
      if (!reader.take(chunk)) this.#stop({ kind: 'failed', reason: 'the worker said more than it may' });
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (this.#stderr.length < STDERR_BYTES_MAX) this.#stderr += text.slice(0, STDERR_BYTES_MAX);
    });
    // It may be gone before it was told everything: its end says why.
    this.#child.stdin.on('error', () => {});
  }

  #exit(): Promise<string> {
    return new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(messageOf(error)));
      this.#child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
  }

  #read(line: string): void {
    if (this.#cut !== undefined) return;
    const read = fromWorkerSchema.safeParse(parse(line));
    if (!read.success) {
      const reason = `the worker said something that is no message: ${issueOf(read.error)}`;
      return this.#stop({ kind: 'failed', reason });
    }
    if (this.#report !== undefined) {
      return this.#stop({ kind: 'failed', reason: 'the worker went on after it was done' });
    }
    const problem = this.#take(read.data, line.length);
    if (problem !== undefined) this.#stop({ kind: 'failed', reason: problem });
  }

  /** @returns what is wrong with it. */
  #take(message: FromWorker, bytes: number): string | undefined {
    switch (message.kind) {
      case 'ready':
        break;
      case 'progress':
        this.#ports.onProgress(message.phase, message.done, message.total);
        break;
      case 'ask':
        if (this.#asking) return 'the worker asked twice at a time';
        void this.#answer(message.id, message.group);
        break;
      case 'operations':
        return this.#takeOperations(message.operations, bytes);
      case 'sources':
        for (const { id, trusts } of message.sources) this.#sources.set(id, new Set(trusts));
        break;
      case 'marks':
        this.#marks.push(...message.marks);
        break;
      case 'done':
        this.#report = message.report;
        this.#child.stdin.end();
        break;
    }
    return undefined;
  }

  #takeOperations(operations: readonly unknown[], bytes: number): string | undefined {
    this.#proposalBytes += bytes;
    this.#proposed += operations.length;
    if (this.#proposalBytes > PROPOSAL_BYTES_MAX || this.#proposed > OPERATIONS_MAX) {
      return `a proposal has at most ${OPERATIONS_MAX} operations and ${PROPOSAL_BYTES_MAX} bytes, and the worker's had more`;
    }
    for (const each of operations) {
      const read = operationSchema.safeParse(each);
      if (read.success) this.#operations.push(read.data);
      else this.#malformed.push(issueOf(read.error));
    }
    return undefined;
  }

  async #answer(id: number, group: Group): Promise<void> {
    this.#asking = true;
    const { verdict, more } = await this.#ports.answer(group, this.#ended.signal);
    this.#asking = false;
    this.#say(`${JSON.stringify({ kind: 'answer', id, verdict, more })}\n`);
  }

  #say(line: string): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(line);
  }

  /** Asks it to end, and sees to it that it does. */
  #stop(why: Exclude<Worked, { kind: 'proposed' }>): void {
    if (this.#cut !== undefined || this.#ended.signal.aborted) return;
    this.#cut = why;
    this.#child.stdout.destroy();
    this.#child.kill('SIGTERM');
    void this.#ports.clock.sleep(TERM_MS, this.#ended.signal).then(() => {
      if (!this.#ended.signal.aborted) this.#child.kill('SIGKILL');
    });
  }

  #said(): string {
    const line = this.#stderr.split('\n').find((each) => each.trim() !== '');
    return line === undefined ? '' : `: ${line.trim().slice(0, 300)}`;
  }
}

function issueOf({ issues }: { readonly issues: readonly { path: PropertyKey[]; message: string }[] }): string {
  const [first] = issues;
  return first === undefined ? 'it has no form' : `${first.path.map(String).join('.')} ${first.message}`.slice(0, 200);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
