import { readFileSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { KairosError } from '../../core/errors.ts';
import { installService, type Installed, type InstallPlan } from '../../service/install.ts';
import { isSystemd, unitDirectory, type ServiceKind, type UnitFile, type UnitValues } from '../../service/kinds.ts';
import { must, type Manager } from '../../service/manager.ts';
import { joinUnits, renderUnits } from '../../service/render.ts';
import { runProgram } from '../../service/command.ts';
import { ownProgram } from '../../service/versions.ts';
import type { Cli } from '../cli.ts';
import { isAlive, send } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { checkKind, chooseKind, kindOptions, type KindOptions } from '../service-kind.ts';
import { managerEnv, openManager } from '../service-manager.ts';
import { serviceValues } from '../service-values.ts';

interface InstallOptions extends KindOptions {
  readonly home?: string;
  readonly print?: true;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly userName?: string;
}

export function define(command: Command, act: Act): void {
  command.description(
    'Make kairosd a service that starts with the machine and comes back by itself: places this version, writes the units, starts it, and makes sure that it answers. Puts everything back when it does not. Again, it upgrades, or finds nothing to do. Exit code 4 when a daemon started by hand holds the home.',
  );
  kindOptions(command)
    .addOption(new Option('--print', 'write the units to stdout and touch nothing').conflicts('dryRun'))
    .option('--dry-run', 'say what would be written and run')
    .option('--yes', 'do not ask')
    .option('--user-name <name>', 'with --system: run as this user instead of one of its own');
  withExamples(
    command,
    'kairos install',
    'sudo kairos install --system --yes',
    'kairos install --print --launch-agent',
    'sudo kairos install --system --user-name kairos',
  ).action(
    act<InstallOptions>(async (cli, _operands, options) => {
      const machine = { platform: process.platform, userId: process.getuid?.() ?? -1 };
      const kind = chooseKind(options, machine);
      if (options.print !== true) checkKind(kind, machine);
      const values = serviceValues({ kind, home: options.home, userName: options.userName }, cli.home, cli.env);
      const files = renderUnits(kind, values);
      if (options.print === true) return cli.print({ kind, files }, () => joinUnits(files));
      if (kind === 'launch-daemon' && (values.userName ?? 'root') === 'root') {
        throw new KairosError('INPUT_INVALID', 'expected whose daemon it is, got root: add --user-name NAME');
      }
      await install(cli, { kind, values, files, options, userId: machine.userId });
    }),
  );
}

interface Task {
  readonly kind: ServiceKind;
  readonly values: UnitValues;
  readonly files: readonly UnitFile[];
  readonly options: InstallOptions;
  readonly userId: number;
}

async function install(cli: Cli, task: Task): Promise<void> {
  const { kind, values, files, options, userId } = task;
  const directory = unitDirectory(kind, values.userHome);
  const manager = openManager(kind, { env: cli.env, userId, ...values });
  const plan: InstallPlan = {
    source: ownProgram(),
    programRoot: values.programRoot,
    machine: { os: process.platform, cpu: process.arch },
    home: values.home,
    unitDirectory: directory,
    files,
  };
  if (options.dryRun === true) return cli.print({ kind, ...placesOf(plan), dryRun: true }, () => describe(kind, plan));
  await refuseTwo(cli, values, manager);
  if (options.yes !== true && process.stdin.isTTY && cli.stdout.isTTY && !(await agreed(cli, describe(kind, plan)))) {
    return cli.print({ kind, changed: false }, 'Nothing was done.');
  }
  const installed = await installService(plan, {
    manager,
    ask: () => ask(values),
    announcedPid: () => runFile(values.home)?.pid,
    monoMs: () => performance.now(),
    sleep: (delayMs) => pause(delayMs),
    rehearse: (version) => rehearse(version.path, task, cli.env),
    say: (step) => cli.note(cli.paint.dim(`${step} …`)),
  });
  const remarks = await remarksOn(cli, task);
  cli.print({ kind, ...placesOf(plan), ...installed, remarks }, () => told(cli, kind, plan, installed, remarks));
}

/**
 * The new version starts on a copy of the home, as whom the home belongs to: what root made there would be in its way. The home
 * of a dynamic user can only be entered by a unit that has it, so there it is one.
 */
async function rehearse(program: string, { kind, values, userId }: Task, env: Cli['env']): Promise<void> {
  const { home, userName, credentials } = values;
  const argv = ['sh', join(program, 'bin', 'launch'), 'start', '--rehearse'];
  if (kind === 'system' && userName === undefined) {
    const properties = [
      'DynamicUser=yes',
      'User=kairosd',
      'StateDirectory=kairosd',
      'StateDirectoryMode=0700',
      'UMask=0077',
    ];
    const secrets = credentials.map((name) => `LoadCredential=${name}:kairosd.${name}`);
    const options = [...properties, ...secrets].flatMap((property) => ['-p', property]);
    await must(
      runProgram(env),
      ['systemd-run', '--wait', '--pipe', '--quiet', '--collect', ...options, ...argv],
      REHEARSAL_MS_MAX,
    );
    return;
  }
  const { uid, gid } = statSync(home);
  const run = runProgram({ PATH: env['PATH'] }, userId === 0 && uid !== 0 ? { uid, gid } : {});
  await must(run, [...argv, '--home', home], REHEARSAL_MS_MAX);
}

const REHEARSAL_MS_MAX = 300_000;

function placesOf({ home, programRoot, unitDirectory: directory, files }: InstallPlan) {
  return { home, programRoot, units: files.map(({ name }) => join(directory, name)) };
}

function describe(kind: ServiceKind, plan: InstallPlan): string {
  const { home, programRoot, units } = placesOf(plan);
  return [
    `This makes kairosd a service (${kind}):`,
    `  program  ${programRoot} (this version, with its own Node; what lies here may be removed afterwards)`,
    `  home     ${home}`,
    ...units.map((path) => `  writes   ${path}`),
    `  then     starts it, and makes sure that it answers; if not, everything is put back`,
  ].join('\n');
}

async function agreed(cli: Cli, text: string): Promise<boolean> {
  const { openAsker } = await import('../ask.ts');
  const asker = await openAsker(cli.env);
  try {
    asker.say(text);
    return await asker.confirm('Go on?', true);
  } finally {
    asker.close();
  }
}

/** A daemon that was started by hand has the home or the port: the service could not start. */
async function refuseTwo(cli: Cli, values: UnitValues, manager: Manager): Promise<void> {
  const { pid, active } = await manager.state();
  for (const home of new Set([values.home, cli.home])) {
    const run = runFile(home);
    if (run === undefined || run.pid === pid || !isAlive(run.pid)) continue;
    if (home !== values.home && !(await answers(values))) continue;
    const move =
      home === values.home
        ? ''
        : `; its home can be moved: kairos backup FILE, then kairos restore FILE --home ${values.home}`;
    throw new KairosError(
      'HOME_HELD',
      `a daemon that was not started by this service runs in ${home} (process ${run.pid}); end it first with: kairos stop --home ${home}${move}`,
    );
  }
  if (active || (await manager.state()).loaded || !(await answers(values))) return;
  throw new KairosError('PORT_TAKEN', `somebody else listens on ${values.host}, port ${values.port}`);
}

function answers({ host, port }: UnitValues): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: reachable(host), port, timeout: 2_000 });
    const end = (found: boolean) => (): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}

async function ask(values: UnitValues): Promise<{ version: string; ready: boolean } | undefined> {
  const host = reachable(values.host);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${values.port}`;
  const health = await send(`${url}/healthz`, { method: 'GET' }).catch(() => undefined);
  if (health?.status !== 200) return undefined;
  const { version } = JSON.parse(health.body) as { version: string };
  const ready = await send(`${url}/readyz`, { method: 'GET' });
  return { version, ready: ready.status === 200 };
}

/** What listens everywhere is asked here. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function runFile(home: string): { pid: number; url: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as { pid: number; url: string };
  } catch {
    return undefined;
  }
}

async function remarksOn(cli: Cli, { kind, values, userId }: Task): Promise<string[]> {
  const remarks: string[] = [];
  if (kind === 'user') {
    const run = runProgram(managerEnv(cli.env, userId));
    // An administrator may have allowed it where nobody may allow it themselves.
    const lingers =
      (await run(['loginctl', 'enable-linger'])).status === 0 ||
      (await run(['loginctl', 'show-user', String(userId), '--property=Linger', '--value'])).stdout.trim() === 'yes';
    remarks.push(
      lingers
        ? 'It runs without a login: lingering is on (loginctl enable-linger).'
        : 'It ends when you log out, until somebody allows it to stay: sudo loginctl enable-linger $USER',
    );
  }
  if (kind === 'system' && values.userName === undefined && values.workspaces.length > 0) {
    remarks.push(
      `As a user of its own it can write in a workspace only where everybody can (${values.workspaces.join(', ')}). To work as somebody: --user-name NAME, or --user.`,
    );
  }
  if (kind === 'system' && values.home !== cli.home && runFileOrConfig(cli.home)) {
    remarks.push(
      `Its home is ${values.home}; yours, ${cli.home}, is not used. To move it: ${cli.command} backup FILE, then ${cli.command} restore FILE --home ${values.home}`,
    );
  }
  return remarks;
}

function runFileOrConfig(home: string): boolean {
  try {
    return readFileSync(join(home, 'config.yaml'), 'utf8') !== '';
  } catch {
    return false;
  }
}

function told(
  cli: Cli,
  kind: ServiceKind,
  plan: InstallPlan,
  installed: Installed,
  remarks: readonly string[],
): string {
  const { version, before, changed, pid, written } = installed;
  const logs = isSystemd(kind)
    ? `journalctl ${kind === 'user' ? '--user ' : ''}-u kairosd -f`
    : `${cli.command} logs -f`;
  const head = changed
    ? `kairosd ${version.version} runs as a service (${kind}, process ${pid})${before === undefined || before === version.name ? '' : `, in place of ${before}`}.`
    : `Nothing to do: kairosd ${version.version} runs as a service (${kind}, process ${pid}).`;
  return [
    head,
    `  home     ${plan.home}`,
    `  program  ${version.path}`,
    ...written.map((path) => `  wrote    ${path}`),
    `  log      ${logs}`,
    ...remarks.map((remark) => `  note     ${remark}`),
  ].join('\n');
}
