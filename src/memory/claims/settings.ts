import { basename } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { readToml } from './toml.ts';

const FILE =
  /\.(?:json|jsonc|json5|ya?ml|toml|ini|cfg|conf|properties|env)$|^\.env(?:\.[\w.-]+)?$|^\.[\w-]*rc$|^\.(?:editorconfig|gitattributes|npmrc)$/i;

/** Whether a file holds keys and values that can be looked up. */
export function isSettings(path: string): boolean {
  return FILE.test(basename(path));
}

/** Whether a file sets variables beside other things. */
export function isVariables(path: string): boolean {
  return /^(?:GNUm|M|m)akefile$|\.mk$|^(?:Dockerfile|Containerfile)[\w.-]*$|^\.env[\w.-]*$/.test(basename(path));
}

/** Values under a key such as `server.port`; a key that is not at the root is looked for at every depth. Empty: it is not there. */
export function valuesOf(path: string, text: string, key: string): readonly unknown[] | undefined {
  const keys = key.split('.').filter((part) => part !== '');
  const roots = rootsOf(path, text);
  if (roots === undefined) return undefined;
  const exact = roots.flatMap((root) => [...reach(root, keys), ...(keys.length > 1 ? reach(root, [key]) : [])]);
  return exact.length > 0 ? exact : roots.flatMap((root) => deep(root, keys, 0));
}

/** Whether what a file gives is what a text says. */
export function sameValue(said: string, found: unknown): boolean {
  const wanted = plain(said);
  if (Array.isArray(found))
    return found.some((each) => sameValue(said, each)) || plain(found.map(String).join(', ')) === wanted;
  if (typeof found === 'object' && found !== null) return false;
  const has = plain(String(found));
  if (has === wanted) return true;
  if (/^(?:true|on|yes|enabled)$/.test(wanted)) return /^(?:true|on|yes|enabled|1)$/.test(has);
  if (/^(?:false|off|no|disabled)$/.test(wanted)) return /^(?:false|off|no|disabled|0)$/.test(has);
  return wanted !== '' && !Number.isNaN(Number(wanted)) && Number(wanted) === Number(has);
}

function plain(text: string): string {
  return text
    .trim()
    .replaceAll(/^["'`]|["'`]$/g, '')
    .replaceAll(/(?<=\d)[_ ](?=\d{3})/g, '')
    .toLowerCase();
}

function rootsOf(path: string, text: string): readonly unknown[] | undefined {
  const name = basename(path).toLowerCase();
  if (isVariables(path) && !name.startsWith('.env')) return [readVariables(text)];
  try {
    if (name.endsWith('.toml') || name === 'pipfile') return [readToml(text)];
    if (
      /\.ya?ml$/.test(name) ||
      /\.(?:json|jsonc|json5)$/.test(name) ||
      (name.endsWith('rc') && text.trimStart().startsWith('{'))
    ) {
      // YAML reads JSON too, once comments and trailing commas are gone.
      const source = /ya?ml$/.test(name) ? text : withoutComments(text);
      return parseAllDocuments(source, { logLevel: 'silent', uniqueKeys: false }).map((document): unknown =>
        document.toJS({ maxAliasCount: 100 }),
      );
    }
  } catch {
    return undefined;
  }
  return [readPairs(text)];
}

/** `NAME := value` of a Makefile, `ENV NAME=value` and `ARG NAME=value` of a Dockerfile. */
function readVariables(text: string): Readonly<Record<string, unknown>> {
  const root: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const found of text.matchAll(
    /^\s*(?:(?:export|ENV|ARG|override)\s+)?([A-Za-z_][\w.-]*)(?:[ \t]*[?:+]{0,2}=[ \t]*)(.*?)[ \t]*$/gm,
  ))
    root[found[1] ?? ''] = (found[2] ?? '').replace(/^(["'])(.*)\1$/, '$2');
  return root;
}

/** `key = value`, `key: value` and `export KEY=value`, under `[headings]` or not. */
function readPairs(text: string): Readonly<Record<string, unknown>> {
  const root: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  let section = root;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    if (heading !== undefined) {
      section = Object.create(null) as Record<string, unknown>;
      root[heading] = section;
      continue;
    }
    const found = /^\s*(?:export\s+)?([\w.@/-]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (found !== null) section[found[1] ?? ''] = (found[2] ?? '').replace(/^(["'])(.*)\1$/, '$2');
  }
  return root;
}

function withoutComments(text: string): string {
  return text
    .replaceAll(/"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (found) => (found.startsWith('"') ? found : ' '))
    .replaceAll(/,(\s*[}\]])/g, '$1')
    .replaceAll('\t', '  ');
}

function reach(root: unknown, keys: readonly string[]): unknown[] {
  let at: readonly unknown[] = [root];
  for (const key of keys) {
    at = at.flatMap((each) => {
      if (Array.isArray(each)) {
        const index = /^\d+$/.test(key) ? [each[Number(key)] as unknown] : each;
        return index.flatMap((one: unknown) => (/^\d+$/.test(key) ? [one] : childOf(one, key)));
      }
      return childOf(each, key);
    });
  }
  return [...at].filter((each) => each !== undefined);
}

function childOf(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return [];
  return [(value as Readonly<Record<string, unknown>>)[key]];
}

function deep(root: unknown, keys: readonly string[], depth: number): unknown[] {
  if (typeof root !== 'object' || root === null || depth > 12) return [];
  return Object.values(root).flatMap((child: unknown) => [...reach(child, keys), ...deep(child, keys, depth + 1)]);
}
