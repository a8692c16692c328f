import type { Claim } from './claim.ts';
import { around, type Reading } from './reading.ts';
import type { Mention } from './mentions.ts';
import { stanceOf } from './stance.ts';

const LOCAL = /(?:https?:\/\/|wss?:\/\/)?(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d{2,5}))\b[^\s`)"']*/g;
const PORT = /\b(?:on|at|default|the)?\s*[pP]orts?\s+(?:(?:is|=|number)\s+)?`?(\d{2,5})\b|(?<![\w.\d)])`?:(\d{4,5})\b/g;

/** Addresses of our own services. */
export function portClaims({ sentence, taken }: Reading): Claim[] {
  const found: Claim[] = [];
  const add = (text: string, at: number, host: string, port: number, weak: boolean): void => {
    const start = sentence.start + at;
    const mention: Mention = { text, start, end: start + text.length, coded: true };
    const inside = sentence.mentions.filter((each) => each.start < mention.end && each.end > start);
    if (inside.some((each) => taken.has(each))) return;
    for (const each of inside) taken.add(each);
    const stance = stanceOf(sentence, mention, 'place');
    if (port > 65_535 || stance === 'none' || stance === 'unused') return;
    found.push({
      kind: 'port',
      host,
      port,
      words: `port ${port}`,
      holds: stance === 'present',
      weak,
      span: { start, end: mention.end },
    });
  };
  for (const each of sentence.text.matchAll(LOCAL)) add(each[0], each.index, each[1] ?? '', Number(each[2]), false);
  for (const each of sentence.text.matchAll(PORT)) {
    const digits = each[1] ?? each[2] ?? '';
    add(digits, each.index + each[0].lastIndexOf(digits), 'localhost', Number(digits), false);
  }
  return found;
}

const BRANCH_BEFORE =
  /\bbranch(?:es)?\b(?:\s+(?:is|called|named|name|=|are|at|to|off|from)|:)*\s+["'`(]*(?:[\w./-]+["'`]?\s*(?:,|and|or)\s+["'`]*)*$|\b(?:Branch|Zweig)\s+["'`(]*$/;
const BRANCH_AFTER = /^["'`)]*\s+\(?(?:git\s+)?branch\b(?! (?:prefix|name|naming|protection))/i;
const REF_BEFORE =
  /\b(?:(?:cut|branched|forked|merged?|merges|released|deployed|deploys|rebased?)\s+(?:\w+\s+){0,2}(?:from|off|into|onto|to)|git (?:checkout|switch|merge|rebase)(?: -b)?|checked out(?: on)?|(?:work(?:ing|s)?|development) (?:(?:happens|goes|is done|takes place) )?on|(?:releases?|hotfix(?:es)?) (?:\w+ ){0,3}off|(?:pull|merge) requests? (?:\w+ ){0,2}?(?:against|target|into)|currently on|pushe?[sd]? to|target(?:s|ing)?|PRs? (?:go|against|target)(?: (?:to|against))?|origin\/)\s*["'`(]*$/i;
const USUAL = /^(?:main|master|develop|trunk|next|staging|production|dev)$/;
const NAME = /^(?!-)[\w.][\w./-]*[\w]$/;

/** Branches and tags. */
export function branchClaims({ sentence, taken }: Reading): Claim[] {
  return sentence.mentions.flatMap((mention): Claim[] => {
    const name = mention.text.replace(/^(?:refs\/heads|origin)\//, '');
    if (
      taken.has(mention) ||
      !NAME.test(name) ||
      /^(?:is|was|the|a|an|that|which|this|for|of|on|in|from|and|or|has|with|named|called|default|current|feature|release|git|protection|names?|each|every|new|your|our|my|same|own|to|where|are|per|old|other|it|main-line|its|now|until|via|off|at|will|should|must|can)$/i.test(
        name,
      )
    )
      return [];
    const { before, after } = around(sentence, mention);
    const span = { start: mention.start, end: mention.end };
    if (/\btags?\s+(?:called\s+|named\s+|is\s+)?["'`(]*$/i.test(before) && /\d/.test(name)) {
      taken.add(mention);
      const stance = stanceOf(sentence, mention, 'place');
      return stance === 'none' || stance === 'unused'
        ? []
        : [{ kind: 'tag', name, words: `tag ${name}`, holds: stance === 'present', weak: false, span }];
    }
    const shaped = mention.coded || /[/\d-]/.test(name) || USUAL.test(name);
    const said = BRANCH_BEFORE.test(before) || BRANCH_AFTER.test(after);
    const usual =
      /\b(?:default|main|primary|integration|trunk) branch\b[^.;,]*\b(?:is|=|called|named|remains|stays|:)\s+(?:now\s+)?["'`(]*$/i.test(
        before,
      ) ||
      /^["'`)]*\s+(?:is|as|remains|stays)\s+(?:now\s+|still\s+)?(?:the|our)\s+(?:default|main|primary)(?: branch)?\b/i.test(
        after,
      ) ||
      /\bdefault branch[,:]?\s*(?:\()?["'`(]*$/i.test(before) ||
      /^["'`)]*\s*\(?(?:the\s+)?default branch/i.test(after);
    const weakRef = REF_BEFORE.test(before) && shaped;
    if (!(usual || (said && shaped) || weakRef)) return [];
    if (/\.(?:ts|js|py|md|json|ya?ml|go|rs|toml)$/.test(name)) return [];
    taken.add(mention);
    const stance = stanceOf(sentence, mention, 'place');
    if (stance === 'none' || stance === 'unused') return [];
    const current =
      /\b(?:currently on|checked out(?: on)?|current branch(?: is)?)\s+(?:the\s+|branch\s+)*["'`(]*$/i.test(before) ||
      /^["'`)]*\s+(?:branch\s+)?is (?:currently )?checked out/i.test(after);
    const merged = /^["'`)]*\s+(?:branch\s+)?(?:was|is|has been|got)\s+(?:\w+\s+)?(?:merged|closed|abandoned)\b/i.test(
      after,
    );
    if (merged) return [];
    const weak = !usual && !said && !USUAL.test(name) && !mention.coded;
    return [
      {
        kind: 'branch',
        name,
        role: usual ? 'default' : current ? 'current' : 'exists',
        words: `branch ${name}`,
        holds: stance === 'present',
        weak,
        span,
      },
    ];
  });
}

const SERVICE_BEFORE =
  /\b(?:service|container)s?\s+(?:(?:called|named)\s+)?["'`(]+$|\bservices?\s+(?:called|named)\s+$/i;
const SERVICE_AFTER =
  /^["'`)]+\s+(?:(?:docker|compose|docker-compose)\s+)?(?:service|container)\b|^\s+(?:docker|compose|docker-compose)\s+(?:service|container)\b/i;

/** Services of a compose file. */
export function serviceClaims({ sentence, taken }: Reading): Claim[] {
  if (!/compose|docker|container/i.test(sentence.text)) return [];
  return sentence.mentions.flatMap((mention): Claim[] => {
    if (taken.has(mention) || !/^[a-z][\w-]*$/.test(mention.text)) return [];
    const { before, after } = around(sentence, mention);
    if (!SERVICE_BEFORE.test(before) && !SERVICE_AFTER.test(after)) return [];
    taken.add(mention);
    const stance = stanceOf(sentence, mention, 'place');
    if (stance === 'none' || stance === 'unused') return [];
    return [
      {
        kind: 'service',
        name: mention.text,
        words: `service ${mention.text}`,
        holds: stance === 'present',
        weak: false,
        span: { start: mention.start, end: mention.end },
      },
    ];
  });
}

const OWN_BEFORE =
  /(?:\b(?:(?:the|our)\s+)?(?:current(?:ly)?|latest|project(?:'s)?|package(?:'s)?|app(?:'s)?|released?|released as|shipped|app|its own|our)\s+(?:\w+\s+)?(?:version|release)\s+(?:(?:is|was|of the project is|=|:|number is)\s+)?|\bversion\s+(?:of\s+(?:the|this|our)\s+\w+\s+)?(?:is\s+(?:now\s+|currently\s+)?|=\s*|:\s*)|^\s*(?:current\s+)?version:?\s+|\b(?:is|are|we're|stands|now|currently)\s+(?:now\s+|currently\s+)?(?:at|on)\s+(?:version\s+|v(?=\d))|\b(?:project|package|app|repo(?:sitory)?|crate|library) is (?:at|on) )["'`(]*$/i;
const VERSION = /^v?\d+\.\d+(?:\.\d+)?(?:-[\w.]+)?$/;

/** "The current version is 1.4.2": of the project itself. */
export function versionClaims({ sentence, taken }: Reading): Claim[] {
  return sentence.mentions.flatMap((mention): Claim[] => {
    if (taken.has(mention) || !VERSION.test(mention.text)) return [];
    const { before } = around(sentence, mention);
    const found = OWN_BEFORE.exec(before.replace(/v$/, ''));
    if (found === null) return [];
    const name = /([\w@/.-]+)(?:'s)?\s+$/.exec(before.slice(0, found.index))?.[1]?.toLowerCase();
    const stance = stanceOf(sentence, mention, 'place');
    if (stance !== 'present') return [];
    // "TypeScript is on 5.8" speaks of a package.
    if (/\b(?:TypeScript|Node(?:\.js)?|Python|React|Vue|Go|Rust|Ruby|Postgres\w*|npm|pnpm)\b/i.test(before)) return [];
    taken.add(mention);
    return [
      {
        kind: 'version',
        version: mention.text.replace(/^v/, ''),
        name,
        words: `version ${mention.text}`,
        holds: true,
        weak: false,
        span: { start: mention.start, end: mention.end },
      },
    ];
  });
}
