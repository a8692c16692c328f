import type { Env } from '../daemon/home.ts';
import { commandName } from './command-name.ts';
import { createPaint, type Paint } from './paint.ts';

/** What the process gives a command; tests and the daemon's own commands get the same. */
export interface World {
  readonly env: Env;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly nowMs: () => number;
}

/** A command's hands: where the home is, how it was asked to speak, and its exit code. */
export interface Cli extends World {
  readonly home: string;
  readonly json: boolean;
  /** What to type for `kairos` here; for advice that can be copied. */
  readonly command: string;
  readonly paint: Paint;
  /** Columns a table may take; unlimited when nobody looks (a pipe). */
  readonly width: number;
  /** 0 unless the command found something wrong that is no error of its own (`doctor`: 1). */
  exitCode: number;
  /** The result: one JSON document with `--json`, else the text. A text may be a function, so that it costs nothing with `--json`. */
  print(document: unknown, text: string | (() => string)): void;
  /** A remark for people: to stderr, and not with `--json`. */
  note(text: string): void;
}

export function createCli(world: World, home: string, json: boolean): Cli {
  const { stdout, stderr } = world;
  return {
    ...world,
    home,
    json,
    command: commandName(world.env, process.cwd()),
    paint: createPaint(stdout.isTTY && !json && world.env['NO_COLOR'] === undefined && world.env['TERM'] !== 'dumb'),
    width: stdout.isTTY ? Math.max(40, stdout.columns) : Infinity,
    exitCode: 0,
    print(document, text) {
      if (json) stdout.write(`${JSON.stringify(document, null, 2)}\n`);
      else {
        const words = typeof text === 'string' ? text : text();
        if (words !== '') stdout.write(`${words.trimEnd()}\n`);
      }
    },
    note(text) {
      if (!json) stderr.write(`${text}\n`);
    },
  };
}
