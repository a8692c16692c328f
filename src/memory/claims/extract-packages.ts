import type { Claim } from './claim.ts';
import { around, type Reading } from './reading.ts';
import { COMMON_PACKAGES, KNOWN_PACKAGES, RUNTIMES } from './known-names.ts';
import type { Mention } from './mentions.ts';
import { isManifest } from './manifests.ts';
import { isSettings } from './settings.ts';
import { isValue } from './values.ts';
import { stanceOf } from './stance.ts';

const NUMBER = String.raw`(?:[\^~]|[<>]=?|==?|v)?\s?\d+(?:\.(?:\d+|x|\*))*(?:-[a-z]+[\w.]*)?\+?`;
/** After a name: `5.2`, `^4.1`, `is at 5.8`, `(18.2.0)`, `pinned to 3.0.1`. */
const VERSION_AFTER = new RegExp(
  String.raw`^["'\x60)]*(?:\s+(?:itself|package|dependency|library|image))?(?:\s*(?:,?\s*(?:(?:is|are|was|stays|sits|now|currently|still|has been|got|be)\s+)*(?:at|on|to|pinned(?: to| at)?|locked(?: to| at)?|fixed at|bumped to|upgraded to|updated to|kept at|held at|version|in version|version is|set to|in|requires|:)?\s*(?:version\s+|major\s+|release\s+)?)|\s*\(\s*|@|\s+)["'\x60(]*(${NUMBER})(?![\w%/-]|\.\w|:\d)(?!\s*(?:%|(?:ms|s|times|files?|tests?|minutes?|seconds?|hours?|days?|lines?|bytes|KB|MB|weeks?|years?|people|workers?|x)\b))`,
  'i',
);
const VERSION_BEFORE = new RegExp(
  String.raw`\b(?:version|release|major)\s+["'\x60]*(${NUMBER})["'\x60]*\s+of\s+["'\x60(]*$`,
  'i',
);
const OR_NEWER =
  /^["'`)]*\s*(?:\+|or (?:newer|later|higher|above|greater)|and (?:up|above|newer|later)|oder neuer|upwards)/i;
const AT_LEAST = /\b(?:at least|minimum|min\.?|mindestens|ab)\s+["'`(]*$/i;
const USE =
  /\b(?:uses?|using|used|built (?:with|on)|powered by|depends? on|depending on|relies on|relying on|based on|runs? on|goes? (?:through|via)|done (?:with|by|in)|handled (?:by|with)|written (?:with|in)|tested with|validated? (?:with|by|via)|via|through|with|by|on top of|needs?|requires?|is|are|=|now|and|or|plus|,|:|\(|adopted|chose|choose|migrated to|moved to|switched to|went to|replaced (?:\S+ )?(?:with|by)|stack|on|for|from|nutzt|verwendet|benutzt|mit|über|auf)\s+(?:(?:the|an?|our|now|plain|just|only|new|package|library|still|called|both|exactly)\s+)*["'`(]*$|^["'`(]*$/i;
const SERVES =
  /^["'`)]*\s+(?:(?:reads|parses|writes|formats|renders|builds|bundles|checks|lints|logs|signs|sends|talks|draws|tests|stores|caches|generates|keeps|speaks)|(?:is|are)\s+(?:used|our|the|what|how|pinned|a dependency|in (?:dev)?dependencies|installed)|handles?|does|serves?|for|as|powers?|runs?|provides?|validates?|drives?|manages?|schemas?|takes care)\b/i;
const SAID =
  /\b(?:depends? on|dependency(?: on)?|dependencies(?: are| include)?:?|package|packages|library|libraries|lib|module|npm|pip|crate|gem|devDependenc\w+|imports?)\s+(?:(?:called|named|is|the|on)\s+)*["'`(]*(?:[\w@/.-]+["'`]?(?:,| and| or)\s+["'`]*)*$/i;
const SAID_AFTER =
  /^["'`)]*\s+(?:package|library|crate|gem|dependency|is (?:a|one of (?:the|our)) (?:\w+ )?dependenc\w+|is (?:the|our|an?) (?:[\w-]+ ){0,3}(?:library|package|framework|formatter|linter|bundler|query builder|test runner|type checker|driver|ORM)|is in (?:our |the )?(?:dev)?dependencies|npm package)\b/i;
const VERB =
  /\b(?:uses?|using|(?:built|done|formatted|linted|bundled|tested|written|type-checked) with|built on|powered by|depends? on|relies on|based on|migrated to|switched to|nutzt|verwendet|benutzt)\s+(?:(?:the|an?|our|plain|just)\s+)*["'`(]*(?:[\w@/.-]+["'`]?(?:,| and| or|,? and)\s+["'`]*)*$/i;
/** The name of a package that belongs to another: `python-dateutil`, `eslint-plugin-import`. */
const ECOSYSTEM =
  /^(?:python|django|flask|pytest|types|sphinx|react|vue|svelte|angular|eslint|babel|vite|vitest|rollup|webpack|postcss|express|fastify|tokio|serde)-[a-z][\w-]*$/;
const ADJECTIVE =
  /-(?:based|like|level|style|only|specific|side|compatible|friendly|powered|free|ready|aware|related|native-like|live|to|version|modules?|app|service|server|test|tests|code|wide)$/;
const TOOL_SETTINGS = /\b(?:settings?|config\w*|options?|sections?|rules)\b/i;
const MODULE_PATH = /^(?:[\w-]+\.)+(?:com|org|in|dev|io|net)\/[\w.-]+(?:\/[\w./-]+)?$/;
const REPOSITORY =
  /\b(?:repo|repository|fork\w*|upstream|org|organi[sz]ation|issues?|clone\w*|hosted|lives at|mirror\w*)\b/i;
const NAME = /^(?:@[a-z0-9][\w.-]*\/)?[A-Za-z0-9][\w.-]*(?:\/[\w.-]+){0,4}$/;
const NO_NAME =
  /^(?:current|currently|latest|project|released?|new|old|newest|the|a|an|and|or|is|are|at|on|to|of|in|version|versions|step|issue|port|line|lines|page|section|phase|chapter|table|figure|level|rule|about|only|all|exactly|least|most|than|under|over|within|after|before|every|for|least|max|min|up|from|with|by|release|part|item|note|exit|code|status|http|https|utf|sha|es|day|week|month|year|q|pr|mr|task|node_modules|we|it|still|now|this|has|have|edition|plus|until|since|per|default|limit|timeout|ttl|port|between|uses|using|takes|returns|there|run|runs|top|first|last|next|ticket|error|errors|round|attempt|attempts|retries|january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec|python3|ca|approx|around|roughly|pinned|fixed|locked|required|kept|held|set|bumped|upgraded|updated)$/i;

/** "uses fastify 5", "zod ^4.1", "React is on 18.2": packages, languages and servers, with or without a version. */
export function packageClaims(reading: Reading): Claim[] {
  const { sentence, taken } = reading;
  return sentence.mentions.flatMap((mention): Claim[] => {
    if (taken.has(mention)) return [];
    const traits = traitsOf(reading, mention);
    if (traits === undefined || isOther(reading, mention, traits)) return [];
    const { before } = around(sentence, mention);
    const stance = stanceOf(sentence, mention, 'place');
    if (stance === 'none' || (stance !== 'present' && traits.version !== undefined)) return [];
    if (stance === 'unused' && /\b(?:avoid|never|without|free of)/i.test(before)) return [];
    return [claimOf(reading, mention, traits, stance === 'present')];
  });
}

/** What speaks for a mention being a package. */
interface Traits {
  readonly name: string;
  readonly version: string | undefined;
  /** Name and version are one word. */
  readonly glued: boolean;
  /** The manifest that the sentence names. */
  readonly file: string | undefined;
  readonly known: boolean;
  readonly common: boolean;
  readonly runtime: boolean;
  readonly scoped: boolean;
  /** Called a package in so many words. */
  readonly said: boolean;
}

function traitsOf({ sentence, paths }: Reading, mention: Mention): Traits | undefined {
  const given = split(mention);
  if (given === undefined) return undefined;
  const { name } = given;
  const { before, after } = around(sentence, mention);
  const lower = name.toLowerCase().replace(/\.js$/, '');
  const version = given.version ?? VERSION_AFTER.exec(after)?.[1] ?? VERSION_BEFORE.exec(before)?.[1];
  const manifest = paths.find(({ path }) => isManifest(path.slice(path.lastIndexOf('/') + 1)))?.path;
  // Some manifests hold the settings of tools as well.
  const ofTools =
    version === undefined &&
    manifest !== undefined &&
    /\.(?:toml|cfg)$/.test(manifest) &&
    TOOL_SETTINGS.test(sentence.text);
  const file = ofTools ? undefined : manifest;
  const known = KNOWN_PACKAGES.has(lower) || (ECOSYSTEM.test(lower) && !ADJECTIVE.test(lower));
  const common = COMMON_PACKAGES.has(lower);
  const runtime = RUNTIMES.has(lower) || lower === 'typescript';
  const scoped = (name.startsWith('@') && name.includes('/')) || isModulePath(sentence.text, mention, name, version);
  // "Line length is 88" is no package.
  const exact = version !== undefined && (/[.^~=<>]/.test(version) || /[-_]/.test(name));
  const listed =
    file !== undefined &&
    ((mention.coded && !/^[\w-]+(?:\.[\w-]+){2,}$/.test(name)) || known || common || runtime || scoped || exact);
  const said = SAID.test(before) || SAID_AFTER.test(after) || listed;
  // "Chapter 3": a name nobody knows, with a bare number.
  const bare = version !== undefined && !/[.^~=<>v]/.test(version) && !/^[a-z]/.test(name);
  const sure = known || common || runtime || said || scoped || mention.coded;
  const glued = given.version !== undefined;
  return { name, version: bare && !sure ? undefined : version, glued, file, known, common, runtime, scoped, said };
}

/** `github.com/spf13/cobra`: the module, where nothing speaks of a repository. */
function isModulePath(text: string, mention: Mention, name: string, version: string | undefined): boolean {
  return MODULE_PATH.test(name) && (mention.coded || version !== undefined) && !REPOSITORY.test(text);
}

/** Whether it is something else, or says nothing that can be checked. */
function isOther({ sentence, paths }: Reading, mention: Mention, traits: Traits): boolean {
  const { name, version, file, known, runtime, scoped, said } = traits;
  const { before, after } = around(sentence, mention);
  if (isValue(sentence, mention)) return true;
  if (version === undefined) {
    if (runtime && name.toLowerCase() !== 'typescript') return true;
    const used = VERB.test(before) || (known && (USE.test(before) || SERVES.test(after)));
    if (!said && !scoped && !used) return true;
    if (name.includes('/') && !scoped && !known && !said) return true;
  }
  if (/\.(?!js$|io$)/.test(name) && !name.includes('/') && !known && !said) return true;
  const settings = paths.some(({ path }) => isSettings(path) && path !== file);
  return version !== undefined && !known && !runtime && settings && /^\s*[=:]/.test(after);
}

function claimOf({ sentence, paths, taken, tastes }: Reading, mention: Mention, traits: Traits, holds: boolean): Claim {
  const { name, version, file, runtime, said } = traits;
  const { before, after } = around(sentence, mention);
  // `moment` in src/time.ts is a name there, not the package.
  const elsewhere = paths.some((path) => path.file && path.path !== file);
  const ours = version === undefined && !said && !VERB.test(before) && elsewhere;
  const sure = isSure(mention, traits, before);
  if ((sure || said) && !ours) taken.add(mention);
  const end = VERSION_AFTER.exec(after)?.[0].length ?? 0;
  const newer = OR_NEWER.test(after.slice(end)) || AT_LEAST.test(before + after.slice(0, end - (version?.length ?? 0)));
  const clean = version?.replaceAll(/\s/g, '');
  return {
    kind: 'package',
    name: runtime && name.toLowerCase() === 'nodejs' ? 'node' : name,
    version: newer && clean !== undefined ? `>=${clean.replace(/\+$/, '').replace(/^[>=v^~]+/, '')}` : clean,
    file,
    words: clean === undefined ? `package ${name}` : `${name} ${clean}`,
    holds,
    weak: !sure || ours || (tastes && version === undefined && !said),
    span: { start: mention.start, end: mention.end },
  };
}

function isSure(mention: Mention, traits: Traits, before: string): boolean {
  const { name, version, glued, known, common, runtime, scoped, said } = traits;
  if (scoped || known || runtime) return true;
  if (common && (VERB.test(before) || version !== undefined || said)) return true;
  if (said && (mention.coded || version !== undefined || /[-/.]/.test(name))) return true;
  if (version === undefined || !/^[a-z@]/.test(name)) return false;
  return mention.coded || /[\^~=]/.test(version) || (version.includes('.') && (USE.test(before) || glued));
}

function split(mention: Mention): { readonly name: string; readonly version?: string } | undefined {
  const glued = /^(@?[A-Za-z][\w./-]*?)(?:@|==|>=|~=|\s+(?=[\^~v]?\d))((?:[\^~v]|npm:)?\d[\w.*-]*)$/.exec(mention.text);
  if (glued !== null)
    return { name: glued[1] ?? '', version: (mention.text.includes('>=') ? '>=' : '') + (glued[2] ?? '') };
  // An image and its tag; `redis:6379` is a server and its port.
  const image = /^((?:[\w.-]+(?::\d+)?\/)*([a-z][\w-]*)):(v?\d{1,2}(?:\.\d+)*(?:-[a-z][\w.-]*)?)$/.exec(mention.text);
  if (image !== null) return { name: image[2] ?? '', version: image[3] ?? '' };
  if (!NAME.test(mention.text) || NO_NAME.test(mention.text) || /^\d/.test(mention.text)) return undefined;
  return { name: mention.text };
}
