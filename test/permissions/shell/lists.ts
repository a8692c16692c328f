import { readFileSync } from 'node:fs';

/** A command somebody else published, and where. */
export interface Published {
  readonly command: string;
  readonly source: string;
  readonly why?: string;
}

/** A list of published commands. */
export function published(name: string): readonly Published[] {
  return JSON.parse(text(name)) as readonly Published[];
}

/** A list of ours, one command per line. */
export function lines(name: string): readonly string[] {
  return text(name).trimEnd().split('\n');
}

/** A list with `#` comments between its commands; one of several lines is written as `json:"…"`. */
export function redTeam(name: string): readonly string[] {
  return lines(name)
    .filter((line) => !line.startsWith('#'))
    .map((line) => (line.startsWith('json:') ? (JSON.parse(line.slice(5)) as string) : line));
}

function text(name: string): string {
  return readFileSync(new URL(`../data/${name}`, import.meta.url), 'utf8');
}
