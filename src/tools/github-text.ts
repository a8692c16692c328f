import { z } from 'zod';

const TEXT_CHARS_MAX = 40_000;
const BODY_CHARS_MAX = 4_000;
const REMARK_CHARS_MAX = 1_500;
const PATCH_CHARS_MAX = 6_000;
const LINE_CHARS_MAX = 200;

/** A text with a limit: the beginning, and how much is left out. */
export function capped(text: string, charsMax = TEXT_CHARS_MAX): string {
  if (text.length <= charsMax) return text;
  const head = text.slice(0, charsMax).replace(/[\ud800-\udbff]$/, '');
  return `${head}\n[${text.length - head.length} more characters]`;
}

const person = z.object({ login: z.string() }).nullish();
const label = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]);
const issueShape = z.object({
  number: z.number(),
  title: z.string(),
  state: z.string(),
  state_reason: z.string().nullish(),
  user: person,
  labels: z.array(label).default([]),
  assignees: z.array(z.object({ login: z.string() })).nullish(),
  body: z.string().nullish(),
  comments: z.number().optional(),
  created_at: z.string().optional(),
  updated_at: z.string().optional(),
  html_url: z.string().optional(),
  pull_request: z.object({}).nullish(),
});
const pullShape = issueShape.omit({ pull_request: true }).extend({
  draft: z.boolean().nullish(),
  merged: z.boolean().nullish(),
  mergeable_state: z.string().nullish(),
  head: z.object({ ref: z.string(), sha: z.string() }),
  base: z.object({ ref: z.string() }),
  additions: z.number().optional(),
  deletions: z.number().optional(),
  changed_files: z.number().optional(),
});

/** An issue, or the conversation of a pull request. */
export function issue(payload: unknown): string {
  const read = issueShape.safeParse(payload).data;
  if (read === undefined) return UNREADABLE;
  const kind = read.pull_request ? 'pull request' : 'issue';
  return [
    `${kind} #${read.number}: ${line(read.title)}`,
    facts(read),
    read.html_url,
    '',
    capped(plain(read.body ?? ''), BODY_CHARS_MAX) || '(no text)',
  ].join('\n');
}

/** A pull request without its conversation. */
export function pull(payload: unknown): string {
  const read = pullShape.safeParse(payload).data;
  if (read === undefined) return UNREADABLE;
  const { head, base, additions = 0, deletions = 0, changed_files: count = 0 } = read;
  const state = read.merged === true ? 'merged' : read.draft === true ? 'draft' : read.state;
  return [
    `pull request #${read.number}: ${line(read.title)}`,
    facts({ ...read, state }),
    `${line(head.ref)} (${head.sha.slice(0, 12)}) into ${line(base.ref)}, ${count} files, +${additions} −${deletions}` +
      (read.mergeable_state ? `, ${line(read.mergeable_state)}` : ''),
    read.html_url,
    '',
    capped(plain(read.body ?? ''), BODY_CHARS_MAX) || '(no text)',
  ].join('\n');
}

/** The commit a pull request is at. */
export function headOf(payload: unknown): string | undefined {
  return z.object({ head: z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) }) }).safeParse(payload).data?.head.sha;
}

const commentShape = z.object({ user: person, body: z.string().nullish(), created_at: z.string().optional() });

/** The newest comments, oldest of them first. */
export function comments(payload: unknown, more: boolean): string {
  const read = many(payload, commentShape);
  if (read.length === 0) return 'no comments';
  const texts = read.map(
    ({ user, body, created_at: at }) =>
      `${who(user)}${at ? `, ${at}` : ''}:\n${capped(plain(body ?? ''), REMARK_CHARS_MAX)}`,
  );
  return [`${more ? 'the newest' : 'all'} ${read.length} comments:`, ...texts].join('\n---\n');
}

const fileShape = z.object({
  filename: z.string(),
  status: z.string(),
  additions: z.number(),
  deletions: z.number(),
  patch: z.string().optional(),
});

/** The changed files with their patches. */
export function files(payload: unknown, more: boolean): string {
  const texts = many(payload, fileShape).map(({ filename, status, additions, deletions, patch }) => {
    const head = `${line(filename)} (${status}, +${additions} −${deletions})`;
    return patch === undefined
      ? `${head}\n(no diff: binary, or too large)`
      : `${head}\n${capped(plain(patch), PATCH_CHARS_MAX)}`;
  });
  if (texts.length === 0) return 'no files';
  return [...texts, ...(more ? ['(there are more files)'] : [])].join('\n\n');
}

const reviewShape = commentShape.extend({ state: z.string(), submitted_at: z.string().nullish() });

/** The reviews of a pull request. */
export function reviews(payload: unknown): string {
  const read = many(payload, reviewShape);
  if (read.length === 0) return 'no reviews';
  return read
    .map(({ user, state, body, submitted_at: at }) => {
      const text = capped(plain(body ?? ''), REMARK_CHARS_MAX);
      return `${who(user)} ${state.toLowerCase().replaceAll('_', ' ')}${at ? `, ${at}` : ''}${text === '' ? '' : `:\n${text}`}`;
    })
    .join('\n---\n');
}

const remarkShape = commentShape.extend({
  path: z.string(),
  line: z.number().nullish(),
  original_line: z.number().nullish(),
});

/** Remarks on lines. */
export function reviewComments(payload: unknown, more: boolean): string {
  const read = many(payload, remarkShape);
  if (read.length === 0) return '';
  const texts = read.map(({ user, path, line: now, original_line: then, body }) => {
    return `${line(path)}:${now ?? then ?? '?'} ${who(user)}:\n${capped(plain(body ?? ''), REMARK_CHARS_MAX)}`;
  });
  return [`remarks on lines${more ? ' (the newest)' : ''}:`, ...texts].join('\n---\n');
}

const checkShape = z.object({
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullish(),
  html_url: z.string().nullish(),
  output: z.object({ title: z.string().nullish(), summary: z.string().nullish() }).nullish(),
});

/** The checks of a commit; of those that failed, what they say. */
export function checks(payload: unknown, more: boolean): string {
  const read = many(z.object({ check_runs: z.array(z.unknown()) }).safeParse(payload).data?.check_runs, checkShape);
  if (read.length === 0) return 'no checks';
  const texts = read.map(({ name, status, conclusion, html_url: url, output }) => {
    const state = conclusion ?? status;
    const failed = !['success', 'neutral', 'skipped', 'queued', 'in_progress', 'pending'].includes(state);
    const said = failed ? capped(plain([output?.title, output?.summary].filter(Boolean).join('\n')), 800) : '';
    return `${line(name)}: ${state}${failed && url ? ` ${url}` : ''}${said === '' ? '' : `\n${said}`}`;
  });
  return [...texts, ...(more ? ['(there are more)'] : [])].join('\n');
}

/** Issues or pull requests, one a line. */
export function list(payload: unknown, more: boolean): string {
  const lines = many(payload, issueShape).map((read) => {
    const kind = read.pull_request ? 'pull request' : '';
    const names = read.labels.length === 0 ? '' : ` [${read.labels.slice(0, 8).map(line).join(', ')}]`;
    return `#${read.number} ${read.state}${kind && ` ${kind}`} ${line(read.title)}${names} by ${who(read.user)}`;
  });
  if (lines.length === 0) return 'none';
  return [...lines, ...(more ? ['(there are more)'] : [])].join('\n');
}

/** What a search found. */
export function found(payload: unknown, more: boolean): string {
  const read = z.object({ total_count: z.number(), items: z.array(z.unknown()) }).safeParse(payload).data;
  return read === undefined ? UNREADABLE : `${read.total_count} found\n${list(read.items, more)}`;
}

const UNREADABLE = 'GitHub answered something that cannot be read.';

function facts(read: z.output<typeof issueShape> | z.output<typeof pullShape>): string {
  const { state, state_reason: reason, user, labels, assignees, comments: count, created_at: at } = read;
  return [
    reason ? `${state} (${line(reason)})` : state,
    `by ${who(user)}${at ? `, ${at}` : ''}`,
    labels.length === 0 ? '' : `labels ${labels.slice(0, 20).map(line).join(', ')}`,
    assignees?.length ? `assigned to ${assignees.map(({ login }) => line(login)).join(', ')}` : '',
    count ? `${count} comments` : '',
  ]
    .filter(Boolean)
    .join('; ');
}

function who(user: z.output<typeof person>): string {
  return user ? line(user.login) : 'somebody';
}

function many<Shape extends z.ZodType>(payload: unknown, shape: Shape): z.output<Shape>[] {
  if (!Array.isArray(payload)) return [];
  return payload.flatMap((entry: unknown) => {
    const parsed = shape.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
}

// Control characters and marks that turn text round or hide it; what hides in comments of HTML stays to be seen.
const UNSEEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

function plain(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(UNSEEN, (mark) => (mark === '\n' || mark === '\t' ? mark : ''))
    .trim();
}

function line(text: string): string {
  return plain(text).replaceAll(/\s+/g, ' ').slice(0, LINE_CHARS_MAX);
}
