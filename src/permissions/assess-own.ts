import type { Json } from '../core/agent.ts';
import type { Assessment, Surroundings } from './call.ts';
import { assessed, isFields, notUnderstood, textOf, understand } from './understand.ts';

/** `notify {text, channel?}`: to the owner over a configured channel LOW, and nothing leaves; anywhere else HIGH. */
export function assessNotify(input: Json, surroundings: Surroundings): Assessment {
  const fields = understand(input, ['text'], ['channel', 'topic']);
  if (fields === undefined || !['string', 'undefined'].includes(typeof fields['channel']))
    return notUnderstood('expected {text, channel?} with texts');
  const channel = textOf(fields, 'channel');
  if (channel === '' || surroundings.channels?.includes(channel) === true)
    return assessed('LOW', 'tells the owner over a configured channel');
  return assessed('HIGH', `tells somebody over ${channel.slice(0, 60)}, which is not configured`, { sends: true });
}

/**
 * `memory {action, …}`: looking is LOW, noting a fact about a project LOW; what is believed of the owner counts as
 * leaving the run, because it steers every later one. What it brings back is trusted as its result says.
 */
export function assessMemory(input: Json): Assessment {
  if (!isFields(input)) return notUnderstood('expected {action, …}');
  const action = textOf(input, 'action');
  if (LOOKS.has(action)) return assessed('LOW', 'looks into the memory');
  if (!NOTES.has(action)) return notUnderstood('no rule knows this action on the memory');
  const type = textOf(input, 'type');
  if (action === 'remember' && (type === 'project' || type === 'reference'))
    return assessed('LOW', `remembers something about a ${type}`);
  return assessed('MEDIUM', type === '' ? 'changes what is remembered' : `changes a ${type} memory`, { sends: true });
}

/** `schedule {…}`: a later run, which acts as if the owner had configured it; so it counts as leaving this one. */
export function assessSchedule(input: Json): Assessment {
  if (!isFields(input)) return notUnderstood('expected {…} with what is to happen when');
  const action = textOf(input, 'action');
  if (action === 'list' || action === 'show') return assessed('LOW', 'looks at the schedules');
  const stranger = Object.keys(input).find((key) => !SCHEDULE_KEYS.has(key));
  if (stranger !== undefined) return notUnderstood(`no rule knows ${stranger.slice(0, 40)} of a schedule`);
  return assessed('MEDIUM', 'arranges a later run', { sends: true });
}

/** `sleep {…}`: the run is laid aside. */
export function assessSleep(input: Json): Assessment {
  return isFields(input) ? assessed('LOW', 'waits') : notUnderstood('expected {…} with how long to wait');
}

/** `ask {…}`: a question to the owner. */
export function assessAsk(input: Json): Assessment {
  return isFields(input) ? assessed('LOW', 'asks the owner') : notUnderstood('expected {…} with the question');
}

const LOOKS = new Set(['search', 'topic', 'show', 'read', 'list', 'verify', 'history']);
const NOTES = new Set(['remember', 'note', 'update', 'forget', 'supersede']);
const SCHEDULE_KEYS = new Set(
  'action name at in every cron prompt text reason topic catchUp timezone delay minutes seconds'.split(' '),
);
