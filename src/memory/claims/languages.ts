import { extname } from 'node:path';

/** One shape of a line that defines something; `name` and, where the line says it, `owner` are its groups. */
interface Rule {
  readonly pattern: RegExp;
  /** `holder`: has members; `body`: has local variables; `block`: gives members to something defined elsewhere. */
  readonly opens?: 'holder' | 'body' | 'block';
  /** `member` only counts inside a holder; `variable` is local inside a body; `borrowed` names what another module made. */
  readonly rank?: 'member' | 'variable' | 'borrowed';
}

export interface Language {
  readonly name: 'script' | 'python' | 'go' | 'rust' | 'other';
  readonly rules: readonly Rule[];
  readonly comments: RegExp;
  /** The rules find every definition worth remembering. */
  readonly sure: boolean;
  /** Whatever is indented and no member is local. */
  readonly indented: boolean;
}

const STRINGS = String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`;
const SLASHES = new RegExp(String.raw`${STRINGS}|(?<![:\\])\/\/[^\n]*|(?<![\w*"'\x60/])\/\*[\s\S]*?\*\/`, 'g');
const HASHES = new RegExp(String.raw`"""[\s\S]*?"""|'''[\s\S]*?'''|${STRINGS}|(?<![\w$\\{])#[^\n]*`, 'g');
const ID = String.raw`(?<name>[A-Za-z_$][\w$]*)`;

const script: Language = {
  name: 'script',
  comments: SLASHES,
  sure: true,
  indented: true,
  rules: [
    {
      pattern: new RegExp(
        String.raw`^\s*(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:const\s+)?(?:class|interface|enum|namespace|module)\s+${ID}`,
      ),
      opens: 'holder',
    },
    { pattern: new RegExp(String.raw`^\s*(?:export\s+)?(?:declare\s+)?type\s+${ID}\s*(?:[<=]|$)`), opens: 'holder' },
    {
      pattern: new RegExp(
        String.raw`^\s*(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:async\s+)?function\s*\*?\s*${ID}`,
      ),
      opens: 'body',
    },
    {
      pattern: new RegExp(
        String.raw`^\s*(?:export\s+)?(?:declare\s+)?(?:const|let|var)\s+${ID}\b[^=]*=\s*(?:async\s*)?(?:function\b|\([^)]*\)[^=]*=>|\w+\s*=>|<)`,
      ),
      opens: 'body',
      rank: 'variable',
    },
    {
      pattern: new RegExp(
        String.raw`^\s*(?:export\s+)?(?:declare\s+)?(?:const|let|var)\s+${ID}\b(?!\s*=\s*(?:await\s+)?(?:require|import)\b)`,
      ),
      opens: 'holder',
      rank: 'variable',
    },
    {
      pattern: new RegExp(String.raw`^(?:export\s+)?(?:const|let|var)\s+${ID}\s*=\s*(?:await\s+)?(?:require|import)\b`),
      rank: 'borrowed',
    },
    { pattern: new RegExp(String.raw`^\s*(?:module\.)?exports\.${ID}\s*=`), opens: 'body' },
    {
      pattern:
        /^\s*(?<owner>[A-Za-z_$][\w$]*)(?:\.prototype)?\.(?<name>[A-Za-z_$][\w$]*)\s*=\s*(?:async\s*)?(?:function\b|\(|\w+\s*=>)/,
      opens: 'body',
    },
    {
      pattern: new RegExp(
        String.raw`^\s+(?:(?:public|private|protected|static|readonly|override|abstract|declare|async|get|set|accessor)\s+)*[*#]?["']?${ID}["']?\s*[?!]?\s*(?:<[^>]*>)?\s*(?:\(|[:=](?!=)|;|,|$)`,
      ),
      opens: 'body',
      rank: 'member',
    },
  ],
};

const python: Language = {
  name: 'python',
  comments: HASHES,
  sure: true,
  indented: true,
  rules: [
    { pattern: new RegExp(String.raw`^\s*class\s+${ID}`), opens: 'holder' },
    { pattern: new RegExp(String.raw`^\s*(?:async\s+)?def\s+${ID}`), opens: 'body' },
    { pattern: new RegExp(String.raw`^\s*(?:type\s+)?${ID}\s*(?::[^=]+)?=(?!=)`), rank: 'variable' },
    { pattern: new RegExp(String.raw`^\s+${ID}\s*:\s*\S`), rank: 'member' },
    { pattern: /^\s+self\.(?<name>[A-Za-z_]\w*)\s*(?::[^=]+)?=(?!=)/, rank: 'variable' },
  ],
};

const go: Language = {
  name: 'go',
  comments: SLASHES,
  sure: true,
  indented: true,
  rules: [
    { pattern: /^func\s*\(\s*(?:\w+\s+)?\*?(?<owner>\w+)[^)]*\)\s*(?<name>\w+)/, opens: 'body' },
    { pattern: new RegExp(String.raw`^func\s+${ID}`), opens: 'body' },
    { pattern: new RegExp(String.raw`^\s*type\s+${ID}`), opens: 'holder' },
    { pattern: new RegExp(String.raw`^(?:var|const)\s+${ID}`) },
    { pattern: new RegExp(String.raw`^\s+(?:var|const)\s+${ID}`), rank: 'variable' },
    { pattern: new RegExp(String.raw`^\s+${ID}(?:\s*\(|\s+[\w.*[\]]+|\s*$)`), rank: 'member' },
  ],
};

const rust: Language = {
  name: 'rust',
  comments: SLASHES,
  sure: true,
  indented: true,
  rules: [
    { pattern: /^\s*(?:unsafe\s+)?impl\b(?:\s*<[^{]*?>)?\s+(?:[^{]*?\sfor\s+)?(?:\w+::)*(?<name>\w+)/, opens: 'block' },
    {
      pattern: new RegExp(String.raw`^\s*(?:pub(?:\([^)]*\))?\s+)?(?:struct|enum|trait|union|mod)\s+${ID}`),
      opens: 'holder',
    },
    {
      pattern: new RegExp(
        String.raw`^\s*(?:pub(?:\([^)]*\))?\s+)?(?:(?:default|async|const|unsafe|extern(?:\s+"[^"]*")?)\s+)*fn\s+${ID}`,
      ),
      opens: 'body',
    },
    {
      pattern: new RegExp(
        String.raw`^\s*(?:pub(?:\([^)]*\))?\s+)?(?:type|const|static(?:\s+mut)?|macro_rules!)\s+${ID}`,
      ),
    },
    { pattern: new RegExp(String.raw`^\s+let\s+(?:mut\s+)?${ID}`), rank: 'variable' },
    { pattern: new RegExp(String.raw`^\s+(?:pub(?:\([^)]*\))?\s+)?${ID}\s*(?:[:({,]|$)`), rank: 'member' },
  ],
};

/** Everything else: enough to find the usual, not enough to say that something isn't defined. */
const other: Language = {
  name: 'other',
  comments: SLASHES,
  sure: false,
  indented: false,
  rules: [
    {
      pattern: new RegExp(
        String.raw`^\s*(?:[\w@()]+\s+)*?(?:class|interface|enum|record|struct|trait|object|protocol|extension|module|namespace|union|actor|defmodule)\s+(?:\w+(?:::|\.))*${ID}`,
      ),
      opens: 'holder',
    },
    {
      pattern: new RegExp(
        String.raw`^\s*(?:[\w@()]+\s+)*?(?:def|fun|func|function|fn|sub|proc|defp?|typealias|typedef|procedure)\s+(?:self\.|\w+\.)?${ID}`,
      ),
      opens: 'body',
    },
    { pattern: /^\s*#\s*define\s+(?<name>\w+)/ },
    { pattern: /^(?:function\s+)?(?<name>[A-Za-z_][\w-]*)\s*\(\)\s*\{?/, opens: 'body' },
    { pattern: /^(?:[\w<>[\],.?*&:~]+\s+)+[*&]*(?:(?<owner>\w+)::)?(?<name>\w+)\s*\([^;]*$/, opens: 'body' },
    { pattern: /^\s+(?:[\w<>[\],.?*&:]+\s+)+[*&]*(?<name>\w+)\s*\([^;]*$/, opens: 'body', rank: 'member' },
    {
      pattern: new RegExp(
        String.raw`^\s*(?:[\w<>[\],.?]+\s+)*?(?:const|val|var|let|final|static|readonly|export)\s+(?:[\w<>[\],.?]+\s+)*?${ID}\s*(?::[^=]+)?=(?!=)`,
      ),
      rank: 'variable',
    },
    { pattern: /^(?<name>[A-Z_][A-Z0-9_]*)\s*=/ },
  ],
};
const otherHash: Language = { ...other, comments: HASHES };

const BY_EXTENSION: Readonly<Record<string, Language>> = {
  ...all('ts tsx mts cts js jsx mjs cjs vue svelte astro', script),
  ...all('py pyi pyx', python),
  ...all('go', go),
  ...all('rs', rust),
  ...all('java kt kts scala cs swift c h cc cpp cxx hpp hh m mm php dart groovy zig proto graphql gradle', other),
  ...all('rb sh bash zsh fish pl pm ex exs jl r lua tcl nim cr rake', otherHash),
};

function all(extensions: string, language: Language): Record<string, Language> {
  return Object.fromEntries(extensions.split(' ').map((extension) => [`.${extension}`, language]));
}

export function languageOf(path: string): Language | undefined {
  return BY_EXTENSION[extname(path).toLowerCase()];
}

/** Comments and docstrings taken out, line by line the same. */
export function strip(text: string, language: Language | undefined): string {
  if (language === undefined) return text;
  return text.replace(language.comments, (found) => {
    if (/^(?:"(?!"")|'(?!''))/.test(found)) return found;
    return found.replaceAll(/[^\n]+/g, ' ');
  });
}
