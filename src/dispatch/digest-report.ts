import { KairosError } from '../core/errors.ts';
import { formatId } from '../core/units.ts';
import type { Handler } from './handlers.ts';

/** What the report needs of whoever knows the ledger and the home. */
export interface DigestReports {
  /**
   * Writes the file of a day and returns what to tell the owner: the same bytes as long as the ledger says the same.
   *
   * @param word A date, `today`, `yesterday`, or nothing or the instant of a slot: the day before when that is before noon,
   *   else the day so far.
   * @throws {KairosError} `INPUT_INVALID` when it is none of these.
   */
  write(
    word: string,
    askedAtMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly date: string; readonly text: string }>;
}

/**
 * The daily digest as a job: the file first, then, in the transaction that settles the job, one message under the topic
 * `digest`. Killed in between, it runs again: the file is the same, and the job has its message once.
 */
export function createDigestReport(reports: DigestReports): Handler {
  return async (job, signal) => {
    try {
      const { date, text } = await reports.write(job.text.trim(), job.createdAtMs, signal);
      const line = { kind: 'digest', ref: formatId('j', job.id), text: `the digest of ${date} was written` };
      const asked = job.reactive && job.eventId !== null;
      const message = {
        kind: asked ? 'reactive' : 'proactive',
        urgent: job.urgent,
        topic: 'digest',
        text,
        replyTo: asked ? job.eventId : null,
        jobId: job.id,
        count: 1,
      } as const;
      return {
        kind: 'succeeded',
        effects: [
          { kind: 'message', message },
          { kind: 'journal', line },
        ],
      };
    } catch (error) {
      // A word that is no day will be none the next time either.
      if (error instanceof KairosError && error.code === 'INPUT_INVALID')
        return { kind: 'failed', error: error.message };
      throw error;
    }
  };
}
