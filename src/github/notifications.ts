import { z } from 'zod';
import { NO_DETAILS } from './details.ts';
import type { Feed } from './feed.ts';
import { entries, instant, repositoryFields, type Fields } from './shapes.ts';

const threadShape = z.looseObject({
  id: z.string().regex(/^\w{1,64}$/),
  reason: z.string(),
  updated_at: instant,
  subject: z.looseObject({ title: z.string(), url: z.string().nullish(), type: z.string() }),
  repository: z.looseObject({ full_name: z.string() }),
});
type Thread = z.output<typeof threadShape>;

/**
 * `GET /notifications`: what GitHub would put into the token owner's inbox, as events of type `notification` with the reason
 * (`mention`, `review_requested`, `assign` …) as action. There is no such webhook. Of all repositories, not only of those
 * polled. Needs a classic token with the scope `notifications`.
 */
export function notifications({ source, web }: { readonly source: string; readonly web: string }): Feed {
  return {
    name: `${source} notifications`,
    path: (pageSize) => `/notifications?per_page=${Math.min(pageSize, 50)}`,
    pagesMax: 10,
    details: () => NO_DETAILS,
    items: (payload) =>
      entries(payload, threadShape).map((thread) => ({
        // The same thread comes again when something is added to it.
        id: `notification:${thread.id}:${thread.updated_at}`,
        createdAtMs: thread.updated_at,
        happenedAtMs: thread.updated_at,
        over: true,
        translate: async () => ({ type: 'notification', payload: payloadOf(thread, web) }),
      })),
  };
}

function payloadOf({ id, reason, subject, repository }: Thread, web: string): Fields {
  const place = repositoryFields(repository.full_name, web);
  const seen = subjectOf(subject.url ?? '', String(place['html_url']));
  return {
    action: reason,
    title: subject.title,
    html_url: seen.html_url,
    notification: { id, reason, subject, html_url: seen.html_url },
    // So that it shares a topic with the other events of its pull request or issue.
    ...(seen.kind === undefined
      ? {}
      : { [seen.kind]: { number: seen.number, title: subject.title, html_url: seen.html_url } }),
    repository: place,
  };
}

const SUBJECT = /\/(pulls|issues)\/(\d{1,10})$/;

/** The page of what a notification is about; the API only names the API's own address. */
function subjectOf(
  apiUrl: string,
  place: string,
): { html_url: string; kind?: 'pull_request' | 'issue'; number?: number } {
  const [, kind, digits = ''] = SUBJECT.exec(apiUrl) ?? [];
  if (kind === undefined) return { html_url: place };
  const isPull = kind === 'pulls';
  const html_url = `${place}/${isPull ? 'pull' : 'issues'}/${digits}`;
  return { html_url, kind: isPull ? 'pull_request' : 'issue', number: Number(digits) };
}
