import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { plainBlock, plainPiece } from './plain-block.ts';
import { plainLine } from '../subscriptions/plain.ts';
import { readEvents } from './stream.ts';

/** How watching a run came to its end. */
export type RunWatched =
  /** `lastText`: what the model wrote last, as far as it was shown. */
  { readonly kind: 'end'; readonly lastText: string } | { readonly kind: 'waiting'; readonly text: string };

interface Delta {
  readonly tool?: string;
  readonly text?: string;
  readonly isError?: boolean;
}

const TOOL_CHARS_MAX = 160;

/**
 * Writes what a run says as it comes: its words to stdout, the tools it uses to stderr. Ends with the job, or when the run
 * is laid aside. Ctrl-C leaves the run alone: it goes on in the daemon.
 */
export async function watchRun(cli: Cli, client: Client, jobId: string): Promise<RunWatched> {
  let lastText = '';
  let atLineStart = true;
  const say = (text: string): void => {
    lastText += text;
    if (!cli.json) cli.stdout.write(plainPiece(text));
    atLineStart = text.endsWith('\n');
  };
  const breakLine = (): void => {
    if (!atLineStart && !cli.json) cli.stdout.write('\n');
    atLineStart = true;
  };
  try {
    for await (const { name, data } of readEvents(client, `/api/jobs/${jobId}/stream`, new AbortController().signal)) {
      const { tool = '', text = '', isError = false } = data as Delta;
      if (name === 'text') say(text);
      else if (name === 'end') break;
      else {
        breakLine();
        if (name === 'tool') {
          lastText = '';
          cli.note(cli.paint.dim(`· ${tool} ${plainLine(text, TOOL_CHARS_MAX)}`));
        } else if (name === 'result' && isError) cli.note(cli.paint.warn(`  ${plainLine(text, TOOL_CHARS_MAX)}`));
        else if (name === 'waiting') {
          cli.note(cli.paint.warn(plainBlock(text)));
          return { kind: 'waiting', text };
        }
      }
    }
  } finally {
    breakLine();
  }
  return { kind: 'end', lastText };
}
