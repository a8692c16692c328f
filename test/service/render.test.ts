import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, type TestContext } from 'vitest';
import { z } from 'zod';
import { joinUnits, renderUnits } from '../../src/service/render.ts';
import { SERVICE_KINDS, type ServiceKind, type UnitValues } from '../../src/service/kinds.ts';
import { folder } from '../ledger/make.ts';
import { readPlist } from './plist.ts';

const PLAIN: UnitValues = {
  programRoot: '/opt/kairosd',
  home: '/var/lib/kairosd',
  userName: undefined,
  userHome: '/home/you',
  host: '127.0.0.1',
  port: 7717,
  shell: false,
  workspaces: [],
  readable: [],
  credentials: ['ANTHROPIC_API_KEY', 'GITHUB_WEBHOOK_SECRET'],
};
const MINE = { programRoot: '/home/you/.local/lib/kairosd', home: '/home/you/.kairos' };
const MAC = { programRoot: '/opt/kairosd', home: '/Users/you/.kairos', userHome: '/Users/you', userName: 'you' };

const VARIANTS: Record<string, [ServiceKind, Partial<UnitValues>]> = {
  'system-strict': ['system', {}],
  'system-shell': ['system', { shell: true }],
  'system-workspaces': [
    'system',
    {
      shell: true,
      userName: 'you',
      host: '::',
      port: 8080,
      home: '/srv/kairos',
      workspaces: ['/home/you/src/app', '/srv/a place'],
      readable: ['/home/you/.rustup', '/opt/tools'],
    },
  ],
  'user-strict': ['user', MINE],
  'user-shell': ['user', { ...MINE, shell: true, home: '/home/you/100% mine' }],
  'launch-daemon': ['launch-daemon', MAC],
  'launch-agent': [
    'launch-agent',
    { ...MAC, programRoot: '/Users/you/.local/lib/kairosd', home: '/Users/you/R&D <1>' },
  ],
};

describe('units', () => {
  test.each(Object.keys(VARIANTS))('%s is the golden file [SERVICE-UNITS]', async (name) => {
    await expect(textOf(name)).toMatchFileSnapshot(join('golden', `${name}.txt`));
  });

  test.each(SERVICE_KINDS)('of %s have no placeholder left', (kind) => {
    for (const { text } of renderUnits(kind, PLAIN)) expect(text).not.toMatch(/@[a-z]\w*@/);
  });

  test('name the file of each', () => {
    const text = joinUnits(renderUnits('user', PLAIN));
    expect(text.match(/^# [\w.]+\.(service|socket)$/gm)).toEqual(['# kairosd.service', '# kairosd.socket']);
  });

  test.each([
    ['a name', { host: 'box.example' }, /server\.host must be an IP address/],
    ['no port', { port: 0 }, /server\.port must not be 0/],
    ['a path that would be a line of its own', { workspaces: ['/srv/a\nExecStartPre=+/bin/sh'] }, /control character/],
  ])('refuse %s', (_name, given, message) => {
    expect(() => renderUnits('system', { ...PLAIN, ...given })).toThrow(message);
  });
});

describe('systemd-analyze', () => {
  test.for(Object.keys(VARIANTS).filter((name) => !name.startsWith('launch')))(
    'verify finds nothing wrong in %s [SERVICE-UNITS]',
    (name, context) => {
      needAnalyze(context);
      using place = writeUnits(name);
      const { stderr, status } = spawnSync('systemd-analyze', ['verify', ...place.paths], { encoding: 'utf8' });
      expect(ours(stderr)).toEqual([]);
      expect(status).toBe(0);
    },
  );

  test.for([
    ['system-strict', 1.5],
    ['system-shell', 2.6],
    ['system-workspaces', 2.6],
  ] as const)('says that %s is exposed at most %d [SERVICE-HARDENED]', ([name, most], context) => {
    needAnalyze(context);
    using place = writeUnits(name);
    const args = ['security', '--offline=true', place.paths[0] ?? ''];
    const { stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    const exposure = Number(/exposure level .*: ([\d.]+)/.exec(stdout)?.[1]);
    expect(exposure).toBeGreaterThan(0);
    expect(exposure).toBeLessThanOrEqual(most);
  });
});

describe('plists', () => {
  test.each(['launch-daemon', 'launch-agent'])(
    '%s has what launchd knows, and nothing else [SERVICE-PLIST]',
    (name) => {
      const [kind, given] = VARIANTS[name] ?? ['launch-agent', {}];
      const [file] = renderUnits(kind, { ...PLAIN, ...given });
      expect(file?.name).toBe('dev.kairosd.plist');
      const plist = plistSchema.parse(readPlist(file?.text ?? ''));
      expect(plist.ProgramArguments).toEqual([`${given.programRoot ?? ''}/run`, 'start']);
      expect(plist.EnvironmentVariables).toMatchObject({ KAIROS_SUPERVISOR: 'launchd', KAIROS_HOME: given.home });
      expect(plist.UserName).toBe(kind === 'launch-daemon' ? 'you' : undefined);
      expect(plist.LimitLoadToSessionType).toEqual(kind === 'launch-daemon' ? undefined : ['Aqua']);
    },
  );
});

/** launchd.plist(5), as far as we use it. */
const plistSchema = z.strictObject({
  Label: z.literal('dev.kairosd'),
  ProgramArguments: z.array(z.string().min(1)).length(2),
  UserName: z.string().optional(),
  EnvironmentVariables: z.record(z.string().regex(/^[A-Z_]+$/), z.string()),
  WorkingDirectory: z.string().startsWith('/'),
  Umask: z.literal(0o077),
  RunAtLoad: z.literal(true),
  KeepAlive: z.strictObject({ SuccessfulExit: z.literal(false) }),
  ThrottleInterval: z.int().min(10),
  ExitTimeOut: z.int().min(21),
  ProcessType: z.enum(['Background', 'Standard', 'Adaptive', 'Interactive']),
  LimitLoadToSessionType: z.array(z.enum(['Aqua', 'Background', 'LoginWindow', 'StandardIO', 'System'])).optional(),
  SoftResourceLimits: z.strictObject({ NumberOfFiles: z.int().positive(), Core: z.literal(0) }),
  StandardOutPath: z.string().startsWith('/'),
  StandardErrorPath: z.string().startsWith('/'),
});

function textOf(name: string): string {
  const [kind, given] = VARIANTS[name] ?? ['system', {}];
  return joinUnits(renderUnits(kind, { ...PLAIN, ...given }));
}

/** The units of a variant in a folder; what they execute is a program that is there. */
function writeUnits(name: string): Disposable & { readonly paths: readonly string[] } {
  const [kind, given] = VARIANTS[name] ?? ['system', {}];
  const place = folder();
  const paths = renderUnits(kind, { ...PLAIN, ...given }).map((file) => {
    writeFileSync(join(place.path, file.name), file.text.replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true'));
    return join(place.path, file.name);
  });
  return { paths, [Symbol.dispose]: () => place[Symbol.dispose]() };
}

/** It also tells of other units of this machine. A user that is not there is none of the unit's faults. */
function ours(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line.includes('kairosd.') && !/[Uu]nknown user|user name/.test(line));
}

function needAnalyze(context: TestContext): void {
  const { status } = spawnSync('systemd-analyze', ['--version']);
  context.skip(status !== 0, 'systemd-analyze is not here: it is systemd’s own');
}

test('the pages say what the units are for', () => {
  expect(readFileSync(join(import.meta.dirname, '../../docs/service.md'), 'utf8')).toContain('WatchdogSec');
});
