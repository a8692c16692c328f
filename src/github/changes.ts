import { z } from 'zod';
import type { GitHub } from './client.ts';
import { entries, instant } from './shapes.ts';

/** What may be changed on somebody's behalf. Approving and merging are not among it. */
export type Change =
  | { readonly kind: 'comment'; readonly number: number; readonly body: string }
  | {
      readonly kind: 'review';
      readonly number: number;
      readonly event: 'COMMENT' | 'REQUEST_CHANGES';
      readonly body: string;
      readonly comments: readonly { readonly path: string; readonly line: number; readonly body: string }[];
    };

/** `unsure`: it may have arrived, and whoever repeats it looks first. */
export type Changed =
  | { readonly kind: 'ok'; readonly url: string }
  | { readonly kind: 'refused' | 'later' | 'unsure'; readonly reason: string };

/** Whether something with one of these marks stands there already. */
export type Sought =
  | { readonly kind: 'found'; readonly url: string; readonly mark: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly reason: string };

const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/(?!\.{1,2}$)[\w.-]{1,100}$/;
const MARK = /^[\w.:-]{1,200}$/;
const SEEK_PAGES_MAX = 10;

const madeShape = z.object({ html_url: z.string() });
const writtenShape = z.object({
  html_url: z.string(),
  body: z.string().nullish(),
  submitted_at: instant.nullish(),
});

/** How a mark stands in a text: GitHub keeps it and shows it to nobody. */
function markText(mark: string): string {
  return `<!-- kairosd ${mark} -->`;
}

/** Makes one change, once, with an invisible mark by which it can be found again. */
export async function changeRepository(
  github: Pick<GitHub, 'post'>,
  repository: string,
  change: Change,
  mark: string,
  signal: AbortSignal,
): Promise<Changed> {
  if (!REPOSITORY.test(repository)) return { kind: 'refused', reason: 'expected a repository as owner/repo' };
  if (!MARK.test(mark)) return { kind: 'refused', reason: 'the mark of the call cannot be written' };
  const marked = `${change.body}\n\n${markText(mark)}`;
  const [path, body] =
    change.kind === 'comment'
      ? [`/repos/${repository}/issues/${change.number}/comments`, { body: marked }]
      : [`/repos/${repository}/pulls/${change.number}/reviews`, reviewOf(change, marked)];
  const posted = await github.post(path, body, signal);
  if (posted.kind === 'refused') return posted;
  if (posted.kind === 'later') return { kind: posted.unsure ? 'unsure' : 'later', reason: posted.reason };
  return { kind: 'ok', url: madeShape.safeParse(posted.payload).data?.html_url ?? '' };
}

/**
 * Looks for a comment or review of ours by its marks. Reads up to 1 000 of them; comments only those changed since then.
 *
 * @param sinceMs When the first attempt was begun, by our clock.
 */
export async function seekChange(
  github: Pick<GitHub, 'get'>,
  repository: string,
  sought: {
    readonly kind: Change['kind'];
    readonly number: number;
    readonly marks: readonly string[];
    readonly sinceMs: number;
  },
  signal: AbortSignal,
): Promise<Sought> {
  if (!REPOSITORY.test(repository)) return { kind: 'unknown', reason: 'expected a repository as owner/repo' };
  const { kind, number, marks } = sought;
  const since = Temporal.Instant.fromEpochMilliseconds(sought.sinceMs).toString({ smallestUnit: 'second' });
  let next: string | undefined =
    kind === 'comment'
      ? `/repos/${repository}/issues/${number}/comments?per_page=100&since=${since}`
      : `/repos/${repository}/pulls/${number}/reviews?per_page=100`;
  for (let page = 0; next !== undefined && page < SEEK_PAGES_MAX; page += 1) {
    const answer = await github.get(next, signal);
    if (answer.kind !== 'fresh') return { kind: 'unknown', reason: 'reason' in answer ? answer.reason : answer.kind };
    for (const { html_url: url, body } of entries(answer.payload, writtenShape)) {
      const mark = marks.find((one) => body?.includes(markText(one)) === true);
      if (mark !== undefined) return { kind: 'found', url, mark };
    }
    next = answer.next;
  }
  return next === undefined ? { kind: 'absent' } : { kind: 'unknown', reason: 'there are too many to look through' };
}

function reviewOf(change: Extract<Change, { kind: 'review' }>, body: string): Record<string, unknown> {
  const comments = change.comments.map((one) => ({ ...one, side: 'RIGHT' }));
  return { body, event: change.event, ...(comments.length === 0 ? {} : { comments }) };
}
