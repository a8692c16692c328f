import { randomBytes } from 'node:crypto';
import { KairosError } from '../core/errors.ts';
import { loadConfig, type Config } from '../daemon/config.ts';
import { makeHome } from '../daemon/home.ts';
import { readSecrets } from '../daemon/secrets.ts';
import { variablesOf, type SourceOptions } from '../webhooks/options.ts';
import type { SourceKindName } from '../webhooks/source.ts';
import type { Cli } from './cli.ts';
import { findClient } from './client.ts';
import { writeSecrets } from './secrets-file.ts';
import { stepsFor } from './webhook-steps.ts';

export const KINDS: readonly SourceKindName[] = ['github', 'standard', 'slack', 'telegram', 'gitlab', 'bearer'];

const SECRET_BYTES = 32;

/** What was made for a source. */
export interface Added {
  readonly source: string;
  readonly kind: SourceKindName;
  /** Under which this machine takes it; null while that is not known (port 0, and no daemon runs). */
  readonly url: string | null;
  readonly path: string;
  /** Shown this once; it is in secrets.env. */
  readonly secret: string;
  readonly variable: string;
  /** Where the secret it replaces still counts; null when there was none. */
  readonly previousVariable: string | null;
  /** Lines for `sources:` in config.yaml; null when nothing is to be written there. */
  readonly configLine: string | null;
  readonly steps: readonly string[];
  readonly remarks: readonly string[];
}

/**
 * Makes a secret for a source, writes it to secrets.env, and says what is to be done on the other side.
 *
 * @throws {KairosError} `STATE_CONFLICT` when it has one already and `rotate` is not set; `INPUT_INVALID`.
 */
export function addWebhook(cli: Cli, name: string, asked: { kind?: string; rotate?: boolean }): Added {
  const config = loadConfig(cli.home, cli.env);
  const source = sourceOf(config, name, asked.kind);
  const [variable = '', previous = `${variable}_PREVIOUS`] = variablesOf(source);
  const old = readSecrets(cli.home, cli.env).of(variable);
  if (old !== undefined && asked.rotate !== true) {
    throw new KairosError(
      'STATE_CONFLICT',
      `"${name}" has a secret already (${variable}); --rotate makes a new one beside it`,
    );
  }
  if (source.kind === 'slack') {
    throw new KairosError(
      'INPUT_INVALID',
      `expected a kind whose secret we make, got slack: Slack makes it. Copy "Signing Secret" from the app's Basic Information into secrets.env as ${variable}=…`,
    );
  }
  const secret = makeSecret(source.kind);
  makeHome(cli.home);
  writeSecrets(cli.home, { [variable]: secret, ...(old === undefined ? {} : { [previous]: old }) });
  const client = findClient(cli.home, cli.env);
  const base = client?.url ?? baseOf(config);
  const path = `/webhooks/${name}`;
  const remarks = [
    ...(cli.env[variable]
      ? [`${variable} is set in the environment too and wins over secrets.env: take it out there.`]
      : []),
    ...(client === undefined
      ? []
      : ['The running daemon takes it up within three seconds; should it refuse, its log says why.']),
    ...(old === undefined ? [] : rotationRemarks(source, variable, previous)),
  ];
  return {
    source: name,
    kind: source.kind,
    url: base === null ? null : `${base}${path}`,
    path,
    secret,
    variable,
    previousVariable: old === undefined ? null : previous,
    configLine: configLineOf(config, source),
    steps: stepsFor(source.kind, path, base),
    remarks,
  };
}

function baseOf({ server: { host, port } }: Config): string | null {
  return port === 0 ? null : `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function sourceOf(config: Config, name: string, kind: string | undefined): SourceOptions {
  const configured = config.sources?.find((each) => each.name === name);
  if (configured !== undefined) return configured;
  if (!/^[a-z0-9_-]{1,64}$/.test(name)) {
    throw new KairosError(
      'INPUT_INVALID',
      `expected a name of 1 to 64 of a-z, 0-9, "_" and "-", got ${JSON.stringify(name.slice(0, 80))}`,
    );
  }
  const found = KINDS.find((each) => each === (kind ?? name));
  if (found === undefined) {
    throw new KairosError(
      'INPUT_INVALID',
      `expected --kind ${KINDS.join('|')} for a new source, got ${kind === undefined ? 'none' : JSON.stringify(kind)}`,
    );
  }
  return { name, kind: found, trust: 'outside' };
}

function makeSecret(kind: SourceKindName): string {
  const bytes = randomBytes(SECRET_BYTES);
  return kind === 'standard' ? `whsec_${bytes.toString('base64')}` : bytes.toString('hex');
}

/** A source that is not in the file has to get there, unless it is the one that exists by its secret alone. */
function configLineOf(config: Config, { name, kind }: SourceOptions): string | null {
  if (config.sources?.some((each) => each.name === name)) return null;
  if (config.sources === undefined && name === 'github' && kind === 'github') return null;
  return `  - { name: ${name}, kind: ${kind} }`;
}

function rotationRemarks(source: SourceOptions, variable: string, previous: string): string[] {
  const known = variablesOf(source).includes(previous);
  const keep = known
    ? `Both secrets count until you delete ${previous} from secrets.env.`
    : `So that both count: secretEnv: [${variable}, ${previous}] at this source in config.yaml.`;
  return [keep];
}
