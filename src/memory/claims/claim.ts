/** What every claim has. */
interface Common {
  /** As it stands in the text; offsets are UTF-16 units. */
  readonly span: { readonly start: number; readonly end: number };
  /** The claim in a few words, for people: `parseTopic in src/topic.ts`. */
  readonly words: string;
  /** false: the text says that it is not there. */
  readonly holds: boolean;
  /** It may be no claim at all: then only a confirmation counts, and nothing is said where it fails. */
  readonly weak: boolean;
}

/** Something a memory says about the workspaces that code can check. */
export type Claim = Common &
  (
    | { readonly kind: 'path'; readonly path: string; readonly line?: number | undefined }
    | {
        readonly kind: 'symbol';
        readonly name: string;
        readonly owner?: string | undefined;
        /** File or directory it is said to be in. */
        readonly file?: string | undefined;
        /** `found`: it may as well only be used there. */
        readonly relation: 'defined' | 'exported' | 'found';
        readonly value?: string | undefined;
      }
    | { readonly kind: 'script'; readonly name: string; readonly place?: string | undefined }
    | { readonly kind: 'target'; readonly name: string }
    | { readonly kind: 'service'; readonly name: string }
    | {
        readonly kind: 'package';
        readonly name: string;
        readonly version?: string | undefined;
        /** The manifest that is named. */
        readonly file?: string | undefined;
      }
    | { readonly kind: 'version'; readonly version: string; readonly name?: string | undefined }
    | { readonly kind: 'command'; readonly name: string; readonly onPath: boolean }
    | { readonly kind: 'branch'; readonly name: string; readonly role: 'exists' | 'default' | 'current' }
    | { readonly kind: 'tag'; readonly name: string }
    | { readonly kind: 'port'; readonly host: string; readonly port: number }
    | {
        readonly kind: 'url';
        readonly url: string;
        readonly host: string;
        /** Words said before it. */
        readonly about: readonly string[];
      }
    | {
        readonly kind: 'setting';
        readonly key: string;
        readonly file?: string | undefined;
        readonly value?: string | undefined;
      }
    | { readonly kind: 'variable'; readonly name: string; readonly file?: string | undefined }
  );

export type Verdict = 'verified' | 'stale' | 'unverifiable';

/** What came of looking. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
  /** Where it is now. */
  readonly moved?: string | undefined;
}

/** A claim of one text, judged. */
export interface Judged extends Judgement {
  readonly claim: Claim;
}

/** A place that claims are checked against. */
export interface Place {
  readonly name: string;
  /** Absolute and canonical. */
  readonly path: string;
}

export const verified = (reason: string): Judgement => ({ verdict: 'verified', reason });
export const stale = (reason: string, moved?: string): Judgement => ({
  verdict: 'stale',
  reason,
  ...(moved === undefined ? {} : { moved }),
});
export const unverifiable = (reason: string): Judgement => ({ verdict: 'unverifiable', reason });
