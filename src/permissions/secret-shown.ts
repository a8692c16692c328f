import type { Json } from '../core/agent.ts';
import { secretBy } from './secret-names.ts';

/** So much of a result is looked at. */
const CHARS_MAX = 1_048_576;
const NAMES_MAX = 20_000;

/** The names of files as patches and `head` write them, each before what is in the file. */
const HEADER = /^[ |*\\/_]{0,80}(?:diff --(?:git|cc|combined) |\+\+\+ |--- |==> )(.{1,1000})$/gm;
/** The same as searches write them: `path:12:text`, also behind a revision. */
const FOUND = /^([^\s:]{1,300}(?::[^\s:]{1,300})?)[:-]\d{1,9}[:-]|^([^\s:]{1,300}):/gm;
/** Git, asked for a thing by its hash: what that is called, nobody says. */
const BY_HASH = /\b(?:show|cat-file)\b.*?(?:^|[\s"',])[0-9a-f]{4,64}(?=$|[\s"',;|&)\]])/s;
const NO_FILE = /^(?:commit|tag|tree) /m;

/**
 * Whether what a command printed names, as the place it comes from, a file that looks like a secret: what a commit or an
 * index holds is not known before. For calls of `git` and `shell` that were not judged to read one. Errs on the safe side.
 */
export function showsSecret(tool: string, input: Json, text: string): boolean {
  if (tool !== 'git' && tool !== 'shell') return false;
  const shown = text.slice(0, CHARS_MAX);
  const asked = JSON.stringify(input);
  if (asked.includes('cat-file') && asked.includes('-p')) return true;
  if (/git/.test(`${tool} ${asked}`) && BY_HASH.test(asked) && !NO_FILE.test(shown)) return true;
  let names = 0;
  for (const [, found = ''] of shown.matchAll(HEADER)) {
    names += 1;
    if (names > NAMES_MAX || found.split(/[\s"]+/).some(isSecret)) return true;
  }
  for (const [, numbered, plain = ''] of shown.matchAll(FOUND)) {
    names += 1;
    if (names > NAMES_MAX || (numbered ?? plain).split(':').some(isSecret)) return true;
  }
  return false;
}

/** Also behind the `a/` and `b/` of a patch. */
function isSecret(name: string): boolean {
  return name !== '' && secretBy(`/${name.replace(/^[a-z]\//, '')}`) !== undefined;
}
