import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Tool, ToolContext, ToolResult } from '../core/agent.ts';
import type { Clock } from '../core/ports.ts';
import { defineTool, failure } from './define.ts';
import { readExpression } from './expression.ts';
import { canonicalOf, demand, holdDirectory, locate, shownPath, trustOfFile, type FileAccess } from './held.ts';
import { compilePattern } from './pattern.ts';
import { searchWithRipgrep } from './ripgrep.ts';
import { searchInThread, type SearchEnd } from './search-thread.ts';
import type { FindLines, Line } from './search-worker.ts';
import { cutLine } from './text.ts';

export interface GrepOptions {
  readonly access: FileAccess;
  readonly clock: Clock;
  /** Where ripgrep is (`findRipgrep`). undefined: a thread of ours looks, with the same answers, more slowly. */
  readonly ripgrep: string | undefined;
}

const MATCHES_MAX = 500;
/** Below the size at which a result would be offloaded. */
const RESULT_CHARS_MAX = 28_000;
const LINE_CHARS_MAX = 400;
const DEADLINE_MS = 10_000;

/** `grep`: lines by a regular expression. */
export function createGrepTool({ access, clock, ripgrep }: GrepOptions): Tool {
  return defineTool({
    name: 'grep',
    description:
      'Finds lines by a regular expression (no look-around, no back-references, one line at a time), in a file or in all files ' +
      `below a directory, .git, node_modules and binary files left out: path:line:text, at most ${MATCHES_MAX} matches. ` +
      'Paths are relative to the workspace.',
    input: z.strictObject({
      pattern: z.string().min(1).max(2_000).describe('The regular expression.'),
      path: z
        .string()
        .min(1)
        .max(4_096)
        .optional()
        .describe('The file or directory to search. Default: the workspace.'),
      glob: z.string().min(1).max(500).optional().describe('Only files that fit this pattern, such as *.ts.'),
      ignoreCase: z.boolean().optional().describe('Default: case counts.'),
      context: z.int().min(0).max(10).optional().describe('Lines to show on either side. Default 0.'),
    }),
    async run({ pattern, path = '.', glob, ignoreCase = false, context: around = 0 }, context) {
      const expression = readExpression(pattern, ignoreCase);
      if ('problem' in expression) return failure(expression.problem);
      const fits = glob === undefined ? () => true : compilePattern(glob);
      const asked = await canonicalOf(locate(path, context, access.userHome));
      demand(access, asked, 'read', context.callId);
      const isDirectory = (await stat(asked)).isDirectory();
      const root = isDirectory ? asked : dirname(asked);
      await using directory = await holdDirectory(root, access);
      const task: FindLines = {
        kind: 'grep',
        root,
        only: isDirectory ? undefined : basename(asked),
        ...expression,
        glob: isDirectory ? glob : undefined,
        context: around,
      };
      const hits = new Hits((line) => !isDirectory || fits(line));
      const limits = { clock, signal: context.signal, deadlineMs: DEADLINE_MS };
      const end =
        ripgrep === undefined
          ? await searchInThread(task, hits, limits)
          : await searchWithRipgrep(ripgrep, task, directory.processEntry, hits, limits);
      const trust = trustOfFile(asked, context, access);
      return { trust, ...(await answer(hits, end, root, context, access)) };
    },
  });
}

/** What was found, so far as it is wanted: file by file, in order. */
class Hits {
  readonly files = new Map<string, Line[]>();
  readonly #wanted: (path: string) => boolean;
  matches = 0;
  #chars = 0;

  constructor(wanted: (path: string) => boolean) {
    this.#wanted = wanted;
  }

  paths(): void {}

  /** `false` as soon as there is enough. */
  lines(lines: readonly Line[]): boolean {
    for (const line of lines) {
      if (!this.#wanted(line.path)) continue;
      if (this.matches >= MATCHES_MAX || this.#chars >= RESULT_CHARS_MAX) return false;
      const kept = this.files.get(line.path) ?? [];
      this.files.set(line.path, kept);
      kept.push(line);
      if (line.isMatch) this.matches += 1;
      this.#chars += line.path.length + Math.min(line.text.length, LINE_CHARS_MAX + 40) + 10;
    }
    return true;
  }
}

async function answer(
  hits: Hits,
  end: SearchEnd,
  root: string,
  context: ToolContext,
  access: FileAccess,
): Promise<ToolResult> {
  if (end.kind === 'failed') return failure(`the search failed: ${end.error}`);
  if (end.kind === 'aborted') return failure('it was stopped before it was done');
  const shown: string[] = [];
  let withheld = 0;
  for (const [path, lines] of hits.files) {
    const canonical = join(root, path);
    // Each file is judged by itself: the gate saw the directory only.
    if (await mayShow(canonical, context, access)) shown.push(...renderFile(shownPath(canonical, context), lines));
    else withheld += 1;
  }
  const notes = [
    ...(shown.length === 0 ? ['no line fits'] : []),
    ...(withheld > 0 ? [`[matches in ${withheld} protected or moved files are not shown]`] : []),
    ...(end.kind === 'stopped' ? [`[stopped after ${hits.matches} matches; narrow the pattern, path or glob]`] : []),
    ...(end.kind === 'timeout' ? [`[stopped after ${DEADLINE_MS / 1_000} s; narrow the pattern, path or glob]`] : []),
    ...(end.kind === 'done' && !end.complete ? ['[not everything was searched; narrow path or glob]'] : []),
  ];
  return { text: [...shown, ...notes].join('\n') };
}

async function mayShow(canonical: string, { callId }: ToolContext, access: FileAccess): Promise<boolean> {
  if (!access.allowed(canonical, 'read', callId)) return false;
  return (await realpath(canonical).catch(() => undefined)) === canonical;
}

/** As grep does: `path:12:text` for what fits, `path-13-text` beside it, `--` between what does not touch. */
function renderFile(path: string, lines: readonly Line[]): string[] {
  const withContext = lines.some((line) => !line.isMatch);
  return lines.flatMap(({ number, text, isMatch }, index) => {
    const apart = withContext && index > 0 && (lines[index - 1]?.number ?? 0) + 1 !== number;
    const sign = isMatch ? ':' : '-';
    return [
      ...(apart ? ['--'] : []),
      `${path}${sign}${number}${sign}${cutLine(text.replace(/\r$/, ''), LINE_CHARS_MAX)}`,
    ];
  });
}
