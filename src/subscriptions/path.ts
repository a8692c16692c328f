/** Every element of an array, every value of an object. */
const EACH = Symbol('each');

/** A parsed path: names of own properties, or "each". */
export type Path = readonly (string | typeof EACH)[];

const STEPS_MAX = 20;
/** Values looked at for one path with `[]` or `*`; what lies beyond is not seen. Keeps a hostile payload affordable. */
const VISITS_MAX = 100_000;
const SEGMENT = /^([^.[\]{}|*\s]*)((?:\[\d{0,6}\])*)$/;

/**
 * Reads `a.b`, `a[0].b`, `a[].b` or `a.*.b`. `[]` and `*` both stand for every element of an array or value of an
 * object; `a.0` is `a[0]`; `a.length` is the length of an array. At most 20 steps.
 *
 * @returns undefined when the text is not a path.
 */
export function parsePath(text: string): Path | undefined {
  const steps: (string | typeof EACH)[] = [];
  for (const segment of text.split('.', STEPS_MAX + 1)) {
    const found = SEGMENT.exec(segment);
    if (segment === '*') steps.push(EACH);
    else if (!found || segment === '') return undefined;
    else steps.push(...segmentSteps(found[1] ?? '', found[2] ?? ''));
  }
  return steps.length > STEPS_MAX ? undefined : steps;
}

function segmentSteps(name: string, indexes: string): (string | typeof EACH)[] {
  const steps: (string | typeof EACH)[] = name === '' ? [] : [name];
  for (const [, digits] of indexes.matchAll(/\[(\d*)\]/g)) steps.push(digits ? String(Number(digits)) : EACH);
  return steps;
}

/** Does some value under the path pass the test? Own properties only; a missing value is not tested. Never throws on JSON. */
export function someAt(root: unknown, path: Path, test: (value: unknown) => boolean): boolean {
  return walk(root, { path, test, visitsLeft: VISITS_MAX }, 0);
}

interface Walk {
  readonly path: Path;
  readonly test: (value: unknown) => boolean;
  visitsLeft: number;
}

function walk(root: unknown, search: Walk, from: number): boolean {
  let value = root;
  for (let at = from; at < search.path.length; at += 1) {
    const step = search.path[at];
    if (typeof value !== 'object' || value === null) return false;
    if (typeof step !== 'string') return walkEach(value, search, at + 1);
    if (!Object.hasOwn(value, step)) return false;
    value = (value as Record<string, unknown>)[step];
  }
  return value !== undefined && search.test(value);
}

function walkEach(parent: object, search: Walk, from: number): boolean {
  const values: readonly unknown[] = Array.isArray(parent) ? parent : Object.values(parent);
  for (let index = 0; index < values.length && search.visitsLeft > 0; index += 1) {
    search.visitsLeft -= 1;
    if (walk(values[index], search, from)) return true;
  }
  return false;
}
