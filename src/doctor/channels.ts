import { formatDuration } from '../core/units.ts';
import { fail, ok, readConfigFor, skip, warn, type Check, type DoctorPorts, type Found } from './check.ts';

/** A channel as the running daemon sees it. */
interface Answer {
  readonly channels: readonly {
    readonly name: string;
    readonly state: string;
    readonly open: number;
    readonly failures: number;
    readonly lastError: string | null;
    readonly retryInMs: number;
  }[];
}

/** There is a way to the owner, and it works. */
export const channels: Check = {
  name: 'channels',
  about: 'There is a way to you besides the terminal, it can be made, and it works.',
  async look(ports) {
    const config = readConfigFor(ports);
    if ('unusable' in config) return [skip(config.unusable)];
    const { notify } = config;
    if (notify.length === 0)
      return [warn('none', 'Messages wait until they expire.', 'Add one under notify: in config.yaml.')];
    const unmade = ports.channelErrors();
    if (unmade.length > 0)
      return unmade.map(({ message, hint }) => fail(message, 'The daemon does not start with it (exit code 5).', hint));
    const failing = await failingOnes(ports);
    if (failing.length > 0) return failing;
    if (notify.every(({ kind }) => kind === 'terminal')) {
      const why = 'It is only seen by whoever looks at the daemon\u2019s terminal or its log.';
      return [warn('only the terminal', why, 'Add a channel under notify: in config.yaml, such as a webhook.')];
    }
    return [ok(notify.map(({ name }) => name).join(', '))];
  },
};

/** What the daemon met when it last used them; nothing is sent to find out. */
async function failingOnes({ daemon }: DoctorPorts): Promise<Found[]> {
  const running = await daemon();
  if (running === undefined) return [];
  const status = await running.get<Answer>('/api/status').catch(() => undefined);
  const failing = (status?.channels ?? []).filter(({ state }) => state === 'failing');
  return failing.map(({ name, open, failures, lastError, retryInMs }) => {
    const why = `${open} messages wait for it; the other channels go on. It is tried again ${retryInMs === 0 ? 'now' : `in ${formatDuration(retryInMs)}`}.`;
    const fix = `Is its receiver up, and are its address and secret in config.yaml and secrets.env right? An edit is taken up while the daemon runs.`;
    return warn(`${name} failed ${failures} times in a row: ${lastError ?? 'unknown'}`, why, fix);
  });
}
