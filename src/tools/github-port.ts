/** What the `github` tool needs of a GitHub client: one thing read, one thing changed, one thing looked for. */
export interface GitHubPort {
  read(repository: string, question: GitHubQuestion, signal: AbortSignal): Promise<GitHubRead>;
  /** Makes a change once, with an invisible mark by which it is found again. */
  change(repository: string, change: GitHubChange, mark: string, signal: AbortSignal): Promise<GitHubChanged>;
  /** Whether a change with one of these marks stands there. */
  seek(repository: string, sought: GitHubSought, signal: AbortSignal): Promise<GitHubFound>;
}

export type GitHubQuestion =
  | { readonly kind: 'issue' | 'comments' | 'pull' | 'files' | 'reviews' | 'review-comments'; readonly number: number }
  | { readonly kind: 'checks'; readonly ref: string }
  | {
      readonly kind: 'list-issues' | 'list-pulls';
      readonly state: 'open' | 'closed' | 'all';
      readonly labels?: string | undefined;
    }
  | { readonly kind: 'search'; readonly query: string };

/** `more`: there was a further page. The payload is GitHub's own JSON, unchecked. */
export type GitHubRead =
  | { readonly kind: 'ok'; readonly payload: unknown; readonly more: boolean }
  | { readonly kind: 'refused' | 'later' | 'too-large'; readonly reason: string };

export type GitHubChange =
  | { readonly kind: 'comment'; readonly number: number; readonly body: string }
  | {
      readonly kind: 'review';
      readonly number: number;
      readonly event: 'COMMENT' | 'REQUEST_CHANGES';
      readonly body: string;
      readonly comments: readonly { readonly path: string; readonly line: number; readonly body: string }[];
    };

/** `unsure`: it may have arrived. */
export type GitHubChanged =
  | { readonly kind: 'ok'; readonly url: string }
  | { readonly kind: 'refused' | 'later' | 'unsure'; readonly reason: string };

export interface GitHubSought {
  readonly kind: GitHubChange['kind'];
  readonly number: number;
  readonly marks: readonly string[];
  /** When the first attempt was begun. */
  readonly sinceMs: number;
}

export type GitHubFound =
  | { readonly kind: 'found'; readonly url: string; readonly mark: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly reason: string };
