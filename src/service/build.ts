import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import { copyProgramFile, forEach, listFiles, writeProgramFile } from './program-files.ts';

/** A relative import or export of a `.ts` file, static or not. */
const SPECIFIER = /(\b(?:from|import)\s*\(?\s*)(['"])(\.{1,2}\/[^'"\n]+)\.ts\2/g;

/**
 * Makes plain JavaScript of the TypeScript below `source`, as Node does when it runs it: types become blanks, so lines and
 * columns stay. Everything else (pages, tables) is copied. The same source gives the same bytes.
 *
 * @param source The `src` of a checkout. @param target The `dist` to write; must not exist.
 * @throws {KairosError} `INTERNAL` when an import leads nowhere.
 */
export async function buildProgram(source: string, target: string): Promise<void> {
  await forEach(await listFiles(source), async (path) => {
    const from = join(source, path);
    if (!path.endsWith('.ts')) return copyProgramFile(from, join(target, path));
    const text = toJavaScript(await readFile(from, 'utf8'), (specifier) =>
      existsSync(join(dirname(from), `${specifier}.ts`)),
    );
    if (text === undefined) throw new KairosError('INTERNAL', `${path} imports a file that is not there`);
    return writeProgramFile(join(target, path.replace(/\.ts$/, '.js')), text);
  });
}

/** One file. undefined: it imports a `.ts` file that does not exist. */
export function toJavaScript(typeScript: string, exists: (specifier: string) => boolean): string | undefined {
  let whole = true;
  const text = stripTypeScriptTypes(typeScript).replace(SPECIFIER, (_, before: string, quote: string, path: string) => {
    whole &&= exists(path);
    return `${before}${quote}${path}.js${quote}`;
  });
  return whole ? text : undefined;
}
