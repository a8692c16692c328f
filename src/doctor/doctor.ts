import { messageOf } from '../core/errors.ts';
import { channels } from './channels.ts';
import type { Check, DoctorPorts, Finding } from './check.ts';
import { clock } from './clock.ts';
import { config } from './config.ts';
import { daemon } from './daemon.ts';
import { disk } from './disk.ts';
import { home } from './home.ts';
import { ledger } from './ledger.ts';
import { runtime } from './runtime.ts';
import { secrets } from './secrets.ts';
import { webhooks } from './webhooks.ts';

const CHECKS: readonly Check[] = [runtime, home, config, secrets, clock, disk, ledger, daemon, webhooks, channels];

/** Runs every check, each by itself: one that breaks does not hide the others. Under two seconds on an ordinary home. */
export async function examine(ports: DoctorPorts): Promise<Finding[]> {
  const findings = await Promise.all(
    CHECKS.map(async ({ name, look }) => {
      try {
        return (await look(ports)).map((finding) => ({ check: name, ...finding }));
      } catch (error) {
        return [broken(name, error)];
      }
    }),
  );
  return findings.flat();
}

function broken(check: string, error: unknown): Finding {
  return {
    check,
    verdict: 'fail',
    what: `could not be looked at: ${messageOf(error).split('\n', 1)[0]}`,
    why: 'What cannot be looked at may be wrong.',
    fix: 'Mend what the message names, then run kairos doctor again.',
  };
}
