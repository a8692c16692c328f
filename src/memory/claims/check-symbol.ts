import { join, relative } from 'node:path';
import type { Claim, Judgement, Place } from './claim.ts';
import { stale, unverifiable, verified } from './claim.ts';
import { resolvePath } from './check-path.ts';
import type { Definition, SourceFacts } from './definitions.ts';
import { isSettings, sameValue, valuesOf } from './settings.ts';
import type { Sight } from './sight.ts';

type SymbolClaim = Extract<Claim, { kind: 'symbol' }>;

/** Whether a name is defined where it is said to be, and if not, where it is. */
export function checkSymbol(claim: SymbolClaim, place: Place, sight: Sight): Judgement {
  if (claim.file === undefined) return anywhere(claim, place, sight);
  const target = resolvePath(claim.file, place, sight);
  if (target === undefined) return lost(claim, `${claim.file} is not there`, place, sight);
  const files =
    target.kind === 'directory'
      ? filesBelow(relative(place.path, target.path), place, sight)
      : [target.path, ...namesakes(claim.file, target.path, place, sight)];
  const misses: string[] = [];
  for (const file of files) {
    const facts = sight.source(file);
    const judged =
      facts === undefined ? inText(claim, file, sight) : inFile(claim, facts, relative(place.path, file), place, sight);
    if (judged === undefined) continue;
    if (judged.verdict === 'verified') return judged;
    misses.push(judged.reason);
  }
  return lost(claim, misses[0] ?? `${shown(claim)} is not defined in ${claim.file}`, place, sight);
}

/** `tax.ts` may be any of several. */
function namesakes(said: string, first: string, place: Place, sight: Sight): readonly string[] {
  if (said.includes('/')) return [];
  return (sight.list(place.path).byName.get(said) ?? [])
    .map((path) => join(place.path, path))
    .filter((path) => path !== first)
    .slice(0, 20);
}

function filesBelow(directory: string, place: Place, sight: Sight): readonly string[] {
  const prefix = directory === '' ? '' : `${directory}/`;
  return sight
    .list(place.path)
    .files.filter((path) => path.startsWith(prefix))
    .slice(0, 5_000)
    .map((path) => join(place.path, path));
}

function inFile(
  claim: SymbolClaim,
  facts: SourceFacts,
  file: string,
  place: Place,
  sight: Sight,
): Judgement | undefined {
  const all = definitionsOf(claim, facts);
  const valued = all.find(({ literal }) => literal !== undefined) ?? all[0];
  if (claim.value !== undefined && valued?.literal !== undefined && !sameLiteral(claim.value, valued.literal))
    return stale(`${claim.name} is ${valued.literal} in ${file}`);
  const best =
    all.find(({ rank }) => rank === 'top' || (rank === 'borrowed' && claim.relation !== 'defined')) ??
    all.find(({ owner }) => owner !== undefined && owner === claim.owner);
  if (best !== undefined) return verified(`${shown(claim)} is defined in ${file}, line ${best.line}`);
  const handed = facts.handedOn.has(claim.name) && claim.relation !== 'defined';
  const used = claim.relation === 'found' && facts.names.has(claim.name);
  if ((handed || used) && claim.owner === undefined) return verified(`${claim.name} is in ${file}`);
  const loose =
    all.some(({ rank }) => rank !== 'local' || claim.value !== undefined) ||
    (!facts.sure && facts.names.has(claim.name));
  if (!loose || (claim.owner !== undefined && !facts.names.has(claim.owner))) return undefined;
  // A member or local variable of that name is meant only if there is nothing better elsewhere.
  const better = findTop(claim, place, sight, file);
  return better === undefined ? verified(`${claim.name} is in ${file}, line ${all[0]?.line ?? 1}`) : undefined;
}

function definitionsOf(claim: SymbolClaim, facts: SourceFacts): readonly Definition[] {
  const all = facts.definitions.get(claim.name) ?? [];
  if (claim.owner === undefined) return all;
  const owned = all.filter(({ owner }) => owner === claim.owner);
  // A module that is used by name: `warehouse.upsert`.
  return owned;
}

/** A file of no language that is read: the name only has to occur. */
function inText(claim: SymbolClaim, file: string, sight: Sight): Judgement | undefined {
  const text = sight.text(file);
  if (text === undefined) return undefined;
  return occurs(text, claim.name) ? verified(`${claim.name} occurs in the file`) : undefined;
}

function anywhere(claim: SymbolClaim, place: Place, sight: Sight): Judgement {
  // The witness of the last time is asked first: as long as it stands, nothing else has to be looked at.
  const top = sight.aside(() => findTop(claim, place, sight));
  if (top !== undefined && claim.value === undefined) {
    sight.source(join(place.path, top));
    sight.list(place.path);
    return verified(`${shown(claim)} is defined in ${top}`);
  }
  const sources = sight.sources(place.path);
  let value: string | undefined;
  for (const [file, facts] of sources) {
    const all = definitionsOf(claim, facts);
    const literal = all.find((each) => each.literal !== undefined)?.literal;
    if (claim.value !== undefined && literal !== undefined && !sameLiteral(claim.value, literal)) {
      value ??= `${claim.name} is ${literal} in ${file}`;
      continue;
    }
    if (all.length > 0) return verified(`${shown(claim)} is defined in ${file}`);
  }
  if (value !== undefined) return stale(value);
  const key = keyOf(claim, place, sight);
  if (key !== undefined) return key;
  for (const [file, facts] of sources) {
    if (
      facts.names.has(claim.name) &&
      (claim.owner === undefined || facts.names.has(claim.owner)) &&
      claim.relation === 'found'
    )
      return verified(`${claim.name} occurs in ${file}`);
  }
  if (sources.size === 0) return unverifiable('there is no source code to look in');
  return sight.list(place.path).whole
    ? stale(`${shown(claim)} is nowhere in the code`)
    : unverifiable('there is too much code to look through');
}

/** What looks like a name of code may be a key of settings. */
function keyOf(claim: SymbolClaim, place: Place, sight: Sight): Judgement | undefined {
  const key = shown(claim);
  const file = sight.list(place.path).byName.get(key)?.[0];
  if (file !== undefined) return verified(`${file} is a file`);
  const files = sight
    .list(place.path)
    .files.filter((path) => isSettings(path) && !/lock\.|-lock/.test(path))
    .slice(0, 200);
  for (const each of files) {
    const text = sight.text(join(place.path, each));
    if (text === undefined || !text.includes(claim.name)) continue;
    const values = valuesOf(each, text, key) ?? [];
    const { value } = claim;
    if (values.length > 0 && (value === undefined || values.some((found) => sameValue(value, found))))
      return verified(`${key} is a key of ${each}`);
  }
  return undefined;
}

/** The file other than `not` that defines it for the whole file. Notes what it looks at. */
function findTop(claim: SymbolClaim, place: Place, sight: Sight, not?: string): string | undefined {
  for (const [file, facts] of sight.sources(place.path)) {
    if (file === not) continue;
    if (
      definitionsOf(claim, facts).some(
        ({ rank, owner }) => rank === 'top' && (claim.owner === undefined || owner === claim.owner),
      )
    )
      return file;
    if (claim.owner !== undefined && definitionsOf(claim, facts).length > 0) return file;
  }
  return undefined;
}

function lost(claim: SymbolClaim, reason: string, place: Place, sight: Sight): Judgement {
  const moved = sight.aside(() => findTop(claim, place, sight));
  if (moved === undefined) return stale(reason);
  sight.source(join(place.path, moved));
  return stale(`${reason}; it is in ${moved}`, moved);
}

function occurs(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w$])${RegExp.escape(name)}(?![\\w$])`).test(text);
}

function sameLiteral(said: string, literal: string): boolean {
  const [one, other] = [plain(said), plain(literal)];
  return one === other || (one !== '' && Number(one) === Number(other));
}

function plain(text: string): string {
  return text
    .replaceAll(/["'`]|(?<=\d)[_, ](?=\d{3})/g, '')
    .trim()
    .toLowerCase();
}

function shown({ name, owner }: SymbolClaim): string {
  return owner === undefined ? name : `${owner}.${name}`;
}
