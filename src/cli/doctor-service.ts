import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../daemon/home.ts';
import type { Run, ServiceSeen } from '../doctor/check.ts';
import { readProperties } from '../doctor/time-sync.ts';
import { LAUNCHD_LABEL, programRootOf, serviceHomeOf, unitDirectory, type ServiceKind } from '../service/kinds.ts';
import { renderUnits } from '../service/render.ts';
import { serviceValues } from './service-values.ts';

const UNIT = 'kairosd.service';

export interface ServicePlace {
  readonly home: string;
  readonly userHome: string;
  readonly userId: number;
  readonly platform: string;
  readonly run: Run;
  readonly env: Env;
}

/** The service of this home, if there is one. One of another home is none. */
export async function findService(place: ServicePlace): Promise<ServiceSeen | undefined> {
  const kinds =
    place.platform === 'darwin' ? (['launch-daemon', 'launch-agent'] as const) : (['system', 'user'] as const);
  for (const kind of kinds) {
    const name = place.platform === 'darwin' ? `${LAUNCHD_LABEL}.plist` : UNIT;
    const path = join(unitDirectory(kind, place.userHome), name);
    const text = readIfThere(path);
    if (text === undefined || !isOfHome(text, kind, place)) continue;
    const scope = kind === 'system' || kind === 'launch-daemon' ? 'system' : 'user';
    const state = place.platform === 'darwin' ? await askLaunchd(scope, place) : await askSystemd(scope, place);
    const rendered = render(kind, name, text, place);
    return {
      unit: place.platform === 'darwin' ? LAUNCHD_LABEL : UNIT,
      path,
      scope,
      ...state,
      current: rendered === undefined ? undefined : rendered === text,
      programRoot: programRootOf(kind, place.userHome),
    };
  }
  return undefined;
}

function isOfHome(text: string, kind: ServiceKind, { home, userHome }: ServicePlace): boolean {
  if (text.includes(home)) return true;
  const usual = serviceHomeOf(kind, userHome);
  return !text.includes('KAIROS_HOME') && real(usual) === real(home);
}

/** As `kairos install` would write it for the same user. undefined: with this configuration it would not. */
function render(kind: ServiceKind, name: string, text: string, { home, env }: ServicePlace): string | undefined {
  const userName = /^User=(\S+)$/m.exec(text)?.[1] ?? /<key>UserName<\/key>\s*<string>([^<]+)</.exec(text)?.[1];
  try {
    const isDynamic = /^DynamicUser=yes$/m.test(text);
    const values = serviceValues({ kind, home, userName: isDynamic ? undefined : userName }, home, env);
    return renderUnits(kind, values).find((file) => file.name === name)?.text;
  } catch {
    return undefined;
  }
}

type State = Pick<ServiceSeen, 'enabled' | 'active' | 'lingers'>;

async function askSystemd(scope: 'system' | 'user', { run, userId }: ServicePlace): Promise<State> {
  const systemctl = scope === 'user' ? ['systemctl', '--user'] : ['systemctl'];
  const said = await run([...systemctl, 'show', UNIT, '-p', 'UnitFileState', '-p', 'ActiveState']);
  const { UnitFileState: file = '', ActiveState: active = '' } = readProperties(said?.stdout ?? '');
  // A socket that is enabled starts it as well.
  const socket = await run([...systemctl, 'is-enabled', 'kairosd.socket']);
  const state = {
    enabled: file.startsWith('enabled') || socket?.code === 0,
    active: /^(active|activating|reloading)$/.test(active),
  };
  if (scope === 'system') return state;
  const linger = readProperties((await run(['loginctl', 'show-user', String(userId), '-p', 'Linger']))?.stdout ?? '')[
    'Linger'
  ];
  return linger === undefined ? state : { ...state, lingers: linger === 'yes' };
}

async function askLaunchd(scope: 'system' | 'user', { run, userId }: ServicePlace): Promise<State> {
  const target = `${scope === 'user' ? `gui/${userId}` : 'system'}/${LAUNCHD_LABEL}`;
  const said = await run(['launchctl', 'print', target]);
  return { enabled: said?.code === 0, active: /^\s*state = running$/m.test(said?.stdout ?? '') };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function real(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}
