import { z } from 'zod';
import type { GitHub, Posted } from './client.ts';
import { entries, instant } from './shapes.ts';

/** One attempt of GitHub's to deliver something. Attempts at the same thing share their guid. */
export interface HookDelivery {
  readonly id: number;
  /** What webhooks carry as `X-GitHub-Delivery`. */
  readonly guid: string;
  readonly deliveredAtMs: number;
  readonly statusCode: number;
  readonly event: string;
}

/** What a question came to. */
export type Listed<Value> =
  | { readonly kind: 'ok'; readonly value: Value }
  /** 403, 404: not for this token. */
  | { readonly kind: 'refused' | 'later'; readonly reason: string };

const HOOKS_MAX = 100;
const PAGE_SIZE = 100;

const hookShape = z.object({
  id: z.int().positive(),
  active: z.boolean().default(true),
  config: z.object({ url: z.string().max(2_000) }),
});
// Ids are beyond 2^53 some day; then the entry cannot be read, and nothing is asked for by a wrong one.
const deliveryShape = z.object({
  id: z.int().positive(),
  guid: z.string().regex(/^[\x21-\x7e]{1,200}$/),
  delivered_at: instant,
  status_code: z.number(),
  event: z.string(),
});

/** The webhooks of a repository that point at this source: their address ends in `/webhooks/<source>`. */
export async function findHooks(
  github: Pick<GitHub, 'get'>,
  repository: string,
  source: string,
  signal: AbortSignal,
): Promise<Listed<readonly number[]>> {
  const answer = await github.get(`/repos/${repository}/hooks?per_page=${HOOKS_MAX}`, signal);
  if (answer.kind !== 'fresh') return stopped(answer);
  const ours = entries(answer.payload, hookShape).filter(
    ({ active, config }) => active && pointsAt(config.url, source),
  );
  return { kind: 'ok', value: ours.map(({ id }) => id) };
}

/**
 * The attempts of a webhook, newest first, back to a time; GitHub keeps them for three days.
 *
 * @param pagesMax Pages of 100; `whole` is false when there were more.
 */
export async function listDeliveries(
  github: Pick<GitHub, 'get'>,
  hook: { readonly repository: string; readonly id: number },
  back: { readonly toMs: number; readonly pagesMax: number },
  signal: AbortSignal,
): Promise<Listed<{ readonly deliveries: readonly HookDelivery[]; readonly whole: boolean }>> {
  const deliveries: HookDelivery[] = [];
  let next: string | undefined = `${pathOf(hook)}?per_page=${PAGE_SIZE}`;
  for (let page = 0; next !== undefined && page < back.pagesMax; page += 1) {
    const answer = await github.get(next, signal);
    if (answer.kind !== 'fresh') return stopped(answer);
    const read = entries(answer.payload, deliveryShape).map(({ id, guid, delivered_at, status_code, event }) => {
      return { id, guid, deliveredAtMs: delivered_at, statusCode: status_code, event };
    });
    deliveries.push(...read.filter(({ deliveredAtMs }) => deliveredAtMs >= back.toMs));
    const oldest = read.at(-1);
    next = oldest !== undefined && oldest.deliveredAtMs < back.toMs ? undefined : answer.next;
  }
  return { kind: 'ok', value: { deliveries, whole: next === undefined } };
}

/** Asks GitHub to deliver it once more, under the same guid. */
export function redeliver(
  github: Pick<GitHub, 'post'>,
  hook: { readonly repository: string; readonly id: number },
  deliveryId: number,
  signal: AbortSignal,
): Promise<Posted> {
  return github.post(`${pathOf(hook)}/${deliveryId}/attempts`, {}, signal);
}

function pathOf({ repository, id }: { readonly repository: string; readonly id: number }): string {
  return `/repos/${repository}/hooks/${id}/deliveries`;
}

function pointsAt(address: string, source: string): boolean {
  return URL.canParse(address) && new URL(address).pathname.replace(/\/+$/, '').endsWith(`/webhooks/${source}`);
}

function stopped(answer: { readonly kind: string; readonly reason?: string }): {
  readonly kind: 'refused' | 'later';
  readonly reason: string;
} {
  if (answer.kind === 'refused') return { kind: 'refused', reason: answer.reason ?? '' };
  return { kind: 'later', reason: answer.reason ?? `GitHub answered with something that is ${answer.kind}` };
}
