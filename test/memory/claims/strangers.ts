import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One commit: moves first, then what is removed, written and edited. */
export interface StrangerStep {
  readonly move?: readonly (readonly [from: string, to: string])[];
  readonly remove?: readonly string[];
  readonly write?: Readonly<Record<string, string>>;
  readonly edit?: readonly (readonly [path: string, from: string | RegExp, to: string])[];
}

/** A repository with a history, and what somebody wrote down about it at an early commit. */
export interface Stranger {
  readonly name: string;
  readonly steps: readonly StrangerStep[];
  /** Index of the commit at which the facts were written. */
  readonly early: number;
  readonly branches: { readonly early: readonly string[]; readonly now: readonly string[] };
  readonly programs: { readonly early: readonly string[]; readonly now: readonly string[] };
  readonly facts: string;
}

/** One claim of a fact: a word of it (empty: the fact has one claim), and whether it holds today. */
export interface Expected {
  readonly kind: string;
  readonly holds: boolean;
  readonly needle: string;
}

export interface Fact {
  readonly text: string;
  readonly expected: readonly Expected[];
}

/** The facts of a stranger with the truth of each claim. */
export function factsOf({ facts }: Stranger): Fact[] {
  return facts
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const head = /^(?:[a-z][+-](?:\[[^\]]+\])? )+/.exec(line)?.[0] ?? '';
      const expected = [...head.matchAll(/([a-z])([+-])(?:\[([^\]]+)\])? /g)].map(
        ([, kind = '', sign, needle = '']) => ({
          kind,
          holds: sign === '+',
          needle,
        }),
      );
      return { text: line.slice(head.length), expected };
    });
}

/** Writes the repository with its history (up to the early commit, or all of it) and the programs; returns the directories. */
export function layStranger(
  stranger: Stranger,
  directory: string,
  when: 'early' | 'now',
): { root: string; programs: string } {
  const root = join(directory, stranger.name);
  const programs = join(directory, 'programs');
  mkdirSync(root, { recursive: true });
  mkdirSync(programs, { recursive: true });
  for (const program of stranger.programs[when]) {
    writeFileSync(join(programs, program), '#!/bin/sh\n');
    chmodSync(join(programs, program), 0o755);
  }
  const git = (args: readonly string[], input = ''): string =>
    execFileSync('git', ['-c', 'gc.auto=0', ...args], {
      cwd: root,
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  git(['init', '-q', '-b', 'main']);
  git(['fast-import', '--quiet'], historyOf(stranger, when));
  git(['reset', '-q', '--hard', 'main']);
  return { root, programs };
}

/** Memory topics of the facts, of at most 40 bullets each. */
export function topicsOf(stranger: Stranger): Map<string, string> {
  const facts = factsOf(stranger);
  const topics = new Map<string, string>();
  for (let from = 0; from < facts.length; from += 40) {
    const name = `${stranger.name}-${from / 40 + 1}`;
    const bullets = facts.slice(from, from + 40).map(({ text }) => `- ${text}`);
    topics.set(
      name,
      `---\nname: ${name}\ntype: project\ndescription: notes on ${stranger.name}\n---\n\n${bullets.join('\n')}\n`,
    );
  }
  return topics;
}

function historyOf({ steps, early, branches }: Stranger, when: 'early' | 'now'): string {
  const files = new Map<string, string>();
  const lines: string[] = [];
  const until = when === 'early' ? early : steps.length - 1;
  for (const [index, step] of steps.slice(0, until + 1).entries()) {
    take(files, step);
    const message = `step ${index}`;
    lines.push(
      `commit refs/heads/main`,
      `mark :${index + 1}`,
      `committer A <a@example.org> ${1_700_000_000 + index * 86_400} +0000`,
    );
    lines.push(`data ${message.length}`, message, 'deleteall');
    for (const [path, text] of files) lines.push(`M 100644 inline ${path}`, `data ${Buffer.byteLength(text)}`, text);
    lines.push('');
  }
  for (const branch of branches[when])
    if (branch !== 'main') lines.push(`reset refs/heads/${branch}`, `from :${Math.min(until, early) + 1}`, '');
  return `${lines.join('\n')}\n`;
}

function take(files: Map<string, string>, { move = [], remove = [], write = {}, edit = [] }: StrangerStep): void {
  for (const [from, to] of move) {
    files.set(to, textOf(files, from));
    files.delete(from);
  }
  for (const path of remove) if (!files.delete(path)) throw new Error(`no ${path} to remove`);
  for (const [path, text] of Object.entries(write)) files.set(path, text);
  for (const [path, from, to] of edit) {
    const text = textOf(files, path);
    const next = text.replace(from, to);
    if (next === text) throw new Error(`nothing to edit in ${path}: ${String(from)}`);
    files.set(path, next);
  }
}

function textOf(files: ReadonlyMap<string, string>, path: string): string {
  const text = files.get(path);
  if (text === undefined) throw new Error(`no ${path}`);
  return text;
}
