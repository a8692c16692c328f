/** What could be a name at all; longer runs are no names, and come in pieces. */
const WORD = /[\w@#./-]{4,80}/g;
const SHAPES = [
  // Paths and file names.
  /^[\w.@-]+(?:\/[\w.@-]+)+$/,
  /^[\w.-]+\.(?:[cm]?[jt]sx?|py|go|rs|java|md|ya?ml|json|toml|sh|sql|css|html?)$/,
  // Issues and tickets: `#12345`, `acme/app#12`, `KAI-77`.
  /^(?:[\w.-]+\/[\w.-]+)?#\d{1,9}$/,
  /^[A-Z]{2,10}-\d{1,7}$/,
  // camelCase, snake_case, SCREAMING_CASE.
  /^[a-z]+(?:[A-Z][a-z0-9]*)+$/,
  /^[A-Za-z]\w*_\w+$/,
  // Commits.
  /^(?=.*\d)(?=.*[a-f])[0-9a-f]{7,40}$/,
];
const PLAIN = /^[A-Z]?[a-z]+$/;
const TEXT_CHARS_MAX = 60_000;

/** Names that somebody may look for later, those that are named most often first: paths, tickets, symbols, commits. */
export function identifiersIn(texts: readonly string[], max: number): readonly string[] {
  const counts = new Map<string, number>();
  let left = TEXT_CHARS_MAX;
  for (const text of texts) {
    if (left <= 0) break;
    const part = text.slice(0, left);
    left -= part.length;
    for (const [word] of part.matchAll(WORD)) {
      if (PLAIN.test(word)) continue;
      const name = word.replace(/^[-./@]{1,80}/, '').replace(/[-./@#]{1,80}$/, '');
      const known = counts.get(name);
      if (known !== undefined || SHAPES.some((shape) => shape.test(name))) counts.set(name, (known ?? 0) + 1);
    }
  }
  const names = [...counts].toSorted(([, one], [, other]) => other - one).map(([name]) => name);
  return names.slice(0, max);
}
