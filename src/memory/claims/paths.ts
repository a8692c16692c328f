import { DOTTED_PRODUCTS, KNOWN_PACKAGES } from './known-names.ts';
import type { Mention, Sentence } from './mentions.ts';

/** A mention that is a path. */
export interface PathMention {
  readonly mention: Mention;
  readonly path: string;
  readonly line?: number | undefined;
  /** By its looks: has the ending of a file. */
  readonly file: boolean;
  readonly weak: boolean;
}

const EXTENSION =
  /\.(?:[cm]?[tj]sx?|jsonc?|json5|jsonl|ya?ml|toml|mdx?|rst|txt|pyi?|ipynb|go|mod|sum|rs|java|kts?|scala|rb|erb|rake|php|cs|csproj|sln|[ch]|cc|cpp|cxx|hpp|hh|swift|m|mm|sh|bash|zsh|fish|ps1|bat|sql|css|s[ac]ss|less|html?|vue|svelte|astro|lock|cfg|ini|conf|env|properties|xml|gradle|proto|graphql|gql|tf|tfvars|service|socket|timer|plist|exs?|lua|pl|r|jl|dart|zig|nim|csv|tsv|svg|png|jpe?g|gif|ico|pdf|wasm|hbs|ejs|tpl|tmpl|j2|jinja|njk|pug|snap|example|sample|dockerfile|nix|hcl|rego|patch|diff|key|pem|crt|db|sqlite|log|mk|cmake|bazel|bzl|d\.ts)$/i;
const SPECIAL =
  /^(?:(?:GNUm|M|m)akefile|Dockerfile(?:\.[\w-]+)?|Containerfile|Procfile|Gemfile|Rakefile|Jenkinsfile|Vagrantfile|Caddyfile|Justfile|justfile|Brewfile|Pipfile|CODEOWNERS|LICENSE|\.(?:nvmrc|env|npmrc|gitignore|gitattributes|editorconfig|dockerignore|prettierrc|eslintrc|babelrc|swcrc|mocharc|tool-versions|node-version|python-version|ruby-version|oxlintrc|stylelintrc|browserslistrc|envrc|flake8|pylintrc|coveragerc|gitmodules|mailmap|npmignore|env(?:\.[\w-]+)+|[a-z][\w-]*(?:ignore|rc)))$/;
const ROOT =
  /^(?:src|libs?|tests?|spec|__tests__|docs?|scripts?|bin|cmd|internal|pkg|packages|apps?|web|server|client|api|frontend|backend|configs?|tools|examples?|include|public|static|assets|bench(?:marks)?|deploy|infra|e2e|\.github|\.ci|crates|modules|services|core|db|migrations|proto|dist|build|node_modules|proof|ui|components|pages|routes|utils|common|shared|systemd|launchd)$/;
const PLACE_BEFORE =
  /\b(?:in|under|inside|below|beneath|within|into|from|at|to|of|folder|directory|dir|path|see|unter|nach|aus|im|liegt in)\s+(?:(?:the|our|its)\s+)?["'`(]*$/i;
const PLACE_AFTER = /^["'`)]*\s+(?:sub)?(?:director(?:y|ies)|folders?|dirs?|tree|Ordner|Verzeichnis)\b/i;
const DIRECTORY_BEFORE = /\b(?:director(?:y|ies)|folders?|dir|Ordner|Verzeichnis)\s+(?:(?:called|named)\s+)?["'`(]*$/i;
const NOT_BEFORE =
  /\b(?:branch(?:es)?|tag|repo(?:sitory)?|package|scope|header|type|import(?:ed)?|mime|route|endpoint|GET|POST|PUT|DELETE|PATCH|scoped|org|checkout|image|PR|issue)\s+(?:(?:called|named|is|on|from|the)\s+)*["'`(]*$/i;
const NOT_AFTER =
  /^["'`)]*\s+(?:branch|tag|repo(?:sitory)?|package|header|route|endpoint|image|library|module|dependency)\b/i;
const MIME = /^(?:application|text|image|audio|video|multipart|font|message|model)\/[\w.+-]+$/;

/** Reads a mention as a path of a file or directory; undefined: it is none. */
export function readPath(sentence: Sentence, mention: Mention): PathMention | undefined {
  let text = mention.text.replace(/^@\//, 'src/');
  const place = /^(.*?)(?::|#L|\()(\d+)(?:[:,-]L?\d+)?\)?$/.exec(text);
  const line = place !== null && /[./]/.test(place[1] ?? '') ? Number(place[2]) : undefined;
  if (line !== undefined) text = place?.[1] ?? text;
  text = text
    .replace(/^\.\//, '')
    .replace(/[:#].*$/, '')
    .replace(/(?<=\w)\(\)$/, '()');
  if (
    !/^(?!.*\/\/)[\w.@~/+*?{},[\]$()-]+$/.test(text) ||
    text.length > 300 ||
    /^[\d./-]+$/.test(text) ||
    /^[*.?]+$/.test(text)
  )
    return undefined;
  if (/\($|\)$/.test(text) || text.startsWith('~') || text.startsWith('$') || text.includes('..')) return undefined;
  if (/^(?:[\w-]+\.)+(?:com|org|net|io|dev|ai|app|de|eu|in|local|gov|edu)(?:\/|$)/i.test(text)) return undefined;
  const made = { mention, path: text, line };
  const before = sentence.text.slice(0, mention.start - sentence.start);
  const after = sentence.text.slice(mention.end - sentence.start);
  const base = text.slice(text.lastIndexOf('/') + 1);
  if (text.startsWith('@') || MIME.test(text) || /^https?$/.test(text)) return undefined;
  if (text.startsWith('/') && !/^\/(?:etc|usr|var|home|opt|srv|tmp|root|Users|work|mnt|data)\//.test(text))
    return undefined;
  if (EXTENSION.test(base) || SPECIAL.test(base)) return readFile(made, base);
  if (
    text.includes('/') &&
    /\w\.[A-Za-z]\w{0,7}$/.test(base) &&
    (mention.coded || PLACE_BEFORE.test(before) || ROOT.test(text.split('/')[0] ?? ''))
  )
    return { ...made, file: true, weak: false };
  if (/[*?{]/.test(text))
    return text.includes('/') && ROOT.test(text.split('/')[0] ?? '')
      ? { ...made, file: false, weak: false }
      : undefined;
  if (NOT_BEFORE.test(before) || NOT_AFTER.test(after)) return undefined;
  if (KNOWN_PACKAGES.has(text) || /^["'`)]*\s+v?\d+\.\d/.test(after)) return undefined;
  const named = PLACE_AFTER.test(after) || DIRECTORY_BEFORE.test(before);
  if (!text.includes('/')) {
    if (
      !/^[\w.-]{2,}$/.test(text) ||
      !named ||
      /^(?:the|this|that|each|every|same|root|home|current|whole|its|a|an|own|new|old|sub|parent|working|output|source|temp|top-level|separate|one|their|our|in|of|to|is|and|under|with|where|which|for)$/i.test(
        text,
      )
    )
      return undefined;
    return { ...made, file: false, weak: !mention.coded && !ROOT.test(text) };
  }
  return readDirectory(made, before, named);
}

function readFile(
  made: { mention: Mention; path: string; line: number | undefined },
  base: string,
): PathMention | undefined {
  const { path, mention } = made;
  if (DOTTED_PRODUCTS.has(path.toLowerCase())) return undefined;
  // `.ts` and `*.ts` name a kind of file.
  if (/^\*?\.\w{1,5}$/.test(base) && !SPECIAL.test(base))
    return path.includes('/') ? { ...made, file: false, weak: false } : undefined;
  // `obj.m`, `a.h`: too short to be sure.
  const doubtful =
    !path.includes('/') &&
    !SPECIAL.test(path) &&
    (/\.(?:m|r|h|c|key|db|log|env|d|example|sample|patch|mod|sum|lock|pl|socket|timer|less|html?|diff|snap|service|sql)$/i.test(
      path,
    ) ||
      /^[A-Z][\w]*\.js$/.test(path)) &&
    !mention.coded &&
    !/[-_]/.test(path);
  return { ...made, file: true, weak: doubtful };
}

function readDirectory(
  made: { mention: Mention; path: string; line: number | undefined },
  before: string,
  named: boolean,
): PathMention | undefined {
  const parts = made.path.split('/').filter((part) => part !== '');
  const [first = ''] = parts;
  if (parts.every((part) => /^[A-Z0-9.]+$/.test(part)) || parts.some((part) => !/^[\w.@+-]+$/.test(part)))
    return undefined;
  if (made.path.endsWith('/'))
    return {
      ...made,
      file: false,
      weak: !(ROOT.test(first) || made.mention.coded || named || PLACE_BEFORE.test(before)),
    };
  const likely = ROOT.test(first) && (made.mention.coded || PLACE_BEFORE.test(before) || named || parts.length > 2);
  const said =
    named ||
    (parts.length > 2 && (made.mention.coded || PLACE_BEFORE.test(before))) ||
    (made.mention.coded && PLACE_BEFORE.test(before));
  return { ...made, file: false, weak: !(likely || said) };
}
