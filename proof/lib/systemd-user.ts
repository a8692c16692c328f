import { equal } from './report.ts';
import { KAIROS, NODE, untilSeconds, type Round } from './systemd-round.ts';

const USER = 'kim';

/** A user's own manager, which runs without a login because lingering is on. */
export async function servesUser({ machine, checks, figures }: Round): Promise<void> {
  machine.sh(`useradd --create-home ${USER}`);
  const userId = machine.sh(`id -u ${USER}`).out;
  machine.sh(`loginctl enable-linger ${USER}; systemctl start user@${userId}`);
  const there = await untilSeconds(() => machine.sh(`systemctl is-active user@${userId}`).out === 'active', 10);
  if (!there) {
    figures['a user manager in this container'] = 'does not come up';
    return;
  }
  const asUser = (script: string, msMax?: number) =>
    machine.sh(
      `runuser -u ${USER} -- env -i PATH=/usr/bin:/bin HOME=/home/${USER} USER=${USER} XDG_RUNTIME_DIR=/run/user/${userId} sh -c 'cd; ${script}'`,
      msMax,
    );
  const installed = asUser(`${KAIROS} install --user --yes`, 180_000);
  checks.push(
    equal(
      'kairos install --user --yes succeeds, without root',
      [installed.status, installed.status === 0 ? '' : installed.out],
      [0, ''],
    ),
  );
  const states = (): string =>
    asUser('systemctl --user is-active kairosd.service kairosd.socket').out.replace('\n', ' ');
  checks.push(equal("the user's service and its socket are active", states(), 'active active'));
  checks.push(equal('it runs without a login', /lingering is on/.test(installed.out), true));
  const pid = (): string => asUser('systemctl --user show kairosd -p MainPID --value').out;
  const before = pid();
  const health = `${NODE} -e "fetch(\\"http://127.0.0.1:7717/healthz\\").then(a => console.log(a.status))"`;
  checks.push(equal('a request sent at a kill -9 is answered', asUser(`kill -9 ${before}; ${health}`).out, '200'));
  checks.push(equal('by another process', ['0', before].includes(pid()), false));
  const owner = machine.sh(`stat -c %U /home/${USER}/.kairos/ledger.db`).out;
  checks.push(equal('the ledger belongs to the user', owner, USER));
  checks.push(
    equal('kairos uninstall --user succeeds', asUser(`${KAIROS} uninstall --user --purge-programs`).status, 0),
  );
  checks.push(
    equal("nothing of it is left among the user's units", asUser('ls .config/systemd/user | grep kairosd').out, ''),
  );
}
