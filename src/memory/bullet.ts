import { createHash } from 'node:crypto';

/** Whose word a fact is. A derived one was concluded by kairosd from the owner's own sessions. */
export type FactTrust = 'owner' | 'derived' | 'outside';

/** One fact of a topic. Dates are local dates or instants in ISO 8601, as they were written. */
export interface Bullet {
  readonly text: string;
  /** True since. */
  readonly since?: string | undefined;
  /** Ids of the sessions or events it comes from. None: a person wrote it. */
  readonly src: readonly string[];
  readonly trust?: FactTrust | undefined;
  /** No longer true since; `by` is the id of what overtook it. */
  readonly until?: string | undefined;
  readonly by?: string | undefined;
  /** Its lines as they stand in the file, without the last line end. */
  readonly raw: string;
}

const KEYS = ['since', 'src', 'trust', 'until', 'by'] as const;
type Key = (typeof KEYS)[number];

const TRUSTS: readonly string[] = ['owner', 'derived', 'outside'];

/** A person wrote it, or vouches for it: it is never lost, reworded or overruled by a machine. */
export function isOwners(bullet: Pick<Bullet, 'src' | 'trust'>): boolean {
  return bullet.trust === 'owner' || (bullet.src.length === 0 && bullet.trust === undefined);
}

/** Names a bullet in a proposal: whoever changed it meanwhile made another one of it. */
export function bulletId(topic: string, bullet: Pick<Bullet, 'raw'>): string {
  return createHash('sha256').update(`${topic}\n${bullet.raw}`).digest('hex').slice(0, 12);
}

/**
 * Reads the lines of one bullet: the first begins with `- ` (or `* `), the others are indented. Braces at the end that hold
 * anything but the known keys are part of the text.
 */
export function parseBullet(raw: string): Bullet {
  const lines = raw.split('\n').map((line) => line.trim());
  const whole = lines
    .join(' ')
    .replace(/^[-*]\s+/, '')
    .trim();
  const from = whole.endsWith('}') ? whole.lastIndexOf('{') : -1;
  const marks = from < 0 ? undefined : readMarks(whole.slice(from + 1, -1));
  if (marks === undefined) return { text: whole, src: [], raw };
  const { src, trust, ...rest } = marks;
  return {
    text: whole.slice(0, from).trim(),
    ...rest,
    src: src?.split(/[\s+]+/).filter((id) => id !== '') ?? [],
    ...(trust !== undefined && TRUSTS.includes(trust) ? { trust: trust as FactTrust } : {}),
    raw,
  };
}

/** The line of a fact as kairosd writes it. The text is one line; braces at its end would be read as marks. */
export function renderBullet(fact: Omit<Bullet, 'raw'>): string {
  const marks = KEYS.flatMap((key) => {
    const value = key === 'src' ? fact.src.join(' ') : fact[key];
    return value === undefined || value === '' ? [] : [`${key}: ${value}`];
  });
  const text = fact.text.replaceAll(/\s+/g, ' ').trim();
  return marks.length === 0 ? `- ${text}` : `- ${text} {${marks.join(', ')}}`;
}

/** The same fact with other marks, its words untouched. */
export function remark(bullet: Bullet, marks: Partial<Omit<Bullet, 'raw' | 'text'>>): Bullet {
  const changed = { ...bullet, ...marks };
  return { ...changed, raw: renderBullet(changed) };
}

/** By hand, and not with a pattern that backtracks: a line may be as long as a file. */
function readMarks(text: string): Partial<Record<Key, string>> | undefined {
  const marks: Partial<Record<Key, string>> = {};
  for (const part of text.split(',')) {
    const colon = part.indexOf(':');
    const key = KEYS.find((each) => each === part.slice(0, Math.max(0, colon)).trim());
    const value = part.slice(colon + 1).trim();
    if (key === undefined || value === '' || value.includes('}')) return undefined;
    marks[key] = value;
  }
  return marks;
}
