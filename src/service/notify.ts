import { spawn } from 'node:child_process';
import type { Ran } from './command.ts';

/** Tells systemd how the daemon is. Never rejects: a message that is lost is followed by the next one. */
export interface Notifier {
  /** `['READY=1', 'STATUS=…']` in one message. @returns whether it was delivered. */
  send(lines: readonly string[]): Promise<boolean>;
}

export interface NotifyOptions {
  /** Of the environment that systemd gave; no child but `systemd-notify` ever sees it. */
  readonly socket: string;
  /** How `systemd-notify` is found. */
  readonly searchPath: string;
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 5_000;
const STATUS_CHARS_MAX = 200;

/**
 * Over a child, `systemd-notify`, because Node has no datagram sockets of this kind: 7 to 22 ms each (FACTS). The unit needs
 * `NotifyAccess=all`: the message comes from the child.
 */
export function createNotifier({ socket, searchPath, deadlineMs = DEADLINE_MS }: NotifyOptions): Notifier {
  return {
    async send(lines) {
      const { status } = await notify(lines.map(oneLine), { NOTIFY_SOCKET: socket, PATH: searchPath }, deadlineMs);
      return status === 0;
    },
  };
}

/** A line break would begin another assignment. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').slice(0, STATUS_CHARS_MAX);
}

function notify(
  lines: readonly string[],
  env: Record<string, string>,
  deadlineMs: number,
): Promise<Pick<Ran, 'status'>> {
  return new Promise((resolve) => {
    const child = spawn('systemd-notify', [...lines], {
      env,
      stdio: 'ignore',
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
    });
    child.once('error', () => resolve({ status: -1 }));
    child.once('exit', (code) => resolve({ status: code ?? -1 }));
  });
}
