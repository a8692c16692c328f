/** A regular expression that ripgrep and JavaScript (with the flag `u`) understand alike, or what is wrong with it. */
export type Expression = { readonly pattern: string; readonly ignoreCase: boolean } | { readonly problem: string };

/** What a backslash before it changes, or is needed for. */
const SYNTAX = /[\w^$\\.*+?()[\]{}|/]/;
const QUANTIFIER = /^\{\d+(?:,\d*)?\}/;

/**
 * Brings an expression into the form both searchers read alike: needless backslashes go, a brace or bracket that can only
 * mean itself gets one. What only one of them knows is refused. `\w`, `\d` and `\b` are left to each: ripgrep's know letters
 * of every script, JavaScript's ASCII.
 */
export function readExpression(given: string, ignoreCase = false): Expression {
  const inline = given.startsWith('(?i)');
  const asked = inline ? given.slice(4) : given;
  const plain = asked.replaceAll('\\\\', '');
  if (/\n|\\n/.test(plain)) return { problem: 'expected an expression for one line, got one with a line break in it' };
  if (/\(\?(?:[=!]|<[=!])/.test(plain)) return { problem: 'look-around such as (?=…) is not supported' };
  if (/\\[1-9]|\\k</.test(plain)) return { problem: 'back-references such as \\1 are not supported' };
  if (plain.includes('[[:')) return { problem: 'classes such as [[:alpha:]] are not supported; write \\p{L} or [a-z]' };
  const pattern = normalize(asked);
  try {
    // eslint-disable-next-line no-new -- only whether it can be understood
    new RegExp(pattern, 'u');
    return { pattern, ignoreCase: ignoreCase || inline };
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, '');
    return { problem: `expected a regular expression, got one that cannot be read: ${reason}` };
  }
}

function normalize(pattern: string): string {
  let out = '';
  let inClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '\\') {
      at += 1;
      out += escaped(pattern, at, inClass);
      const braces = /^[pPuxX]\{[^}]*\}/.exec(pattern.slice(at))?.[0];
      if (braces !== undefined) {
        out += braces.slice(1);
        at += braces.length - 1;
      }
    } else if (inClass) {
      inClass = character !== ']';
      const doubled = pattern[at + 1] === character;
      if (character === '[' || (character === '-' && doubled)) out += `\\${character}`;
      else if (!('&~'.includes(character) && doubled)) out += character; // Once is enough, and no operator.
    } else if (character === '{') {
      const quantifier = out === '' ? undefined : QUANTIFIER.exec(pattern.slice(at))?.[0];
      out += quantifier ?? '\\{';
      at += (quantifier?.length ?? 1) - 1;
    } else {
      inClass = character === '[';
      out += character === ']' || character === '}' ? `\\${character}` : character;
    }
  }
  return out;
}

function escaped(pattern: string, at: number, inClass: boolean): string {
  const character = pattern.charAt(at);
  return character === '' || SYNTAX.test(character) || (inClass && character === '-') ? `\\${character}` : character;
}
