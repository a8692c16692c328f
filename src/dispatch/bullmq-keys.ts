import { parcelOf } from './parcels.ts';
import { ANY_LABEL } from './remote-work.ts';

/** Everything in Redis lies under this: what an ACL has to allow is `~kairos:*`. */
export const KEY_PREFIX = 'kairos';

/** The queue of a label; empty: of work that asks for none. */
export function queueOf(label: string): string {
  return `work-${label === '' ? ANY_LABEL : label}`;
}

/** The job of BullMQ that an attempt travels in, maybe with others. Names that are numbers are BullMQ's own. */
export function queueJobId(token: string): string {
  return `t${parcelOf(token)}`;
}

/** Where BullMQ keeps that job. */
export function jobKey(label: string, token: string): string {
  return `${KEY_PREFIX}:${queueOf(label)}:${queueJobId(token)}`;
}

/** The stream of outcomes for one home: each stays until it is in its ledger. */
export function outcomesKey(brain: string): string {
  return `${KEY_PREFIX}:outcomes:${brain}`;
}

/** More outcomes than this are not kept: the attempts of those that fall out are made again. */
export const OUTCOMES_MAX = 100_000;

/** The ids of workers that may be there. */
export const WORKERS_KEY = `${KEY_PREFIX}:workers`;

/** What a worker says of itself; goes with it. */
export function workerKey(id: string): string {
  return `${KEY_PREFIX}:worker:${id}`;
}

/** There while whoever has this attempt is to stop it. */
export function stopKey(token: string): string {
  return `${KEY_PREFIX}:stop:${token}`;
}

/** Of BullMQ's own events nobody here reads any: they are kept short. */
export const EVENTS_MAX = 100;
