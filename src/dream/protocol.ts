import { z } from 'zod';
import type { Operation } from '../memory/operations.ts';
import { TOPIC_TYPES } from '../memory/topic.ts';

/*
 * Operations as they come out of the jailed worker. Here only their form is read, with a wide bound on everything; what they
 * may say is judged by the validator and by the memory itself.
 */

const name = z.string().min(1).max(64);
const bullet = z.string().regex(/^[0-9a-f]{12}$/, 'a fact is named by the first 12 hexadecimal digits of its hash');
const words = z.string().min(1).max(2_000);
const sources = z.array(z.string().min(1).max(80)).max(64);
const since = z.string().max(40).optional();
const type = z.enum(TOPIC_TYPES);

/** One operation of a proposal. A worker can't say that a fact is the owner's own. */
export const operationSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('add'),
    topic: name,
    type,
    text: words,
    src: sources,
    trust: z.enum(['derived', 'outside']),
    since,
  }),
  z.strictObject({
    kind: z.literal('merge'),
    topic: name,
    bullets: z.array(bullet).min(1).max(200),
    text: words,
    src: sources,
    since,
  }),
  z.strictObject({
    kind: z.literal('supersede'),
    topic: name,
    bullet,
    text: words,
    src: sources,
    since,
    trust: z.enum(['derived', 'outside']).optional(),
  }),
  z.strictObject({ kind: z.literal('archive'), topic: name, bullet, reason: words }),
  z.strictObject({ kind: z.literal('redact'), topic: name, bullet }),
  z.strictObject({ kind: z.literal('mark-stale'), topic: name, bullet, reason: words, moved: words.optional() }),
  z.strictObject({ kind: z.literal('conflict'), topic: name, bullet, text: words, src: sources, since }),
  z.strictObject({ kind: z.literal('describe'), topic: name, description: words }),
  z.strictObject({ kind: z.literal('new-topic'), name, type, description: words }),
]) satisfies z.ZodType<Operation>;
