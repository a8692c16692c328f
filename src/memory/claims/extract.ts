import type { Claim } from './claim.ts';
import { commandClaims, installedClaims, scriptClaims } from './extract-commands.ts';
import { packageClaims } from './extract-packages.ts';
import { branchClaims, portClaims, serviceClaims, versionClaims } from './extract-project.ts';
import { symbolClaims } from './extract-symbols.ts';
import { readSentences, type Mention, type Sentence } from './mentions.ts';
import { readPath, type PathMention } from './paths.ts';
import type { Reading } from './reading.ts';
import { stanceOf } from './stance.ts';
import { urlClaims } from './urls.ts';
import { isValue } from './values.ts';

export interface ExtractOptions {
  /** A text about the owner's tastes names code and packages as examples: only what it names with a place is a claim. */
  readonly tastes?: boolean | undefined;
}

const TEXT_CHARS_MAX = 4_000;
const CLAIMS_MAX = 40;

/** What a text says about the workspaces that code can check. Pure; plans, questions and the past are no claims. At most 40. */
export function extract(text: string, { tastes = false }: ExtractOptions = {}): readonly Claim[] {
  const plain = text.slice(0, TEXT_CHARS_MAX).replaceAll(/```[\s\S]*?(?:```|$)/g, (code) => ' '.repeat(code.length));
  const claims = readSentences(plain).flatMap((sentence) => {
    const taken = new Set<Mention>();
    const reading: Reading = { sentence, taken, tastes, paths: [] };
    const early = [
      ...portClaims(reading),
      ...urlClaims(reading),
      ...scriptClaims(reading),
      ...branchClaims(reading),
      ...installedClaims(reading),
    ];
    const paths = sentence.mentions
      .filter((mention) => !taken.has(mention))
      .flatMap((mention) => {
        // `CACHE_DIR` defaults to /var/cache: what a key is set to, not a place here.
        const elsewhere = mention.text.startsWith('/') && isValue(sentence, mention);
        const path = elsewhere ? undefined : readPath(sentence, mention);
        if (path !== undefined) taken.add(mention);
        return path === undefined ? [] : [path];
      });
    const whole = { ...reading, paths };
    return [
      ...early,
      ...paths.flatMap((path) => pathClaim(sentence, path)),
      ...serviceClaims(whole),
      ...versionClaims(whole),
      ...packageClaims(whole),
      ...symbolClaims(whole),
      ...commandClaims(whole),
    ];
  });
  const seen = new Set<string>();
  const unique = claims.filter((claim) => {
    const key = `${claim.kind} ${claim.words} ${claim.holds}`;
    return seen.has(key) ? false : (seen.add(key), true);
  });
  return unique.toSorted((one, other) => one.span.start - other.span.start).slice(0, CLAIMS_MAX);
}

function pathClaim(sentence: Sentence, { mention, path, line, weak }: PathMention): Claim[] {
  const stance = stanceOf(sentence, mention, 'place');
  if (stance === 'none' || stance === 'unused') return [];
  const words = line === undefined ? path : `${path}:${line}`;
  return [
    {
      kind: 'path',
      path,
      line,
      words,
      weak,
      holds: stance === 'present',
      span: { start: mention.start, end: mention.end },
    },
  ];
}
