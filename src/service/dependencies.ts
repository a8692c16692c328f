import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { KairosError } from '../core/errors.ts';

/** What packages say they run on: `process.platform` and `process.arch`. */
export interface Machine {
  readonly os: string;
  readonly cpu: string;
}

/** An installed package, and where below the placed program it goes (`node_modules/fastify`). */
export interface PackagePlace {
  readonly source: string;
  readonly target: string;
}

const PACKAGES_MAX = 2_000;
const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const names = z.record(z.string(), z.string()).default({});
const manifestSchema = z.object({
  dependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
  os: oneOrMore.default([]),
  cpu: oneOrMore.default([]),
});
type Manifest = z.infer<typeof manifestSchema>;

/** One package needs another; `to` is where Node finds it for `from`. */
interface Edge {
  readonly from: PackagePlace;
  readonly name: string;
  readonly to: string;
}

/**
 * The packages that a program needs at run time, found as Node finds them: from its manifest through nested and hoisted
 * `node_modules`, however npm (or another manager) laid them out. What is for another machine is left out.
 *
 * @returns Places below the program, each resolved by the same packages as before. Stable for the same installation.
 * @throws {KairosError} `NOT_FOUND` when a package that is needed is not installed.
 */
export function runtimePackages(program: string, machine: Machine): PackagePlace[] {
  const root: PackagePlace = { source: realpathSync(program), target: '' };
  const placed = new Map<string, string>([['', root.source]]);
  const edges: Edge[] = [];
  const queue: PackagePlace[] = [root];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const edge of edgesOf(next, machine)) {
      edges.push(edge);
      if (lookUp(placed, next.target, edge.name)?.source === edge.to) continue;
      const target = choosePlace(placed, root.source, edge);
      placed.set(target, edge.to);
      queue.push({ source: edge.to, target });
    }
    if (placed.size > PACKAGES_MAX) throw new KairosError('INTERNAL', `more than ${PACKAGES_MAX} packages`);
  }
  for (const edge of edges) checkEdge(placed, edge);
  return [...placed].map(([target, source]) => ({ source, target })).filter(({ target }) => target !== '');
}

function edgesOf(from: PackagePlace, machine: Machine): Edge[] {
  const manifest = readManifest(from.source);
  const maybe = { ...manifest.peerDependencies, ...manifest.optionalDependencies };
  return Object.keys({ ...maybe, ...manifest.dependencies }).flatMap((name) => {
    const to = resolvePackage(from.source, name);
    if (to !== undefined) return runsOn(readManifest(to), machine) ? [{ from, name, to }] : [];
    if (name in maybe) return [];
    throw new KairosError(
      'NOT_FOUND',
      `the package ${name}, which ${basename(from.source)} needs, is not installed; run npm ci in ${from.source}`,
    );
  });
}

function readManifest(path: string): Manifest {
  return manifestSchema.parse(JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')));
}

/** Node's own look-up: `node_modules/<name>` here, then in each directory above. */
function resolvePackage(from: string, name: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const found = join(directory, 'node_modules', name);
    if (basename(directory) !== 'node_modules' && existsSync(join(found, 'package.json'))) return realpathSync(found);
    if (dirname(directory) === directory) return undefined;
  }
}

function runsOn({ os, cpu }: Manifest, machine: Machine): boolean {
  return allows(os, machine.os) && allows(cpu, machine.cpu);
}

/** npm's rule: names that must be, or with `!` must not be. */
function allows(list: readonly string[], mine: string): boolean {
  const wanted = list.filter((one) => !one.startsWith('!'));
  return !list.includes(`!${mine}`) && (wanted.length === 0 || wanted.includes(mine));
}

function lookUp(placed: ReadonlyMap<string, string>, from: string, name: string) {
  for (let directory = from; ; directory = dirname(directory)) {
    const target = join(directory === '.' ? '' : directory, 'node_modules', name);
    const source = placed.get(target);
    if (source !== undefined) return { target, source };
    if (directory === '' || directory === '.') return undefined;
  }
}

/** Where it was, if that was below the program; else at the top; else beside the one that needs it. */
function choosePlace(placed: ReadonlyMap<string, string>, root: string, { from, name, to }: Edge): string {
  const before = relative(root, to);
  const wanted = before.startsWith('..') ? join('node_modules', name) : before;
  const seen = lookUp(placed, from.target, name);
  return seen === undefined && !placed.has(wanted) ? wanted : join(from.target, 'node_modules', name);
}

function checkEdge(placed: ReadonlyMap<string, string>, { from, name, to }: Edge): void {
  const found = lookUp(placed, from.target, name);
  if (found?.source === to) return;
  throw new KairosError('INTERNAL', `${name} of ${from.source} can't be placed so that it is found`, { to });
}
