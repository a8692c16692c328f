import { setTimeout as sleep } from 'node:timers/promises';
import { bootContainer, whyNoContainer } from './lib/container.ts';
import { equal, type CampaignOptions, type Check, type Report } from './lib/report.ts';
import { active, dropIn, HOME, KAIROS, NODE, show, untilSeconds, type Round } from './lib/systemd-round.ts';
import { fallsBack, judge, refusesVersions, startLoad, upgrades } from './lib/systemd-upgrades.ts';
import { servesUser } from './lib/systemd-user.ts';
const URL_HEALTH = 'http://127.0.0.1:7717/healthz';
const REQUESTS = 20;
/** The watchdog of the unit waits 90 s; a proof that everybody runs waits less. */
const WATCHDOG_SECONDS = 6;

/** The real systemd as process 1 of a container: installed, killed, wedged, misconfigured, stopped, uninstalled. */
export async function proveSystemd({ say }: CampaignOptions): Promise<Report> {
  const skipped = whyNoContainer();
  if (skipped !== undefined) return { checks: [], figures: {}, skipped };
  await using machine = await bootContainer();
  const checks: Check[] = [];
  const figures: Record<string, string | number> = {};
  for (const step of [
    installs,
    keepsSecrets,
    confinesTools,
    survivesKill,
    survivesRestart,
    unwedges,
    upgrades,
    fallsBack,
    refusesVersions,
    servesStrictly,
    stopsForGood,
    refusesConfig,
    uninstalls,
    servesUser,
  ]) {
    say(step.name);
    await step({ machine, checks, figures });
  }
  return { checks, figures };
}

async function installs({ machine, checks, figures }: Round): Promise<void> {
  machine.sh(
    'mkdir -p /etc/credstore && chmod 700 /etc/credstore && printf %s a-secret-from-the-credstore >/etc/credstore/kairosd.GITHUB_WEBHOOK_SECRET',
  );
  const startedMs = performance.now();
  const installed = machine.sh(`${KAIROS} install --system --yes --json`, 180_000);
  figures['seconds for kairos install --system'] = ((performance.now() - startedMs) / 1_000).toFixed(1);
  checks.push(equal('kairos install --system --yes succeeds', installed.status, 0));
  if (installed.status !== 0) throw new Error(installed.out);
  checks.push(equal('the service and its socket are active', active(machine), 'active active'));
  checks.push(
    equal(
      'it answers /readyz',
      machine.sh(`${NODE} -e "fetch('http://127.0.0.1:7717/readyz').then(a => console.log(a.status))"`).out,
      '200',
    ),
  );
  checks.push(equal('it says its status to systemd', show(machine, 'StatusText'), 'ready at http://127.0.0.1:7717'));
  const again = machine.sh(`${KAIROS} install --system --yes`, 180_000).out;
  checks.push(equal('a second install finds nothing to do', /Nothing to do/.test(again), true));
  const exposure = /exposure level.*?: ([\d.]+)/.exec(machine.sh('systemd-analyze security kairosd').out)?.[1];
  figures['exposure of the running unit, tools.shell on'] = exposure ?? 'unknown';
  checks.push(equal('the exposure is at most 2.6 with the shell', Number(exposure) <= 2.6, true));
}

async function keepsSecrets({ machine, checks }: Round): Promise<void> {
  const environ = machine.sh(`tr '\\0' '\\n' </proc/${show(machine, 'MainPID')}/environ`).out;
  checks.push(equal('no secret is in the environment of the process', environ.includes('a-secret-from'), false));
  const said = machine.sh('journalctl -u kairosd -o cat --no-pager').out;
  checks.push(equal('a credential makes the github source', /sources {4}github/.test(said), true));
}

/** The unit's own words around bubblewrap, as tools are run. */
async function confinesTools({ machine, checks }: Round): Promise<void> {
  const bwrap =
    '/usr/bin/bwrap --unshare-user --unshare-ipc --unshare-pid --unshare-uts --unshare-net --die-with-parent --new-session --cap-drop ALL --hostname sandbox --clearenv --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp -- /bin/true';
  const drop =
    '^(Type|NotifyAccess|ExecStart|ExecStopPost|Restart.*|SuccessExitStatus|Watchdog.*|LoadCredential|StateDirectory.*|WorkingDirectory|Requires|After|Wants|WantedBy)=';
  const probe = machine.sh(
    `{ grep -vE '${drop}' /etc/systemd/system/kairosd.service | sed 's|^\\[Service\\]|[Service]\\nType=oneshot\\nExecStart=${bwrap}|'; } >/run/systemd/system/probe.service && systemctl daemon-reload && systemctl start probe`,
  );
  checks.push(equal('bubblewrap works inside the confinement of the unit', probe.status, 0));
}

async function survivesKill({ machine, checks, figures }: Round): Promise<void> {
  const before = show(machine, 'MainPID');
  const script = `kill -9 ${before}; ${NODE} -e '${twenty()}'`;
  const answers = machine.sh(script, 60_000).out.split(' ');
  checks.push(
    equal(`${REQUESTS} of ${REQUESTS} requests sent at a kill -9 are answered`, answers[0], String(REQUESTS)),
  );
  figures['longest wait of a request over a kill -9, ms'] = answers[1] ?? 'unknown';
  checks.push(equal('another process serves', show(machine, 'MainPID') !== before, true));
}

/** @returns a program that sends requests over two seconds and says how many were answered 200, and the longest wait. */
function twenty(): string {
  return [
    'let ok = 0, longest = 0;',
    `const one = async (i) => { await new Promise((go) => setTimeout(go, i * 100)); const at = performance.now();`,
    `  const answer = await fetch("${URL_HEALTH}", { signal: AbortSignal.timeout(20000) }).catch(() => undefined);`,
    '  longest = Math.max(longest, performance.now() - at); if (answer?.status === 200) ok += 1; };',
    `Promise.all(Array.from({ length: ${REQUESTS} }, (_, i) => one(i))).then(() => console.log(ok + " " + Math.round(longest)));`,
  ].join(' ');
}

async function survivesRestart({ machine, checks }: Round): Promise<void> {
  const answers = machine.sh(`systemctl restart kairosd & ${NODE} -e '${twenty()}'; wait`, 60_000).out.split(' ');
  checks.push(
    equal(`${REQUESTS} of ${REQUESTS} requests over a systemctl restart are answered`, answers[0], String(REQUESTS)),
  );
}

/** Spins as soon as a file names it. */
const WEDGE = `import { readFileSync } from "node:fs";
setInterval(() => {
  let named = "";
  try { named = readFileSync("/run/wedge", "utf8").trim(); } catch {}
  if (named === String(process.pid)) for (;;);
}, 100).unref();`;

/** A process that stands still, and one whose loop spins: neither is fed. */
async function unwedges(round: Round): Promise<void> {
  const { machine, checks, figures } = round;
  machine.sh(`echo '${WEDGE}' >/etc/kairos-wedge.mjs`);
  const undo = dropIn(machine, 'watchdog', [
    `WatchdogSec=${WATCHDOG_SECONDS}`,
    'Environment=NODE_OPTIONS=--import=/etc/kairos-wedge.mjs',
  ]);
  machine.sh('systemctl restart kairosd');
  const before = show(machine, 'MainPID');
  await sleep(WATCHDOG_SECONDS * 2_000);
  checks.push(equal('fed, the watchdog leaves it alone', show(machine, 'MainPID'), before));
  figures[`seconds until a stopped process was replaced (WatchdogSec=${WATCHDOG_SECONDS})`] = await replaced(
    round,
    'a process that stands still',
    (pid) => `kill -STOP ${pid}`,
  );
  figures['seconds until one whose loop spins was replaced'] = await replaced(
    round,
    'a process whose event loop spins',
    (pid) => `echo ${pid} >/run/wedge`,
  );
  undo();
  machine.sh('systemctl restart kairosd');
}

async function replaced({ machine, checks }: Round, what: string, wedge: (pid: string) => string): Promise<string> {
  await untilSeconds(() => active(machine) === 'active active', 10);
  const before = show(machine, 'MainPID');
  const wedgedMs = performance.now();
  machine.sh(wedge(before));
  const gone = await untilSeconds(() => !['0', before].includes(show(machine, 'MainPID')), 30);
  const seconds = ((performance.now() - wedgedMs) / 1_000).toFixed(1);
  checks.push(equal(`${what} is killed and replaced`, gone, true));
  const said = machine.sh('journalctl -u kairosd --no-pager -o short').out;
  checks.push(equal('systemd says that it was the watchdog', watchdogEnded(said, before), true));
  return seconds;
}

function watchdogEnded(journal: string, pid: string): boolean {
  return /[Ww]atchdog timeout/.test(journal) && journal.includes(`Killing process ${pid} `);
}

/** Without the shell tool the unit is the strict one; it serves all the same. */
async function servesStrictly(round: Round): Promise<void> {
  const { machine, checks, figures } = round;
  machine.sh(`printf 'tools: { shell: { enabled: false } }\n' >${HOME}/config.yaml; chmod 644 ${HOME}/config.yaml`);
  const load = startLoad(machine);
  const installed = machine.sh(`/srv/kairosd-0.91.0/bin/kairos install --system --yes`, 180_000);
  checks.push(equal('with tools.shell off, install writes the strict unit', installed.status, 0));
  const exposure = /exposure level.*?: ([\d.]+)/.exec(machine.sh('systemd-analyze security kairosd').out)?.[1];
  figures['exposure of the running unit, tools.shell off'] = exposure ?? 'unknown';
  checks.push(equal('the exposure of the running unit is at most 1.5', Number(exposure) <= 1.5, true));
  checks.push(equal('it may make no namespace', show(machine, 'RestrictNamespaces'), 'yes'));
  judge('over the change to the strict unit', load.stop(), round);
  machine.sh(`rm ${HOME}/config.yaml`);
}

async function stopsForGood({ machine, checks }: Round): Promise<void> {
  const stopped = machine.sh(`${KAIROS} stop --home /var/lib/kairosd`);
  checks.push(equal('kairos stop succeeds', stopped.status, 0));
  await untilSeconds(() => active(machine) === 'inactive inactive', 5);
  await sleep(3_000);
  checks.push(equal('after kairos stop nothing starts it, its socket neither', active(machine), 'inactive inactive'));
  machine.sh('systemctl start kairosd');
  checks.push(equal('systemctl start brings both back', active(machine), 'active active'));
}

async function refusesConfig({ machine, checks }: Round): Promise<void> {
  machine.sh(
    `printf 'nonsense: true\\n' >/var/lib/kairosd/config.yaml; chmod 644 /var/lib/kairosd/config.yaml; systemctl restart kairosd`,
  );
  await untilSeconds(() => active(machine).startsWith('failed'), 10);
  await sleep(4_000);
  checks.push(equal('an invalid configuration is not started again', active(machine), 'failed inactive'));
  checks.push(equal('its exit code says so', show(machine, 'ExecMainStatus'), '5'));
  const said = machine.sh('journalctl -u kairosd -o cat --no-pager -n 20').out;
  checks.push(equal('the journal names the line', /config\.yaml:1:1 unknown key "nonsense"/.test(said), true));
  machine.sh('rm /var/lib/kairosd/config.yaml; systemctl start kairosd');
  checks.push(equal('corrected, it starts', active(machine), 'active active'));
}

async function uninstalls({ machine, checks }: Round): Promise<void> {
  const gone = machine.sh(`${KAIROS} uninstall --system --purge-programs`);
  checks.push(equal('kairos uninstall succeeds', gone.status, 0));
  const left = machine.sh(
    'ls /etc/systemd/system | grep kairosd; ls -d /opt/kairosd; systemctl list-units --all --no-legend "kairosd*"',
  ).out;
  checks.push(equal('no unit and no program is left', /kairosd\.(service|socket)/.test(left), false));
  checks.push(equal('the home is', machine.sh('test -s /var/lib/private/kairosd/ledger.db && echo yes').out, 'yes'));
  checks.push(
    equal(
      'a second uninstall finds nothing to do',
      machine.sh(`${KAIROS} uninstall --system`).out.includes('Nothing to do'),
      true,
    ),
  );
}
