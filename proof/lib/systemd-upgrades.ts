import { join } from 'node:path';
import type { Container } from './container.ts';
import { ROOT } from './daemon.ts';
import { equal, none, tally } from './report.ts';
import { active, answering, dropIn, HOME, KAIROS, NODE, SECRET, show, type Round } from './systemd-round.ts';

const URL_HOME = 'http://127.0.0.1:7717';
const INSTALL_MS_MAX = 180_000;
/** The unit waits 300 s for a start; a proof that everybody runs waits less. */
const START_SECONDS = 6;
const ON_TRIAL = "process.env['KAIROS_TRIAL'] === '1'";

/** Versions that are good: each takes over from the one before, under load. */
export async function upgrades({ machine, checks, figures }: Round): Promise<void> {
  const load = startLoad(machine);
  for (const version of ['0.90.0', '0.91.0']) {
    const startedMs = performance.now();
    const { status, out } = installVersion(machine, makeVersion(machine, version));
    figures[`seconds for the upgrade to ${version}, under load`] = seconds(startedMs);
    checks.push(equal(`the upgrade to ${version} succeeds`, [status, status === 0 ? '' : out], [0, '']));
    checks.push(equal(`${version} answers`, answering(machine), version));
    checks.push(equal('its trial is over', leftOfTrial(machine), ''));
  }
  judge('over two upgrades', load.stop(), { machine, checks, figures });
}

const MAIN = 'src/cli/main.ts';

/** How a version fails on its first start and not in its rehearsal, and what the log says of it. */
const BROKEN: readonly (readonly [string, string, string, RegExp])[] = [
  ['0.92.0', MAIN, `if (${ON_TRIAL}) throw new Error('broken on purpose');`, /broken on purpose/],
  ['0.93.0', MAIN, `if (${ON_TRIAL}) await new Promise(() => setInterval(() => {}, 1000));`, /tim(ed|e)/],
  [
    '0.94.0',
    'src/ledger/migrations.ts',
    `if (${ON_TRIAL}) (MIGRATIONS as string[]).push("UPDATE events SET source = 'changed'", 'UPDATE missing_table SET x = 1');`,
    /no such table: missing_table/,
  ],
];

/** Versions that end, hang, or fail in their migration before they are ready: the one before comes back with every row. */
export async function fallsBack({ machine, checks, figures }: Round): Promise<void> {
  const before = answering(machine);
  const undo = dropIn(machine, 'start', [`TimeoutStartSec=${START_SECONDS}`]);
  for (const [version, file, line, why] of BROKEN) {
    const load = startLoad(machine);
    const startedMs = performance.now();
    const { status, out } = installVersion(machine, makeVersion(machine, version, { file, line }));
    figures[`seconds for the install of ${version}, which fails, and back`] = seconds(startedMs);
    checks.push(equal(`the install of ${version} says that it failed`, status, 1));
    checks.push(equal('and why', why.test(out) ? true : out, true));
    checks.push(equal('the version before answers', answering(machine), before));
    checks.push(equal('the service and its socket are active', active(machine), 'active active'));
    const doctor = machine.sh(`${KAIROS} doctor --home ${HOME}`).out;
    checks.push(equal('doctor says which version failed', doctor.includes(`upgrade to ${version}-`), true));
    const status2 = machine.sh(`${KAIROS} status --home ${HOME}`).out;
    checks.push(equal('status too', status2.includes(`${version}-`) ? true : status2, true));
    judge(`over the failed upgrade to ${version}`, load.stop(), { machine, checks, figures });
  }
  undo();
}

/** Versions that their rehearsal refuses: whatever runs is not touched. */
export async function refusesVersions({ machine, checks }: Round): Promise<void> {
  const [before, pid] = [answering(machine), show(machine, 'MainPID')];
  const line = "if (process.argv.includes('start')) throw new Error('never starts');";
  const refused = installVersion(machine, makeVersion(machine, '0.95.0', { file: MAIN, line }));
  checks.push(equal('a version that never starts is refused by its rehearsal', refused.status, 1));
  checks.push(equal('its own words are shown', /never starts/.test(refused.out) ? true : refused.out, true));
  const older = makeVersion(machine, '0.0.9', {
    file: 'src/ledger/migrations.ts',
    line: '(MIGRATIONS as string[]).pop();',
  });
  const downgrade = installVersion(machine, older);
  checks.push(equal('a version older than the ledger is refused', downgrade.status, 1));
  const polite = /the ledger has schema \d+, this version of kairosd knows \d+/.test(downgrade.out);
  checks.push(equal('it says so', polite ? true : downgrade.out, true));
  checks.push(equal('neither has touched what runs', [answering(machine), show(machine, 'MainPID')], [before, pid]));
}

/** A checkout of another version: this one's files, with one line more where it is to be broken. @returns its place. */
function makeVersion(machine: Container, version: string, damage?: { file: string; line: string }): string {
  const place = `/srv/kairosd-${version}`;
  const parts = ['bin', 'src', 'systemd', 'launchd', 'man', 'package.json', 'LICENSE'].map((part) => join(ROOT, part));
  const made = machine.sh(
    [
      `mkdir -p ${place}`,
      `cp -r ${parts.join(' ')} ${place}`,
      `ln -s ${ROOT}/node_modules ${place}/node_modules`,
      `sed -i 's/^  "version": ".*"/  "version": "${version}"/' ${place}/package.json`,
    ].join(' && '),
  );
  if (made.status !== 0) throw new Error(made.out);
  if (damage === undefined) return place;
  const { file, line } = damage;
  // What a program is to do first stands first; what is to follow on a list, last.
  const [before, after] = file === MAIN ? [line, ''] : ['', line];
  machine.sh(
    `cd ${place} && { echo ${quote(before)}; cat ${file}; echo ${quote(after)}; } >damaged && mv damaged ${file}`,
  );
  return place;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function installVersion(machine: Container, place: string) {
  return machine.sh(`${place}/bin/kairos install --system --yes`, INSTALL_MS_MAX);
}

function leftOfTrial(machine: Container): string {
  return machine.sh(`cd ${HOME}/upgrade && ls`).out;
}

interface Load {
  /** @returns how each delivery ended. */
  stop(): readonly Ended[];
}

interface Ended {
  readonly id: string;
  readonly end: string;
  readonly ms: number;
}

let loads = 0;

/** Deliveries without a pause, from a process inside. */
export function startLoad(machine: Container): Load {
  loads += 1;
  const [unit, file] = [`load-${loads}`, `/run/load-${loads}`];
  const script = join(ROOT, 'proof/lib/deliveries.ts');
  const property = '-p TimeoutStopSec=130';
  const begun = machine.sh(
    `systemd-run --quiet --unit=${unit} ${property} ${NODE} ${script} ${URL_HOME} ${SECRET} ${file} && sleep 1 && test -s ${file}`,
  );
  if (begun.status !== 0) throw new Error(`the load did not begin: ${begun.out}`);
  return {
    stop() {
      machine.sh(`systemctl stop ${unit}`, 140_000);
      const lines = machine.sh(`cat ${file}`).out.split('\n');
      return lines.map((line) => {
        const [id = '', end = '', ms = ''] = line.split(' ');
        return { id, end, ms: Number(ms) };
      });
    },
  };
}

/** Every delivery was answered 202, and everything that was is an event. */
export function judge(when: string, ended: readonly Ended[], { machine, checks, figures }: Round): void {
  const accepted = ended.filter(({ end }) => end === '202').map(({ id }) => id);
  checks.push(
    equal(`${when}, every delivery is answered 202`, tally(ended.map(({ end }) => end)), { 202: ended.length }),
  );
  const query = `
    const { DatabaseSync } = require("node:sqlite");
    const rows = new DatabaseSync("${HOME}/ledger.db", { readOnly: true, timeout: 5000 }).prepare("SELECT delivery FROM events").all();
    console.log(rows.map((row) => row.delivery).join(" "));`;
  const events = machine.sh(`${NODE} -e '${query}'`).out.split(' ');
  const known = new Set(events);
  checks.push(
    none(
      `${when}, each of them is an event`,
      accepted.filter((id) => !known.has(id)),
      `${accepted.length}`,
    ),
  );
  checks.push(equal(`${when}, none is an event twice`, events.length - known.size, 0));
  figures[`${when}: deliveries`] = ended.length;
  figures[`${when}: longest wait, ms`] = ended.reduce((most, { ms }) => Math.max(most, ms), 0);
}

function seconds(startedMs: number): string {
  return ((performance.now() - startedMs) / 1_000).toFixed(1);
}
