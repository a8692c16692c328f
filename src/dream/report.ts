import type { JournalDraft } from '../core/job.ts';
import type { ApplyResult } from '../memory/store.ts';
import type { Change } from '../memory/operations.ts';
import type { WorkerReport } from './messages.ts';
import type { ModelUse } from './serve-model.ts';
import type { Rejection } from './validate.ts';

/** What a dream did: kept in the ledger, shown by `kairos dream` and in the digest. Every list is cut at fifty. */
export interface DreamReport {
  readonly generation: number | null;
  readonly added: readonly { readonly topic: string; readonly text: string }[];
  readonly merged: readonly { readonly topic: string; readonly text: string; readonly was: readonly string[] }[];
  readonly superseded: readonly { readonly topic: string; readonly old: string; readonly new: string }[];
  readonly archived: readonly { readonly topic: string; readonly text: string; readonly reason: string }[];
  /** A secret was taken out where it stood. */
  readonly redacted?: readonly { readonly topic: string; readonly text: string }[] | undefined;
  readonly stale: readonly { readonly topic: string; readonly text: string; readonly reason: string }[];
  /** For the owner to settle: what they wrote, and what speaks against it. */
  readonly conflicts: readonly {
    readonly topic: string;
    readonly yours: string;
    readonly text: string;
    readonly src: readonly string[];
    /** When that was said, or since when it is so. */
    readonly since?: string | undefined;
  }[];
  /** Topics of which nothing was retired, because it would have been too much for one night. */
  readonly held: readonly { readonly topic: string; readonly operations: number; readonly reason: string }[];
  /** Operations that broke a rule. */
  readonly rejected: readonly { readonly topic: string; readonly kind: string; readonly reason: string }[];
  readonly counts: {
    readonly changes: number;
    readonly rejected: number;
    readonly files: number;
    readonly bytes: number;
    readonly items: number;
    readonly skipped: number;
    /** Files that wait for the next dream. */
    readonly left: number;
    readonly rssMaxMb: number;
  };
  readonly notes: readonly string[];
  readonly model: ModelUse;
  /** What the worker was confined by. */
  readonly jail: string;
  readonly phasesMs: Readonly<Record<string, number>>;
}

export interface ReportParts {
  readonly applied: Pick<ApplyResult, 'generation' | 'changes' | 'refused' | 'conflicts'>;
  readonly rejected: readonly Rejection[];
  readonly malformed: readonly string[];
  readonly worker: WorkerReport;
  readonly model: ModelUse;
  readonly jail: string;
  readonly phasesMs: Readonly<Record<string, number>>;
}

const LIST_MAX = 50;
const LINE_CHARS_MAX = 300;
const LINES_MAX = 20;

/** The facts of a dream, as they are kept. */
export function reportOf({ applied, rejected, malformed, worker, model, jail, phasesMs }: ReportParts): DreamReport {
  const changes = (kind: Change['kind']): readonly Change[] =>
    applied.changes.filter((change) => change.kind === kind).slice(0, LIST_MAX);
  // What is known already is no news.
  const refused = applied.refused.filter(({ known }) => known !== true);
  const broken = [
    ...rejected
      .filter(({ section }) => !section)
      .map(({ topic, operation, reason }) => ({ topic, kind: operation.kind as string, reason })),
    ...refused.map(({ operation, reason }) => ({
      topic: operation.kind === 'new-topic' ? operation.name : operation.topic,
      kind: operation.kind as string,
      reason,
    })),
    ...malformed.map((reason) => ({ topic: '', kind: 'malformed', reason })),
  ];
  return {
    generation: applied.generation,
    added: changes('add').map(({ topic, text }) => ({ topic, text })),
    merged: changes('merge').map(({ topic, text, was = [] }) => ({ topic, text, was })),
    superseded: changes('supersede').map(({ topic, text, was = [] }) => ({ topic, old: was[0] ?? '', new: text })),
    archived: changes('archive').map(({ topic, text, reason = '' }) => ({ topic, text, reason })),
    redacted: changes('redact').map(({ topic, text }) => ({ topic, text })),
    stale: changes('mark-stale').map(({ topic, text, reason = '' }) => ({ topic, text, reason })),
    conflicts: applied.conflicts.slice(0, LIST_MAX).map(({ topic, ownersText, text, src, since }) => ({
      topic,
      yours: ownersText,
      text,
      src,
      ...(since === undefined ? {} : { since }),
    })),
    held: heldOf(rejected),
    rejected: broken.slice(0, LIST_MAX),
    counts: {
      changes: applied.changes.length,
      rejected: broken.length,
      files: worker.files,
      bytes: worker.bytes,
      items: worker.items,
      skipped: worker.skipped,
      left: worker.left,
      rssMaxMb: worker.rssMaxMb,
    },
    notes: worker.notes,
    model,
    jail,
    phasesMs,
  };
}

/** The lines of the daily log. Facts only; what the memory itself records of its generation is not repeated. */
export function journalLines(id: number, report: DreamReport): JournalDraft[] {
  const lines = [
    `dream ${id}: ${summaryOf(report)}`,
    ...report.superseded.map(({ topic, old, new: fresh }) => `${topic}: "${old}" is now "${fresh}"`),
    ...report.conflicts.map(
      ({ topic, yours, text, src, since }) =>
        `${topic}: you wrote "${yours}", ${src.join(', ')} says "${text}"${since === undefined ? '' : ` (${since.slice(0, 10)})`}: which is so?`,
    ),
    ...report.held.map(({ reason }) => `held back: ${reason}`),
  ];
  return lines.slice(0, LINES_MAX).map((text) => ({ kind: 'dream', ref: '', text: text.slice(0, LINE_CHARS_MAX) }));
}

/** One line for a person. */
export function summaryOf({ counts, generation, superseded, conflicts, held, model, ...lists }: DreamReport): string {
  const did = [
    ...said(lists.added.length, 'added'),
    ...said(lists.merged.length, 'merged'),
    ...said(superseded.length, 'superseded'),
    ...said(lists.archived.length, 'archived'),
    ...said(lists.redacted?.length ?? 0, 'secrets taken out'),
    ...said(lists.stale.length, 'marked stale'),
    ...said(conflicts.length, 'for you to settle'),
    ...said(held.length, 'topics held back'),
    ...said(counts.rejected, 'rejected'),
  ];
  const nothing =
    counts.files === 0 ? 'nothing new since the last dream' : `nothing worth changing in ${counts.files} new files`;
  const what = did.length === 0 ? nothing : did.join(', ');
  const cost = model.questions === 0 ? '' : `; ${model.questions} questions to the model, ${model.tokens} tokens`;
  return `${what}${generation === null ? '' : ` (generation ${generation})`}${cost}`;
}

function heldOf(rejected: readonly Rejection[]): DreamReport['held'] {
  const topics = new Map<string, { operations: number; reason: string }>();
  for (const { topic, section, reason } of rejected) {
    if (!section) continue;
    topics.set(topic, { operations: (topics.get(topic)?.operations ?? 0) + 1, reason });
  }
  return [...topics].slice(0, LIST_MAX).map(([topic, held]) => ({ topic, ...held }));
}

function said(count: number, words: string): string[] {
  return count === 0 ? [] : [`${count} ${words}`];
}
