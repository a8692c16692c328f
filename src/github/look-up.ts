import { z } from 'zod';
import type { GitHub } from './client.ts';

/** An issue or pull request as it is now. */
export interface Subject {
  /** As GitHub writes it. */
  readonly title: string;
  readonly state: 'open' | 'closed';
  readonly isPull: boolean;
  readonly url: string;
  /** The newest commit of a pull request. */
  readonly headSha: string | null;
}

const issueShape = z.object({
  title: z.string(),
  state: z.enum(['open', 'closed']),
  html_url: z.string(),
  pull_request: z.object({}).nullish(),
});
const pullShape = z.object({ head: z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) }) });

/** What GitHub says of an issue or pull request. @returns Why not, in words, when it does not say. */
export async function lookUp(
  github: Pick<GitHub, 'get'>,
  { repository, number }: { readonly repository: string; readonly number: number },
  signal: AbortSignal,
): Promise<Subject | { readonly kind: 'refused' | 'later'; readonly reason: string }> {
  const answer = await github.get(`/repos/${repository}/issues/${number}`, signal);
  if (answer.kind === 'refused') return answer;
  if (answer.kind !== 'fresh') return { kind: 'later', reason: 'reason' in answer ? answer.reason : answer.kind };
  const issue = issueShape.safeParse(answer.payload).data;
  if (issue === undefined) return { kind: 'later', reason: 'GitHub answered something that is no issue' };
  const isPull = issue.pull_request !== undefined && issue.pull_request !== null;
  const pull = isPull ? await github.get(`/repos/${repository}/pulls/${number}`, signal) : undefined;
  const head = pull?.kind === 'fresh' ? pullShape.safeParse(pull.payload).data?.head.sha : undefined;
  return { title: issue.title, state: issue.state, isPull, url: issue.html_url, headSha: head ?? null };
}
