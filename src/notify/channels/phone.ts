import { z } from 'zod';
import { KairosError } from '../../core/errors.ts';
import { durationValue } from '../../core/units.ts';

const EDIT_MS = 600_000;

/** `edit: 10m | off`: how long an alert that was delivered grows in place when more of its topic comes. As milliseconds. */
export const editOption = z
  .union([z.literal('off').transform(() => 0), durationValue({ minMs: 10_000, maxMs: 86_400_000 })], {
    error: 'must be off, or a duration from 10s to 1d such as 10m',
  })
  .prefault(EDIT_MS)
  .meta({
    description:
      'How long a delivered alert is changed in place, without a sound, when more of its topic comes: a duration such as 10m, or off. Default 10m.',
  });

/**
 * The root of a service's API, from the environment, without a slash at its end.
 *
 * @throws {KairosError} `CONFIG_INVALID` when it is no http or https URL.
 */
export function apiRoot(name: string, given: string | undefined, usual: string): string {
  const root = given || usual;
  if (/^https?:$/.test(URL.parse(root)?.protocol ?? '')) return root.replace(/\/+$/, '');
  throw new KairosError('CONFIG_INVALID', `${name} must be an http or https URL such as ${usual}, got something else`);
}

/** How an urgent message begins. */
export const URGENT_MARK = '❗ Urgent: ';

/** A doubled message that nothing can prevent. */
export const DOUBLE_NOTE = 'sent again after an attempt without an answer: it may be there twice';
