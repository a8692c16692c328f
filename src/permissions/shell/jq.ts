import { readFlags } from './flags.ts';
import { medium, NOTHING, shown } from './notes.ts';
import type { Field } from './field.ts';
import type { Notes } from './notes.ts';
import type { Call, Program } from './program.ts';

/** jq: its filters only compute, but some read the environment or other files. */
export function readJq(call: Call): Notes {
  return readFlags(
    {
      ...JQ,
      check: ({ operands }) => {
        const [filter] = operands;
        if (filter === undefined || filter.opaque !== undefined) return NOTHING;
        if (call.args.some(misnamed)) return [medium('jq is given a name that is none')];
        const found = REACHING.exec(filter.text)?.[0];
        if (found === undefined && filter.text.length <= FILTER_MAX) return NOTHING;
        return [
          medium(`the jq filter uses ${shown(found ?? 'more than can be read')}, which reaches out of its input`),
        ];
      },
    },
    { ...call, args: withoutPairs(call.args) },
  );
}

const FILTER_MAX = 8_192;

const JQ: Program = {
  flags:
    '-rcsneSMCaj --raw-output --compact-output --slurp --null-input --exit-status --sort-keys --monochrome-output ' +
    '--color-output --ascii-output --join-output --tab --indent:small --raw-input -R --seq --stream --unbuffered ' +
    '--arg:text --argjson:text',
  operands: 'text read*',
  least: 1,
};

/** Not behind a dot or in plain quotes: there it is the name of a field. */
const REACHING =
  /(?<![.\w"])(?:env|include|import|modulemeta|get_search_list|input_filename|debug|stderr|halt_error)\b(?!"\s*[:\]])|\$(?:\s|#[^\n]*\n)*(?:ENV|__prog)/;

/** Then it is not clear which of the next words is the filter. */
function misnamed({ text }: Field, index: number, args: readonly Field[]): boolean {
  return PAIR.test(text) && (text.includes('=') || !/^[A-Za-z_]\w*$/.test(args[index + 1]?.text ?? ''));
}

const PAIR = /^--arg(?:json)?(?:=|$)/;

/** `--arg name value` takes two words: the name is dropped, the value stays. */
function withoutPairs(args: Call['args']): Call['args'] {
  return args.filter(({ text }, index) => {
    const pair = args[index - 1]?.text;
    return !((pair === '--arg' || pair === '--argjson') && /^[A-Za-z_]\w*$/.test(text));
  });
}
