import type { Json } from '../../core/agent.ts';
import type { Claim, Judged } from './claim.ts';

const TEXT_CHARS_MAX = 20_000;
const NOTES_MAX = 5;

/** A tool call that is about to be made. */
export interface Act {
  readonly tool: string;
  readonly input: Json;
}

/**
 * What the result of a call should say first, because the call acts on something the memory is wrong about; undefined when it doesn't.
 * Pure: the judgements have to be fresh.
 */
export function beforeActing(act: Act, judged: readonly Judged[]): string | undefined {
  const text = strings(act.input).join('\n').slice(0, TEXT_CHARS_MAX);
  const notes = judged.flatMap(({ claim, verdict, reason, moved }) =>
    verdict === 'stale' && names(claim).some((name) => occurs(text, name))
      ? [
          `memory is out of date: ${claim.words}: ${reason}${moved === undefined || reason.includes(moved) ? '' : ` (now ${moved})`}`,
        ]
      : [],
  );
  return notes.length === 0 ? undefined : [...new Set(notes)].slice(0, NOTES_MAX).join('\n');
}

/** What of a claim a call would name. */
function names(claim: Claim): readonly string[] {
  switch (claim.kind) {
    case 'path':
      return [claim.path.replace(/\/+$/, '')];
    case 'symbol':
      return claim.name.length > 2 ? [claim.name] : [];
    case 'port':
      return [`:${claim.port}`];
    case 'url':
      return [claim.host];
    case 'setting':
      return [claim.key];
    case 'version':
      return [];
    default:
      return [claim.name];
  }
}

function occurs(text: string, name: string): boolean {
  return (
    new RegExp(`(?<![\\w.-])${RegExp.escape(name)}(?![\\w-])`).test(text) || (/^[.:]/.test(name) && text.includes(name))
  );
}

function strings(input: Json): readonly string[] {
  if (typeof input === 'string') return [input];
  if (typeof input !== 'object' || input === null) return [];
  return Object.values(input).flatMap((value: Json) => strings(value));
}
