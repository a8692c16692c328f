import type { GitHub } from './client.ts';

/** What may be read of one repository. The closed set of paths this client asks for on somebody's behalf. */
export type Question =
  | { readonly kind: 'issue' | 'comments' | 'pull' | 'files' | 'reviews' | 'review-comments'; readonly number: number }
  | { readonly kind: 'checks'; readonly ref: string }
  | {
      readonly kind: 'list-issues' | 'list-pulls';
      readonly state: 'open' | 'closed' | 'all';
      readonly labels?: string | undefined;
    }
  | { readonly kind: 'search'; readonly query: string };

/** What came of it. `more`: there is a further page, which is not read. */
export type Read =
  | { readonly kind: 'ok'; readonly payload: unknown; readonly more: boolean }
  | { readonly kind: 'refused' | 'later' | 'too-large'; readonly reason: string };

const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/(?!\.{1,2}$)[\w.-]{1,100}$/;
const PAGE_SIZES = [50, 10] as const;
/** Comments come oldest first, and the newest are what is asked for. */
const NEWEST_LAST: ReadonlySet<string> = new Set(['comments', 'reviews', 'review-comments']);
const LATER_PAGES_MAX = 200;

/**
 * Reads one thing of a repository, one page of it: the newest. Never throws for what the far side does.
 *
 * @param repository owner/repo; anything else is refused without asking.
 */
export async function readRepository(
  github: Pick<GitHub, 'get'>,
  repository: string,
  question: Question,
  signal: AbortSignal,
): Promise<Read> {
  if (!REPOSITORY.test(repository)) return { kind: 'refused', reason: 'expected a repository as owner/repo' };
  for (const size of PAGE_SIZES) {
    const path = pathOf(repository, question, size);
    const read = await readNewest(github, path, question, signal);
    // Some diffs are huge: fewer of them may do.
    if (read.kind !== 'too-large') return read;
  }
  return { kind: 'too-large', reason: 'the answer of GitHub is over 5 MiB' };
}

async function readNewest(
  github: Pick<GitHub, 'get'>,
  path: string,
  { kind }: Question,
  signal: AbortSignal,
): Promise<Read> {
  const first = await github.get(path, signal);
  if (first.kind === 'too-large') return { kind: 'too-large', reason: '' };
  if (first.kind === 'unchanged') return { kind: 'later', reason: 'GitHub says nothing changed since never' };
  if (first.kind !== 'fresh') return first;
  const { payload, next, last } = first;
  if (next === undefined || last === undefined || !NEWEST_LAST.has(kind) || pageOf(last) > LATER_PAGES_MAX) {
    return { kind: 'ok', payload, more: next !== undefined };
  }
  const newest = await github.get(last, signal);
  if (newest.kind !== 'fresh') return { kind: 'ok', payload, more: true };
  return { kind: 'ok', payload: newest.payload, more: true };
}

function pageOf(path: string): number {
  return Number(/[?&]page=(\d{1,6})/.exec(path)?.[1] ?? 1);
}

function pathOf(repository: string, question: Question, size: number): string {
  const root = `/repos/${repository}`;
  const page = `per_page=${size}`;
  switch (question.kind) {
    case 'issue':
    case 'comments':
      return `${root}/issues/${question.number}${question.kind === 'issue' ? '' : `/comments?${page}`}`;
    case 'pull':
      return `${root}/pulls/${question.number}`;
    case 'files':
    case 'reviews':
      return `${root}/pulls/${question.number}/${question.kind}?${page}`;
    case 'review-comments':
      return `${root}/pulls/${question.number}/comments?${page}`;
    case 'checks':
      return `${root}/commits/${encodeURIComponent(question.ref)}/check-runs?${page}`;
    case 'search':
      return `/search/issues?q=${encodeURIComponent(searchWords(question.query, repository))}&${page}`;
    default:
      return listPath(root, question, page);
  }
}

function listPath(
  root: string,
  { kind, state, labels }: Extract<Question, { kind: 'list-issues' | 'list-pulls' }>,
  page: string,
): string {
  if (kind === 'list-pulls') return `${root}/pulls?state=${state}&sort=updated&direction=desc&${page}`;
  const wanted = labels === undefined ? '' : `&labels=${encodeURIComponent(labels)}`;
  return `${root}/issues?state=${state}&sort=updated&direction=desc${wanted}&${page}`;
}

/** Qualifiers that name another place are taken out: this is about one repository. */
function searchWords(query: string, repository: string): string {
  const words = query.split(/\s+/).filter((word) => !/^[-"(]*(?:repo|org|user|owner):/i.test(word));
  return `${words.join(' ')} repo:${repository}`.trim();
}
