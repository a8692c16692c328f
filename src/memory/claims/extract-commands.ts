import type { Claim } from './claim.ts';
import { around, type Reading } from './reading.ts';
import { KNOWN_PACKAGES, MANAGER_COMMANDS, TOOL_NAMES } from './known-names.ts';
import type { Mention } from './mentions.ts';
import { stanceOf } from './stance.ts';

const RUN =
  /(?<![\w/@.-])(?:npm|pnpm|yarn|bun)(?:\s+(?:-[\w-]+(?:[= ][\w@./-]+)?|--filter\s+\S+|-w\s+\S+|workspace\s+\S+))*\s+(?:(run(?:-script)?)\s+)?(?:--?[\w-]+\s+)*([A-Za-z][\w:.-]*[\w]|[a-z])/g;
const NAMED =
  /(?:\bscripts?\s+(?:(?:called|named|is|are)\s+)?[`"']([\w:.-]+)[`"'])|(?:[`"']([\w:.-]+)[`"']\s+(?:(?:npm|package|yarn|pnpm|package\.json)\s+)?scripts?\b)|\b(?:npm|pnpm|yarn|package\.json) scripts?\s+(?:(?:called|named)\s+)?([a-z][\w:-]+)\b|\bthe\s+([a-z][\w-]*:[\w:-]+|(?!same|other|first|new|old|npm|following|shell|setup|start-up|bash|python|only|whole|last|sql|latter|build-time)[a-z][\w-]*)\s+(?:npm\s+|package\s+)?script\b|\bscripts\.([\w:-]+)|(?:console scripts?|entry ?points?)\s+[`"']([\w:.-]+)[`"']|[`"']?\b([a-z][\w:.-]*)[`"']?\s+(?:command|console script|entry ?point)\s+(?:from|in|of|under)\s+[`[(]*(?:project\.scripts|package\.json|pyproject\.toml)/g;
const MAKE = /(?<![\w/@.-])(?:make|just)\s+([a-z][\w.-]*\w)/g;
const TARGET =
  /(?:\b(?:make(?:file)?\s+)?targets?\s+(?:(?:called|named)\s+)?[`"']([\w.-]+)[`"'])|(?:[`"']([\w.-]+)[`"']\s+(?:make(?:file)?\s+)?target\b)|\bMakefile\s+target\s+([\w-]+)|\bthe\s+([\w-]+)\s+(?:make(?:file)?\s+)target\b|\btarget\s+([\w-]+)\s+(?:in|of)\s+the\s+Makefile/gi;
const NOT_MADE =
  /^(?:sure|it|the|a|an|this|that|them|use|sense|up for|changes?|things?|do|any|no|to|our|us|every|all|one|good|better|use|progress|room|and|or|is|for|files?|targets?|in|as|because|when|like|before|after|don't|not|it's|has|was|with|there|some|two|more|now)$/;
const ASKED =
  /(?:\b(?:run|runs|running|use|using|via|with|through|do|by|execute|call|calls|invoke|type|try|and|then|or|also|needs?|starts?|mit|per)|[:(,→=]|->)\s*$/i;

/** `npm run build`, `make deploy`, "the `lint` script". */
export function scriptClaims(reading: Reading): Claim[] {
  const { sentence, taken } = reading;
  const found: Claim[] = [];
  const add = (name: string, at: number, kind: 'script' | 'target', weak: boolean): void => {
    const start = sentence.start + at;
    const mention: Mention = { text: name, start, end: start + name.length, coded: true };
    for (const each of sentence.mentions) if (each.start < mention.end && each.end > mention.start) taken.add(each);
    const stance = stanceOf(sentence, mention, 'place');
    if (stance === 'none' || (stance === 'unused' && !weak)) return;
    found.push({
      kind,
      name,
      words: kind === 'script' ? `script ${name}` : `make ${name}`,
      holds: stance !== 'absent',
      weak,
      span: { start, end: mention.end },
    });
  };
  const { text } = sentence;
  for (const each of text.matchAll(RUN)) {
    const name = each[2] ?? '';
    const at = each.index + each[0].length - name.length;
    if (each[1] === undefined && (MANAGER_COMMANDS.has(name) || name.includes('.'))) continue;
    const plainWord = each[1] === undefined && !/^(?:test|start|stop)$/.test(name);
    const coded = isCoded(text, each.index);
    const asked = ASKED.test(text.slice(0, each.index));
    // bun and yarn also run programs; npm runs nothing but its own commands without `run`.
    if (plainWord && each[0].startsWith('npm')) continue;
    add(name, at, 'script', plainWord && !coded && !asked && !name.includes(':'));
  }
  for (const each of text.matchAll(NAMED)) {
    const index = each.slice(1).findIndex((group) => group !== undefined) + 1;
    const name = each[index] ?? '';
    const file = /\.\w{1,4}$/.test(name);
    if (!file) add(name, each.index + each[0].indexOf(name), 'script', index === 4 && !name.includes(':'));
  }
  for (const each of text.matchAll(MAKE)) {
    const name = each[1] ?? '';
    const coded = isCoded(text, each.index);
    const opening =
      text.slice(0, each.index).trim() === '' &&
      /^\s+(?:[a-z]+s\b|=|:|→|-|to\b)/.test(text.slice(each.index + each[0].length));
    if (NOT_MADE.test(name) && !coded) continue;
    const strong = coded || ASKED.test(text.slice(0, each.index)) || opening;
    if (each[0].startsWith('just') && !coded) continue;
    add(name, each.index + each[0].length - name.length, 'target', !strong);
  }
  for (const each of text.matchAll(TARGET)) {
    const name = each.slice(1).find((group) => group !== undefined) ?? '';
    if (/make/i.test(text)) add(name, each.index + each[0].lastIndexOf(name), 'target', false);
  }
  return found;
}

function isCoded(text: string, at: number): boolean {
  return (text.slice(0, at).split('`').length - 1) % 2 === 1 || /["'$]\s*$/.test(text.slice(0, at));
}

const ON_PATH =
  /^["'`)]*\s+(?:(?:command|binary|tool|cli|executable|program)\s+)?(?:(?:is|are|must be|has to be|should be|being)\s+)?(?:already\s+)?(?:(?:available\s+|installed\s+)?(?:on|in)\s+(?:the\s+|my\s+|our\s+|this\s+|every\s+)?(?:\$?PATH|machine|box|host|server|system|laptop)\b|(?:installed|available)\s+here\b|installed\b(?! as| in package| by npm)|available\b(?:\s+on\b)?)/i;
const NEEDED =
  /\b(?:needs?|requires?|requiring|relies on|have|has|install(?:ed)?|find|finds)\s+(?:(?:the|a)\s+)?(?:(?:command|binary|tool|program|cli)\s+)?["'`(]*$/i;
const RUNS =
  /\b(?:run|runs|running|execute|executes|invoke|invokes|call|calls|shells? out to|spawns?|use|uses|using|with|via)\s+(?:(?:the|a)\s+)?(?:(?:command|binary|tool|program|cli)\s+)?["'`(]*$/i;
const USES = /\b(?:call|calls|use|uses|using|with|via)\s+(?:(?:the|a)\s+)?["'`(]*$/i;
const COMMAND_WORD = /\b(?:command|binary|executable|program|cli)\s+(?:(?:called|named)\s+)?["'`(]*$/i;
const WORD_AFTER = /^["'`)]*\s+(?:command|binary|executable|cli)\b/i;

const MACHINE =
  /^["'`)]*\s+(?:(?:command|binary|tool|cli|executable|program)\s+)?(?:(?:is|are|must be|has to be|should be|being)\s+)?(?:already\s+)?(?:(?:available\s+|installed\s+)?(?:on|in)\s+(?:the\s+|my\s+|our\s+|this\s+|every\s+)?(?:\$?PATH|machine|box|host|laptop)\b|(?:installed|available)\s+here\b)/i;
const SUBJECT = /(?:^|[,:;(]|\b(?:and|or|that|because|while|but|since))\s*$/i;
const NO_PROGRAM =
  /^(?:it|that|this|which|nothing|everything|what|one|both|all|none|they|these|those|there|is|are|and|or)$/;

/** Commands said in so many words to be on this machine: before anything else reads their names as packages or symbols. */
export function installedClaims(reading: Reading): Claim[] {
  return commandClaims(reading, ({ before, after }, mention) => {
    if (MACHINE.test(after))
      return mention.coded || TOOL_NAMES.has(mention.text) || (SUBJECT.test(before) && !NO_PROGRAM.test(mention.text));
    return (
      mention.coded &&
      NEEDED.test(before) &&
      /^`?\s+(?:to be\s+)?installed\b/.test(after) &&
      !KNOWN_PACKAGES.has(mention.text)
    );
  });
}

type Asked = (text: { readonly before: string; readonly after: string }, mention: Mention) => boolean;

/** Commands that have to be on PATH. */
export function commandClaims(reading: Reading, asked?: Asked): Claim[] {
  const { sentence, taken } = reading;
  return sentence.mentions.flatMap((mention): Claim[] => {
    if (taken.has(mention)) return [];
    const sure = asked?.(around(sentence, mention), mention) ?? false;
    if (asked !== undefined && !sure) return [];
    const name = /^\$?\s*([a-z][\w.+-]*)(?:\s+[\s\S]*)?$/.exec(mention.text)?.[1];
    if (name === undefined || (!mention.coded && !sure && !TOOL_NAMES.has(name)) || name === 'sudo') return [];
    const { before, after } = around(sentence, mention);
    const onPath = ON_PATH.test(after) || /\b(?:on|in)\s+(?:the\s+)?\$?PATH\b/.test(sentence.text);
    const line = mention.coded && /\s/.test(mention.text);
    const said =
      onPath ||
      NEEDED.test(before) ||
      (RUNS.test(before) && mention.coded) ||
      COMMAND_WORD.test(before) ||
      WORD_AFTER.test(after);
    if (!said && !(line && TOOL_NAMES.has(name))) return [];
    const stance = stanceOf(sentence, mention, 'thing');
    if (stance === 'none' || stance === 'unused') return [];
    taken.add(mention);
    // `cargo test` tells how to work on it, not what this machine has.
    const loose = USES.test(before) && !TOOL_NAMES.has(name);
    const weak =
      !onPath &&
      (line ||
        loose ||
        !(NEEDED.test(before) || RUNS.test(before) || COMMAND_WORD.test(before)) ||
        reading.tastes ||
        (!mention.coded && !NEEDED.test(before)));
    return [
      {
        kind: 'command',
        name: name === 'ripgrep' ? 'rg' : name,
        onPath,
        words: `command ${name}`,
        holds: stance === 'present',
        weak,
        span: { start: mention.start, end: mention.end },
      },
    ];
  });
}
