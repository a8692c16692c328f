import { z } from 'zod';
import { KairosError } from '../../core/errors.ts';
import { formatDuration, parseDurationMs } from '../../core/units.ts';

const EDIT_MS = 600_000;

const EDIT_MS_MIN = 10_000;
const EDIT_MS_MAX = 86_400_000;

/** `edit: 10m | off`: how long an alert that was delivered grows in place when more of its topic comes. As milliseconds. */
export const editOption = z
  .union([z.number(), z.string()])
  .transform((value, context) => {
    if (value === 'off') return 0;
    const ms = parseDurationMs(String(value));
    if (ms !== undefined && ms >= EDIT_MS_MIN && ms <= EDIT_MS_MAX) return ms;
    const bounds = `${formatDuration(EDIT_MS_MIN)} to ${formatDuration(EDIT_MS_MAX)}`;
    const message = `must be a duration from ${bounds} such as 10m, or off, got ${JSON.stringify(value)}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .prefault(EDIT_MS)
  .meta({
    description:
      'How long a delivered alert is changed in place, without a sound, when more of its topic comes; `off` for never.',
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
