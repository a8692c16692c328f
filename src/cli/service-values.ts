import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../daemon/config.ts';
import { loadConfig } from '../daemon/config.ts';
import type { Env } from '../daemon/home.ts';
import { programRootOf, serviceHomeOf, type ServiceKind, type UnitValues } from '../service/kinds.ts';
import { variablesOf } from '../webhooks/options.ts';

/** What was asked for on the command line, as far as units depend on it. */
export interface ServiceWish {
  readonly kind: ServiceKind;
  /** `--home`: the home of the service, instead of the usual one of its kind. */
  readonly home: string | undefined;
  readonly userName: string | undefined;
}

/** Secrets that may lie in /etc/credstore without any word in the configuration. */
const SECRETS = [
  'KAIROS_API_TOKEN',
  'ANTHROPIC_API_KEY',
  'GITHUB_TOKEN',
  'GITHUB_WEBHOOK_SECRET',
  'GITHUB_WEBHOOK_SECRET_PREVIOUS',
  'GITLAB_WEBHOOK_SECRET',
  'SLACK_APP_TOKEN',
  'SLACK_BOT_TOKEN',
  'SLACK_SIGNING_SECRET',
  'TELEGRAM_BOT_TOKEN',
  'TELEGRAM_WEBHOOK_SECRET',
  'REDIS_URL',
];

/**
 * What units are rendered from: the configuration in the home of the service; where that is not there yet, the one of this
 * command (`KAIROS_HOME`, `--home`, ~/.kairos).
 *
 * @throws {KairosError} `CONFIG_INVALID`.
 */
export function serviceValues({ kind, home: named, userName }: ServiceWish, cliHome: string, env: Env): UnitValues {
  const person = personOf(env, userName);
  const home = named ?? (kind === 'system' || kind === 'launch-daemon' ? serviceHomeOf(kind, person.home) : cliHome);
  const configHome = existsSync(join(home, 'config.yaml')) ? home : cliHome;
  const config = loadConfig(configHome, env);
  return {
    programRoot: programRootOf(kind, person.home),
    home,
    userName: kind === 'launch-daemon' ? (userName ?? person.name) : userName,
    userHome: person.home,
    host: config.server.host,
    port: config.server.port,
    shell: config.tools.shell.enabled,
    workspaces: workspacesOf(config, kind === 'system' && userName === undefined ? undefined : person.home),
    readable: config.tools.shell.readable,
    credentials: credentialsOf(config),
  };
}

/** A service with a user of its own has no home that `~` could stand for. */
function workspacesOf({ workspaces }: Config, userHome: string | undefined): string[] {
  return workspaces.flatMap(({ path }) => {
    if (!path.startsWith('~')) return [path];
    return userHome === undefined ? [] : [join(userHome, path.slice(1))];
  });
}

function credentialsOf({ sources, heartbeat }: Config): string[] {
  const named = [...(sources ?? []).flatMap((source) => variablesOf(source)), heartbeat?.urlEnv ?? []].flat();
  return [...new Set([...SECRETS, ...named])].toSorted();
}

/** Whose homes and names are meant: of `--user-name`, of who called sudo, else of this process. */
function personOf(env: Env, userName: string | undefined): { name: string | undefined; home: string } {
  const name = userName ?? (env['SUDO_USER'] || env['USER'] || undefined);
  if (userName === undefined && !env['SUDO_USER']) return { name, home: homedir() };
  return { name, home: homeOfUser(name ?? '') ?? homedir() };
}

/** Of the accounts file; macOS keeps its people elsewhere, but always in the same place. */
function homeOfUser(name: string): string | undefined {
  const line = existsSync('/etc/passwd')
    ? readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((one) => one.startsWith(`${name}:`))
    : undefined;
  const mac = `/Users/${name}`;
  return line?.split(':')[5] ?? (existsSync(mac) && statSync(mac).isDirectory() ? mac : undefined);
}
