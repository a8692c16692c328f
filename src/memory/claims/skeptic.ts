import { join } from 'node:path';
import type { Clock } from '../../core/ports.ts';
import { checkClaim } from './check.ts';
import type { Claim, Judged, Judgement, Place } from './claim.ts';
import type { Disk } from './disk.ts';
import { extract, type ExtractOptions } from './extract.ts';
import { createSight, type Seen } from './sight.ts';

/** A text of the memory, to be looked at skeptically. */
export interface Remembered {
  readonly text: string;
  /** What surrounds it: the name and description of its topic. A workspace that is named there is the one meant. */
  readonly about?: string | undefined;
  readonly tastes?: boolean | undefined;
}

export interface SkepticOptions {
  readonly places: readonly Place[];
  readonly disk: Disk;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Directories of programs. */
  readonly programs: readonly string[];
}

interface Kept {
  readonly judgement: Judgement;
  readonly seen: readonly Seen[];
}

/** What a daemon may keep between checks: plain JSON. */
export type SkepticCache = readonly (readonly [key: string, kept: Kept])[];

export interface Skeptic {
  /** Judges every claim of every text; what rests on unchanged files is not looked at again. */
  check(texts: readonly Remembered[]): readonly (readonly Judged[])[];
  save(): SkepticCache;
}

const KEPT_MAX = 20_000;

/** Memory is a hint: finds what texts claim about the workspaces and looks whether it is so. Blocks while it looks; reads only. */
export function createSkeptic({ places, disk, clock, programs }: SkepticOptions, saved: SkepticCache = []): Skeptic {
  const sight = createSight(disk, clock);
  const kept = new Map<string, Kept>(saved);
  const claims = new Map<string, readonly Claim[]>();

  const claimsOf = (text: string, options: ExtractOptions): readonly Claim[] => {
    const key = `${options.tastes === true ? 1 : 0}${text}`;
    const known = claims.get(key);
    if (known !== undefined) return known;
    if (claims.size >= KEPT_MAX) claims.clear();
    const found = extract(text, options);
    claims.set(key, found);
    return found;
  };
  const judge = (claim: Claim, place: Place): Judgement => {
    const key = keyOf(claim, place, programs);
    const known = kept.get(key);
    if (known !== undefined && sight.still(known.seen)) return known.judgement;
    const { result, seen } = sight.note(() => checkClaim(claim, place, { sight, programs }));
    if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value ?? '');
    kept.set(key, { judgement: result, seen });
    return result;
  };

  /** `shims/2to3-3.10` without any mark is meant as a path where there is a directory `shims`. */
  const leadsIn = (claim: Claim, place: Place): boolean => {
    if (
      claim.kind !== 'path' ||
      !/^[\w.-]+\//.test(claim.path) ||
      !(/[\d_.-]/.test(claim.path) || claim.path.split('/').length > 2)
    )
      return false;
    return sight.kind(join(place.path, claim.path.slice(0, claim.path.indexOf('/')))) === 'directory';
  };

  return {
    check(texts) {
      sight.turn();
      return texts.map((each) =>
        claimsOf(each.text, { tastes: each.tastes }).flatMap((claim): Judged[] => {
          const meant = placesMeant(each, places);
          const judgement = best(
            claim,
            meant.map((place) => judge(claim, place)),
          );
          // What may be no claim at all is only worth a word where it holds.
          if (
            claim.weak &&
            (judgement.verdict === 'unverifiable' ||
              (judgement.verdict === 'stale' &&
                !isSureAnyway(claim, judgement) &&
                !meant.some((place) => leadsIn(claim, place))))
          )
            return [];
          return [{ claim, ...judgement }];
        }),
      );
    },
    save: () => [...kept],
  };
}

/**
 * A package that is there in another version was meant, whatever its name looks like; and so was a single word that is defined in
 * another file than the one it is said to be in.
 */
function isSureAnyway(claim: Claim, { reason, moved }: Judgement): boolean {
  if (claim.kind === 'symbol')
    return moved !== undefined && claim.file !== undefined && /^[A-Za-z][a-z0-9]+$/.test(claim.name);
  return (
    claim.kind === 'package' &&
    claim.version !== undefined &&
    claim.holds &&
    reason.startsWith(`${claim.name} is `) &&
    /\d/.test(reason) &&
    !reason.includes('is in no list')
  );
}

function keyOf(claim: Claim, place: Place, programs: readonly string[]): string {
  const { span: _span, words: _words, weak: _weak, ...rest } = claim;
  return JSON.stringify([place.path, rest, claim.kind === 'command' ? programs : 0]);
}

/** The places that a text or its topic names; all, when it names none. */
export function placesMeant({ text, about = '' }: Remembered, places: readonly Place[]): readonly Place[] {
  if (places.length < 2) return places;
  const named = places.filter(({ name }) => {
    const word = RegExp.escape(name);
    const plain = new RegExp(String.raw`(?<![\w/.-])${word}(?![\w/-]|\.\w)`, 'i');
    const marked = new RegExp(
      String.raw`(?<![\w/.-])[\x60"']?${word}[\x60"']?(?:'s)?\s+(?:repo(?:sitory)?|project|workspace|codebase|service|package|app)\b|\b(?:repo(?:sitory)?|project|workspace|codebase|in|of|for)\s+[\x60"']?${word}[\x60"']?(?![\w/-]|\.\w)|^\s*\[?${word}\]?:`,
      'i',
    );
    return (
      plain.test(about.replaceAll(/[_]/g, '-')) ||
      new RegExp(String.raw`(?:^|-)${word}(?:-|$|\s)`, 'i').test(about) ||
      marked.test(text)
    );
  });
  return named.length > 0 ? named : places;
}

/** One place that bears a claim out is enough; an absence has to hold in all of them. */
function best(claim: Claim, judgements: readonly Judgement[]): Judgement {
  const order = claim.holds
    ? (['verified', 'stale', 'unverifiable'] as const)
    : (['stale', 'verified', 'unverifiable'] as const);
  for (const verdict of order) {
    const found = judgements.filter((each) => each.verdict === verdict);
    const first = found.find(({ moved }) => moved !== undefined) ?? found[0];
    if (first !== undefined) return first;
  }
  return { verdict: 'unverifiable', reason: 'there is no workspace to look in' };
}
