import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reached, type Random } from '../core/ports.ts';

/** What others need to find the daemon. */
export interface RunFile {
  readonly pid: number;
  readonly url: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** Writes `run.json`, whole or not at all; disposing takes it away. */
export function announce(home: string, run: RunFile): Disposable {
  const path = join(home, 'run.json');
  writeFileSync(`${path}.part`, `${JSON.stringify(run)}\n`, { mode: 0o600 });
  reached('daemon.announcing');
  renameSync(`${path}.part`, path);
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

/** The API token: `KAIROS_API_TOKEN`, else the one in the home's `token` file, which is made when it is missing. */
export function apiToken(home: string, fromEnv: string | undefined, random: Random): string {
  if (fromEnv) return fromEnv;
  const path = join(home, 'token');
  const known = readToken(path);
  if (known !== '') return known;
  const fresh = Buffer.from(random.bytes(32)).toString('hex');
  writeFileSync(path, `${fresh}\n`, { mode: 0o600 });
  // An empty file that was there before keeps its mode otherwise.
  chmodSync(path, 0o600);
  return fresh;
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
