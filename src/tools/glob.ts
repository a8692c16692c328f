import { join } from 'node:path';
import { z } from 'zod';
import type { Tool } from '../core/agent.ts';
import type { Clock } from '../core/ports.ts';
import { defineTool, failure } from './define.ts';
import { demand, canonicalOf, holdDirectory, locate, shownPath, trustOfFile, type FileAccess } from './held.ts';
import { compilePattern } from './pattern.ts';
import { searchInThread, type Found } from './search-thread.ts';

export interface GlobOptions {
  readonly access: FileAccess;
  readonly clock: Clock;
}

const FOUND_MAX = 1_000;
const DEADLINE_MS = 10_000;
const WILD = /[*?[{]/;

/** `glob`: files by name. */
export function createGlobTool({ access, clock }: GlobOptions): Tool {
  return defineTool({
    name: 'glob',
    description:
      'Lists files whose path fits a pattern: `**/*.ts`, `src/*.{js,ts}`; a pattern without `/` is looked for at every depth, ' +
      `and \`*\` alone lists the directory. .git and node_modules are passed over. In order of name, at most ${FOUND_MAX}. ` +
      'Paths are relative to the workspace.',
    input: z.strictObject({
      pattern: z.string().min(1).max(1_000).describe('The pattern, relative to `path`.'),
      path: z.string().min(1).max(4_096).optional().describe('The directory to look in. Default: the workspace.'),
    }),
    async run({ pattern, path = '.' }, context) {
      const { base, rest } = splitPattern(pattern);
      const start = base === '' ? path : base.startsWith('/') || base.startsWith('~') ? base : join(path, base);
      const root = await canonicalOf(locate(start, context, access.userHome));
      demand(access, root, 'read', context.callId);
      await using directory = await holdDirectory(root, access);
      compilePattern(rest); // Says here what is wrong with it.
      const paths: string[] = [];
      const found: Found = { lines: () => true, paths: (more) => void paths.push(...more) };
      const wholeTree = rest !== '*' && (rest.includes('**') || !rest.includes('/'));
      const limits = { clock, signal: context.signal, deadlineMs: DEADLINE_MS };
      // The thread reads what is held here, also when somebody moves it away meanwhile.
      const from = directory.entry('').replace(/\/$/, '');
      const asked = rest === '*' ? './*' : rest;
      const task = { kind: 'find', root: from, pattern: asked, directories: !wholeTree, foundMax: FOUND_MAX } as const;
      const end = await searchInThread(task, found, limits);
      if (end.kind !== 'done')
        return failure(`the search did not come to its end (${'error' in end ? end.error : end.kind})`);
      const trust = trustOfFile(root, context, access);
      if (paths.length === 0)
        return { text: `no file in ${shownPath(root, context)} fits ${JSON.stringify(rest)}`, trust };
      const listed = paths.map((one) => shownPath(join(root, one), context) + (one.endsWith('/') ? '/' : ''));
      const note = end.complete ? [] : [`[the first ${listed.length}; there are more: narrow the pattern]`];
      return { text: [...listed, ...note].join('\n'), trust };
    },
  });
}

/** The directories at the beginning of a pattern that are plain names, and the rest. */
export function splitPattern(pattern: string): { readonly base: string; readonly rest: string } {
  const segments = pattern.split('/');
  const wild = segments.findIndex((segment) => WILD.test(segment));
  const plain = wild < 0 ? segments.length - 1 : wild;
  if (plain <= 0) return { base: '', rest: pattern };
  const base = segments.slice(0, plain).join('/');
  const rest = segments.slice(plain).join('/');
  // What comes after a directory is looked for in it, not at every depth.
  return {
    base: base === '' ? '/' : base,
    rest: rest === '' || rest === '*' ? '*' : rest.includes('/') ? rest : `./${rest}`,
  };
}
