import { matchesGlob } from './glob.ts';
import type { Condition, Operators, Scalar } from './options.ts';
import { someAt, type Path } from './path.ts';

export type Predicate = (payload: unknown) => boolean;
type Test = (value: unknown) => boolean;

/**
 * One line of `where` as a predicate over payloads.
 *
 * Under a path with `[]` or `*` it holds when some one element passes every operator, except that `not` holds when no
 * element is equal and `exists: false` when there is none. A missing value is equal to nothing, not even to null.
 */
export function compileCondition(path: Path, condition: Condition): Predicate {
  const operators = operatorsOf(condition);
  const tests = testsOf(operators);
  const banned = operators.not === undefined ? undefined : anyOf(operators.not);
  const { exists } = operators;
  return (payload) => {
    if (exists !== undefined && someAt(payload, path, () => true) !== exists) return false;
    if (banned !== undefined && someAt(payload, path, banned)) return false;
    return tests.length === 0 || someAt(payload, path, (value) => tests.every((test) => test(value)));
  };
}

function operatorsOf(condition: Condition): Operators {
  if (Array.isArray(condition)) return { in: condition };
  if (typeof condition === 'object' && condition !== null) return condition;
  return { is: condition };
}

function testsOf(operators: Operators): readonly Test[] {
  const { is, contains, startsWith, endsWith, matches, gt, gte, lt, lte } = operators;
  const tests: Test[] = [];
  if (is !== undefined) tests.push((value) => value === is);
  if (operators.in !== undefined) tests.push(anyOf(operators.in));
  if (contains !== undefined) tests.push((value) => holds(value, contains));
  if (startsWith !== undefined) tests.push((value) => typeof value === 'string' && value.startsWith(startsWith));
  if (endsWith !== undefined) tests.push((value) => typeof value === 'string' && value.endsWith(endsWith));
  if (matches !== undefined) tests.push((value) => typeof value === 'string' && matchesGlob(matches, value));
  if (gt !== undefined) tests.push((value) => sameKind(value, gt) && value > gt);
  if (gte !== undefined) tests.push((value) => sameKind(value, gte) && value >= gte);
  if (lt !== undefined) tests.push((value) => sameKind(value, lt) && value < lt);
  if (lte !== undefined) tests.push((value) => sameKind(value, lte) && value <= lte);
  return tests;
}

function anyOf(wanted: Scalar | readonly Scalar[]): Test {
  const set = new Set<unknown>(Array.isArray(wanted) ? wanted : [wanted]);
  return (value) => set.has(value);
}

function holds(value: unknown, wanted: Scalar): boolean {
  if (typeof value === 'string') return value.includes(String(wanted));
  return Array.isArray(value) && value.includes(wanted);
}

/** Numbers are compared with numbers, strings (such as ISO times) with strings; nothing else has an order. */
function sameKind<Bound extends number | string>(value: unknown, bound: Bound): value is Bound {
  return typeof value === typeof bound;
}
