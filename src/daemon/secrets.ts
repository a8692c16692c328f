import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Env } from './home.ts';

/** Every secret this process knows. They never reach the ledger, a prompt or a child. */
export interface Secrets {
  /** The value of a secret, or undefined. */
  of(name: string): string | undefined;
  /** All of them, for the redactor. */
  all(): readonly { readonly name: string; readonly value: string }[];
}

/** Names of environment variables that hold a secret, whatever the rest of the name. */
const SECRET_NAME = /(SECRET|TOKEN|PASSWORD|API_KEY|PRIVATE_KEY|WORKER_KEY)(_[A-Z0-9]+)?$/;

/**
 * Collects secrets from `secrets.env`, systemd credentials and the environment; where a name is in several, the later of
 * these wins.
 */
export function readSecrets(home: string, env: Env): Secrets {
  const values = new Map<string, string>(Object.entries(readSecretsFile(home)));
  for (const [name, value] of readCredentials(env['CREDENTIALS_DIRECTORY'])) values.set(name, value);
  for (const [name, value] of Object.entries(env)) {
    if (SECRET_NAME.test(name) && value) values.set(name, value);
  }
  return {
    of: (name) => values.get(name) || env[name] || undefined,
    all: () => [...values].filter(([, value]) => value !== '').map(([name, value]) => ({ name, value })),
  };
}

function readSecretsFile(home: string): Record<string, string> {
  const text = readIfThere(join(home, 'secrets.env'));
  return text === undefined ? {} : (parseEnv(text) as Record<string, string>);
}

/** systemd hands each credential over as a file named after it. */
function readCredentials(directory: string | undefined): [string, string][] {
  if (!directory) return [];
  return readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8').trimEnd()]);
}

/** The text of a file; undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
