import { asKairosError, messageOf } from '../core/errors.ts';
import { reached, type Clock, type Redact } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { unifiedDiff } from '../memory/diff.ts';
import { applyTo } from '../memory/draft.ts';
import type { Change } from '../memory/operations.ts';
import type { ApplyResult } from '../memory/store.ts';
import type { FileMark } from './cursor.ts';
import type { Proposal } from './fork.ts';
import { firstShut, gatesOf, type Gate, type GateFacts } from './gates.ts';
import { factsNow, isSetBack } from './look.ts';
import type { Phase } from './messages.ts';
import { propose, sourceOf, type Proposed } from './night.ts';
import type { DreamPorts } from './ports.ts';
import { journalLines, reportOf, summaryOf, type DreamReport } from './report.ts';
import { surveyHome, type Survey } from './survey.ts';
import type { Rejection } from './validate.ts';

export interface DreamRequest {
  /** Asked for by the owner: does not wait for the time nor for sessions. */
  readonly byHand: boolean;
  /** Shows what it would do, and writes nothing. */
  readonly dryRun: boolean;
}

/** What came of it. */
export interface DreamResult {
  readonly ran: boolean;
  /** Why it did not run, or what it did, or why it did nothing. */
  readonly reason: string;
  readonly changes: readonly Change[];
  /** null: no file was changed. */
  readonly generation: number | null;
  readonly rejected: readonly Rejection[];
  readonly report: DreamReport | null;
  /** Of a dry run: what would change, as a unified diff. */
  readonly diff: string | null;
  /** It began and did not come to its end. */
  readonly failed: boolean;
}

/** How far the dream that is under way has come. */
export interface DreamProgress {
  readonly phase: Phase | 'survey' | 'apply';
  readonly done: number;
  readonly total: number;
  readonly sinceMs: number;
}

export interface Dreamer {
  /** Never rejects for what can go wrong with a dream: then `failed` and `reason` say so. */
  once(request: DreamRequest, signal: AbortSignal): Promise<DreamResult>;
  /** How the gates stand, as far as that can be told without looking through the files. */
  gates(): readonly Gate[];
  /** undefined: none is under way. */
  progress(): DreamProgress | undefined;
}

export function createDreamer(ports: DreamPorts): Dreamer {
  let progress: DreamProgress | undefined;
  return {
    progress: () => progress,
    gates: () => gatesOf(factsNow(ports), ports.options(), false),
    async once(request, signal) {
      if (progress !== undefined) return notRun('a dream is under way in this process');
      const show = phaseWatch(ports.clock, (phase, done, total) => {
        progress = { phase, done, total, sinceMs: progress?.sinceMs ?? ports.clock.wallMs() };
      });
      show('survey', 0, 0);
      try {
        return await dream(ports, request, show, signal);
      } catch (error) {
        if (signal.aborted) return notRun('it was stopped');
        ports.log.error({ error: messageOf(error) }, 'dream could not be begun');
        return notRun(`it could not be begun: ${asKairosError(error).message}`, true);
      } finally {
        progress = undefined;
      }
    },
  };
}

/** Says how far it has come. @returns what each phase has taken so far, in milliseconds. */
type Show = (phase: DreamProgress['phase'], done: number, total: number) => Readonly<Record<string, number>>;

function phaseWatch(
  clock: Clock,
  onProgress: (phase: DreamProgress['phase'], done: number, total: number) => void,
): Show {
  const phasesMs: Record<string, number> = {};
  let current: DreamProgress['phase'] = 'survey';
  let sinceMs = clock.monoMs();
  return (phase, done, total) => {
    const nowMs = clock.monoMs();
    phasesMs[current] = Math.round((phasesMs[current] ?? 0) + nowMs - sinceMs);
    current = phase;
    sinceMs = nowMs;
    onProgress(phase, done, total);
    return phasesMs;
  };
}

/** The gates, then the dream itself. */
async function dream(ports: DreamPorts, request: DreamRequest, show: Show, signal: AbortSignal): Promise<DreamResult> {
  const { store, clock } = ports;
  const nowMs = clock.wallMs();
  if (isSetBack(store.gateTimes(), nowMs)) await store.holdBack(nowMs);
  const byHand = request.byHand || request.dryRun;
  const facts = factsNow(ports);
  const shut = (more: Partial<GateFacts>): string | undefined => {
    const gate = firstShut(gatesOf({ ...facts, ...more }, ports.options(), byHand));
    return gate?.open === false ? gate.reason : undefined;
  };
  const before = shut({});
  if (before !== undefined) return notRun(before);
  const survey = await surveyHome(ports.home, store.files(), signal);
  if (!request.dryRun) {
    await store.scanned(nowMs);
    if (survey.gone.length > 0) await store.forget(survey.gone);
  }
  const { sessionsEnded } = survey;
  const after = shut({ sessionsEnded });
  if (after !== undefined) return notRun(after);
  const taken = ports.lock();
  if ('heldBy' in taken) return notRun(shut({ sessionsEnded, lock: taken }) ?? 'the lock is held');
  using _lock = taken;
  // Awaited, so that the lock is held as long.
  return request.dryRun
    ? await rehearse(ports, survey, show, signal)
    : await perform(ports, { survey, byHand }, show, signal);
}

function notRun(reason: string, failed = false): DreamResult {
  return { ran: false, reason, changes: [], generation: null, rejected: [], report: null, diff: null, failed };
}

/** A dream that counts: it has a row from its beginning to its end. */
async function perform(
  ports: DreamPorts,
  { survey, byHand }: { readonly survey: Survey; readonly byHand: boolean },
  show: Show,
  signal: AbortSignal,
): Promise<DreamResult> {
  const { store, clock, log } = ports;
  // What an apply before this one left half done is brought to its end, and counts for the dream that made it.
  await ports.memory.look();
  const id = await store.begin(byHand, clock.wallMs());
  reached('dream.begun');
  const broken = async (outcome: 'failed' | 'cancelled', reason: string): Promise<DreamResult> => {
    const lines = [{ kind: 'dream', ref: '', text: ports.redact(`dream ${id} ${outcome}: ${reason}`.slice(0, 300)) }];
    await store.end(id, { outcome, reason, report: null, files: [], lines }, clock.wallMs());
    log.warn({ dream: id, outcome, reason }, 'dream did not come to its end');
    return { ...notRun(reason, outcome === 'failed'), ran: true };
  };
  try {
    const had = await propose(ports, survey, show, signal);
    if (had.worked.kind !== 'proposed') {
      return await broken(had.worked.kind, had.worked.kind === 'failed' ? had.worked.reason : 'it was stopped');
    }
    return await settle(ports, id, { ...had, proposal: had.worked.proposal }, show, broken);
  } catch (error) {
    return broken('failed', ports.redact(messageOf(error)));
  }
}

type HadProposal = Proposed & { readonly proposal: Proposal };

/** Applies what was accepted; with it, what was read counts as read. */
async function settle(
  ports: DreamPorts,
  id: number,
  had: HadProposal,
  show: Show,
  broken: (outcome: 'failed' | 'cancelled', reason: string) => Promise<DreamResult>,
): Promise<DreamResult> {
  const { store, clock, memory } = ports;
  const { accepted, rejected } = had.validated;
  show('apply', 0, accepted.length);
  const marks = marksToKeep(had.proposal.marks, rejected);
  reached('dream.proposed');
  await store.stage(id, marks);
  reached('dream.staged');
  const applied = await memory.applyOperations(accepted, { author: 'dream', reason: `dream ${id}` });
  if (applied.edited.length > 0) {
    return broken('cancelled', `you are editing memory/${applied.edited[0]}: it is tried again later`);
  }
  const report = reportFor(had, applied, show('apply', accepted.length, accepted.length), ports.redact);
  reached('dream.applied');
  const outcome = applied.changes.length > 0 ? 'changed' : 'nothing';
  const reason = summaryOf(report);
  const lines = journalLines(id, report).map((line) => ({ ...line, text: ports.redact(line.text) }));
  await store.end(id, { outcome, reason, report, files: marks, lines }, clock.wallMs());
  ports.log.info({ dream: id, outcome, generation: applied.generation, files: report.counts.files }, 'dream ended');
  const { changes, generation } = applied;
  return { ran: true, reason, changes, generation, rejected, report, diff: null, failed: false };
}

/** The same without writing anything. */
async function rehearse(ports: DreamPorts, survey: Survey, show: Show, signal: AbortSignal): Promise<DreamResult> {
  const had = await propose(ports, survey, show, signal);
  if (had.worked.kind !== 'proposed') {
    return notRun(had.worked.kind === 'failed' ? had.worked.reason : 'it was stopped', had.worked.kind === 'failed');
  }
  const nowMs = ports.clock.wallMs();
  const drafted = applyTo(had.memory, had.validated.accepted, {
    nowMs,
    nowIso: formatInstant(nowMs, ports.timeZone()),
    limits: ports.limits(),
    redact: ports.redact,
    described: {},
  });
  const diff = [...drafted.texts]
    .map(([path, text]) => unifiedDiff(path, had.memory.files.get(path)?.text ?? null, text))
    .join('');
  const applied = { ...drafted, generation: null };
  const report = reportFor({ ...had, proposal: had.worked.proposal }, applied, show('apply', 0, 0), ports.redact);
  const { rejected } = had.validated;
  const reason = `${summaryOf(report)}; nothing was written`;
  return { ran: true, reason, changes: drafted.changes, generation: null, rejected, report, diff, failed: false };
}

/** What a topic was not allowed to lose this night has to be found again: its sessions count as unread. */
function marksToKeep(marks: readonly FileMark[], rejected: readonly Rejection[]): FileMark[] {
  const held = new Set(
    rejected.flatMap(({ section, operation }) => (section && 'src' in operation ? operation.src : [])),
  );
  return marks.filter(({ path }) => !held.has(sourceOf(path)));
}

function reportFor(
  { proposal, validated, model, jail }: HadProposal,
  applied: Pick<ApplyResult, 'generation' | 'changes' | 'refused' | 'conflicts'>,
  phasesMs: Readonly<Record<string, number>>,
  redact: Redact,
): DreamReport {
  const worker = { ...proposal.report, notes: proposal.report.notes.map(redact) };
  const { malformed } = proposal;
  return reportOf({
    applied,
    rejected: validated.rejected,
    malformed,
    worker,
    model: { ...model.use },
    jail,
    phasesMs: { ...phasesMs },
  });
}
