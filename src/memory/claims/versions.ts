/**
 * Whether a version that a text gives fits one that a file gives: `5` fits `^5.2.1`, `5.2` fits `5.2.7`, `5.2.1` only itself.
 * `5+`, `>=5` and `5 or newer` fit whatever is not below.
 */
export function versionFits(said: string, found: string): boolean {
  const wanted = numbers(said);
  const open = /\+$|^>=|^≥/.test(said.trim());
  // Of `>=2.9,<3` and `>=18 <21` the first counts; of `^3 || ^4` each.
  return found.split('||').some((part) => {
    const has = numbers(part.split(',')[0] ?? '');
    if (wanted.length === 0 || has.length === 0) return normal(said) === normal(part);
    // A lowest version is compared with a lowest version: `3.9 and up` is over once `>=3.11` is asked for.
    if (open && /^\s*>=/.test(part)) return compare(has.slice(0, wanted.length), wanted) === 0;
    if (open) return compare(has, wanted) >= 0;
    return wanted.every((number, index) => number === '*' || number === (has[index] ?? '0') || has[index] === '*');
  });
}

/** The numbers of a version, an ending such as `-beta.2` with the last of them. */
function numbers(text: string): readonly string[] {
  const found = /\d+(?:\.(?:\d+|x|\*))*(?:-?(?:alpha|beta|rc|canary|next|preview|pre|dev|(?:a|b)(?=\d))[\w.]*)?/i.exec(
    text.replace(/^(?:npm|workspace|catalog|file):/, ''),
  );
  if (found === null) return [];
  const [core = '', ...ending] = found[0].split(/(?=-?(?:alpha|beta|rc|canary|next|preview|pre|dev))/i);
  const parts = core.split('.').map((part) => (/^[x*]$/i.test(part) ? '*' : part));
  return ending.length === 0 ? parts : [...parts, ending.join('').replace(/^-/, '')];
}

function compare(one: readonly string[], other: readonly string[]): number {
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const difference = Number(one[index] ?? 0) - Number(other[index] ?? 0);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}

function normal(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/^[v=^~\s]+/, '');
}
