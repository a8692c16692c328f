import type { FastifyInstance } from 'fastify';
import { KairosError } from '../core/errors.ts';

export interface DigestDeps {
  /**
   * The facts of a day, fit to be shown.
   *
   * @param word A date, `today` or `yesterday`.
   * @throws {KairosError} `INPUT_INVALID` when it is none of these.
   */
  readonly digest: (word: string, signal: AbortSignal) => Promise<object>;
}

/** `GET /api/digest?date=`: what `kairos digest --json` prints; today so far without a date. */
export function digestRoutes({ digest }: DigestDeps): (app: FastifyInstance) => void {
  return (app) => {
    app.get('/api/digest', async ({ query }, reply) => {
      const { date = 'today' } = query as { readonly date?: unknown };
      if (typeof date !== 'string') throw new KairosError('INPUT_INVALID', 'date: expected one value, got several');
      // A day of a million events takes some seconds; nobody waits for it after hanging up.
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      return digest(date, gone.signal);
    });
  };
}
