import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Redact } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { readBody } from './body.ts';

/** Something that is followed until it closes. */
export interface FollowState {
  /** `owner/repo#123`. */
  readonly ref: string;
  /** By somebody outside; empty when it was not asked for. */
  readonly title: string;
  readonly by: string;
  /** How its events come. */
  readonly road: 'webhook' | 'poll' | 'follow';
  readonly sinceMs: number;
}

export interface FollowAsked {
  readonly ref: string;
  /** Rather poll than wait for webhooks. */
  readonly poll: boolean;
  readonly by: string;
}

/** What is followed, and who may have it otherwise. */
export interface FollowsPort {
  /** Oldest first. */
  list(): readonly FollowState[];
  /** @throws {KairosError} `INPUT_INVALID`, `NOT_FOUND`, `STATE_CONFLICT` (closed, too many), `SECRET_MISSING`. */
  add(asked: FollowAsked): Promise<FollowState & { readonly note: string }>;
  /** @throws {KairosError} `INPUT_INVALID`, `NOT_FOUND` when it is not followed. */
  remove(ref: string): Promise<void>;
}

export interface FollowDeps {
  readonly follows: FollowsPort;
  readonly redact: Redact;
  readonly timeZone: () => string;
}

const subscribe = z.strictObject({
  ref: z.string().min(1).max(500),
  remove: z.boolean().default(false),
  poll: z.boolean().default(false),
  by: z
    .string()
    .regex(/^[\w:-]{1,64}$/, 'must be a name')
    .default('api'),
});

/** `POST /api/subscribe {ref, remove?, poll?}` follows one issue or pull request or ends it; `GET /api/follows` lists them. */
export function followRoutes({ follows, redact, timeZone }: FollowDeps): (app: FastifyInstance) => void {
  const view = ({ ref, title, by, road, sinceMs }: FollowState): object => {
    return { kind: 'follow', ref, title: redact(title), by, road, since: formatInstant(sinceMs, timeZone()) };
  };
  return (app) => {
    app.get('/api/follows', async () => ({ items: follows.list().toReversed().map(view), next: null }));
    app.post('/api/subscribe', async ({ body }, reply) => {
      const asked = readBody(subscribe, body);
      if (asked.remove) {
        await follows.remove(asked.ref);
        return { kind: 'follow', ref: asked.ref, removed: true };
      }
      const added = await follows.add(asked);
      return reply.code(201).send({ ...view(added), note: added.note });
    });
  };
}
