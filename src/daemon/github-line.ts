import { KairosError } from '../core/errors.ts';
import type { GitHub } from '../github/client.ts';
import type { Ports } from './options.ts';
import type { Secrets } from './secrets.ts';

/** The one line to GitHub of a state of the settings: whoever asks over it shares one allowance and its pauses. */
export interface GitHubLine {
  readonly hasToken: boolean;
  /** The client, loaded and made when it is asked for the first time. */
  open(): Promise<GitHub>;
}

/** Loads nothing yet. @throws {KairosError} `CONFIG_INVALID` when `GITHUB_API_URL` is not an http(s) address. */
export function createGitHubLine(secrets: Pick<Secrets, 'of'>, ports: Ports): GitHubLine {
  const apiUrl = apiUrlOf(secrets.of('GITHUB_API_URL'));
  const token = secrets.of('GITHUB_TOKEN');
  let made: Promise<GitHub> | undefined;
  return {
    hasToken: token !== undefined,
    open: () =>
      (made ??= import('../github/client.ts').then(({ createGitHub }) => createGitHub({ ...ports, apiUrl, token }))),
  };
}

function apiUrlOf(text: string | undefined): string | undefined {
  if (text === undefined || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))) return text;
  throw new KairosError(
    'CONFIG_INVALID',
    `GITHUB_API_URL must be an address such as https://github.example.com/api/v3, got ${JSON.stringify(text)}`,
  );
}
