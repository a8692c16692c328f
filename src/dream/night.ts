import { realpath } from 'node:fs/promises';
import { formatInstant } from '../core/units.ts';
import { bulletId, isOwners } from '../memory/bullet.ts';
import type { Operation } from '../memory/operations.ts';
import { holdsSecret } from '../memory/secrets.ts';
import { bulletsOf } from '../memory/topic.ts';
import type { Memory } from '../memory/tree.ts';
import type { Sandbox } from '../tools/confinement.ts';
import { runWorker, type Proposal, type Worked } from './fork.ts';
import { GATHER_LIMITS } from './gather.ts';
import { JAIL_HEAP_MB, jailOf, type Jail } from './jail.ts';
import type { StaleFact } from './material.ts';
import type { Phase, Task } from './messages.ts';
import type { DreamPorts } from './ports.ts';
import { createModelService, type ModelService } from './serve-model.ts';
import type { Survey } from './survey.ts';
import { createValidator, type Validated } from './validate.ts';

/** A worker at its end, and what of its proposal may be applied. */
export interface Proposed {
  readonly worked: Worked;
  readonly model: ModelService;
  readonly jail: string;
  readonly validated: Validated;
  readonly memory: Memory;
}

const OPERATIONS_BETWEEN_BREATHS = 50;
const FACTS_MAX = 2_000;

/** Has the worker make a proposal, and looks at each part of it. */
export async function propose(
  ports: DreamPorts,
  survey: Survey,
  onProgress: (phase: Phase, done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Proposed> {
  const { clock } = ports;
  const options = ports.options();
  const [memory, stale, sandbox] = [await ports.memory.read(), await ports.stale(signal), await ports.sandbox()];
  const port = options.model === 'off' ? undefined : ports.model();
  const why = options.model === 'off' ? 'the model is off (dream.model)' : 'there is no model';
  const model = createModelService(port, options.questionsPerDayMax, why);
  // With nothing new there is nothing to ask about: such a night costs nothing.
  const questionsMax = port === undefined || survey.files.length === 0 ? 0 : options.questionsPerDayMax;
  const worked = await runWorker(
    {
      jail: jailFor(ports, sandbox),
      task: await taskOf(ports, { survey, stale, questionsMax }),
      deadlineMs: options.deadlineMs,
    },
    { clock, onProgress, answer: (group, ended) => model.answer(group, ended) },
    signal,
  );
  const validated =
    worked.kind === 'proposed'
      ? await validateAll(ports, { memory, stale, survey, proposal: worked.proposal })
      : { accepted: [], rejected: [] };
  return { worked, model, jail: sandbox.kind, validated, memory };
}

function jailFor(ports: DreamPorts, sandbox: Sandbox): Jail {
  const own = ['memory', 'sessions', 'logs'].map((name) => `${ports.home}/${name}`);
  return jailOf({
    sandbox,
    nodePath: ports.nodePath,
    readable: [...own, ...ports.workspaces()],
    module: ports.module ?? workerModule(),
    timeZone: ports.timeZone(),
    heapMb: JAIL_HEAP_MB,
  });
}

/** Beside this file, with the same ending: `.ts` in the checkout, `.js` in a build. */
function workerModule(): string {
  return import.meta.filename.replace(/night(\.[jt]s)$/, 'worker$1');
}

interface TaskParts {
  readonly survey: Survey;
  readonly stale: readonly StaleFact[];
  readonly questionsMax: number;
}

async function taskOf(ports: DreamPorts, { survey, stale, questionsMax }: TaskParts): Promise<Task> {
  const { linesMax, bytesMax, topicsMax, factCharsMax } = ports.limits();
  const { shrinkCap } = ports.options();
  const timeZone = ports.timeZone();
  return {
    kind: 'task',
    // The jail knows its directories by their real names.
    home: await realpath(ports.home),
    timeZone,
    now: formatInstant(ports.clock.wallMs(), timeZone),
    files: [...survey.files],
    stale: stale.slice(0, 2_000).map((fact) => ({ ...fact, reason: fact.reason.slice(0, 200) })),
    limits: {
      linesMax,
      bytesMax,
      topicsMax,
      factCharsMax,
      shrinkCap,
      lineBytesMax: GATHER_LIMITS.lineBytesMax,
      gatherBytesMax: GATHER_LIMITS.bytesMax,
      factsMax: FACTS_MAX,
      questionsMax,
    },
  };
}

interface ValidateParts {
  readonly memory: Memory;
  readonly stale: readonly StaleFact[];
  readonly survey: Survey;
  readonly proposal: Proposal;
}

/** In slices: a large proposal must not hold the event loop. */
async function validateAll(ports: DreamPorts, { memory, stale, survey, proposal }: ValidateParts): Promise<Validated> {
  const given = new Set(survey.files.map(({ path }) => sourceOf(path)));
  const validator = createValidator({
    topics: memory.topics,
    sources: proposal.sources,
    isGiven: (source) => given.has(source) || /^(?:log|note)-\d{4}-\d\d-\d\d$/.test(source) || ports.isEvent(source),
    stale: new Set(stale.map(({ topic, bullet }) => `${topic} ${bullet}`)),
    limits: ports.limits(),
    shrinkCap: ports.options().shrinkCap,
    redact: ports.redact,
  });
  for (const [index, operation] of proposal.operations.entries()) {
    validator.check(operation);
    if (index % OPERATIONS_BETWEEN_BREATHS === OPERATIONS_BETWEEN_BREATHS - 1) await breath();
  }
  const validated = validator.finish();
  return { ...validated, accepted: [...validated.accepted, ...(await redactions(memory, validated.accepted, ports))] };
}

/** The worker knows secrets by their shape alone; those that are loaded are looked for here, where they are known. */
async function redactions(
  memory: Memory,
  accepted: readonly Operation[],
  { redact }: DreamPorts,
): Promise<Operation[]> {
  const named = new Set(accepted.flatMap(bulletsNamed));
  const found: Operation[] = [];
  for (const topic of memory.topics) {
    if (topic.problems.length > 0 || topic.trust === 'owner') continue;
    for (const bullet of bulletsOf(topic)) {
      if (isOwners(bullet) || !holdsSecret(bullet.text, redact)) continue;
      const id = bulletId(topic.name, bullet);
      if (!named.has(`${topic.name} ${id}`)) found.push({ kind: 'redact', topic: topic.name, bullet: id });
    }
    await breath();
  }
  return found;
}

/** What leaves, or is redacted already. */
function bulletsNamed(operation: Operation): string[] {
  const { kind } = operation;
  if (kind === 'merge') return operation.bullets.map((id) => `${operation.topic} ${id}`);
  const isOne = kind === 'supersede' || kind === 'archive' || kind === 'redact';
  return isOne ? [`${operation.topic} ${operation.bullet}`] : [];
}

/** The source that a session's file stands for: its name. */
export function sourceOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.(?:jsonl|md)$/, '');
}

function breath(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
