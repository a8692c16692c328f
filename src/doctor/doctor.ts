import { messageOf } from '../core/errors.ts';
import { agent } from './agent.ts';
import { channels } from './channels.ts';
import { chat } from './chat.ts';
import type { Check, DoctorPorts, Finding } from './check.ts';
import { clock } from './clock.ts';
import { config } from './config.ts';
import { daemon } from './daemon.ts';
import { disk } from './disk.ts';
import { dream } from './dream.ts';
import { heartbeat } from './heartbeat.ts';
import { home } from './home.ts';
import { ledger } from './ledger.ts';
import { model } from './model.ts';
import { polling } from './polling.ts';
import { reconcile } from './reconcile.ts';
import { runtime } from './runtime.ts';
import { sandbox } from './sandbox.ts';
import { schedules } from './schedules.ts';
import { secrets } from './secrets.ts';
import { webhooks } from './webhooks.ts';
import { workspaces } from './workspaces.ts';

const CHECKS: readonly Check[] = [
  runtime,
  home,
  config,
  secrets,
  clock,
  disk,
  ledger,
  daemon,
  webhooks,
  polling,
  reconcile,
  channels,
  chat,
  schedules,
  heartbeat,
  model,
  agent,
  workspaces,
  sandbox,
  dream,
];

/** Runs every check, each by itself: one that breaks does not hide the others. Under two seconds on an ordinary home. */
export async function examine(ports: DoctorPorts): Promise<Finding[]> {
  // Read once: with ten thousand schedules that takes half a second.
  const given = { ...ports, config: once(ports.config) };
  const findings = await Promise.all(
    CHECKS.map(async ({ name, look }) => {
      try {
        return (await look(given)).map((finding) => ({ check: name, ...finding }));
      } catch (error) {
        return [broken(name, error)];
      }
    }),
  );
  return findings.flat();
}

/** What it throws is kept as well. */
function once<Value>(read: () => Value): () => Value {
  let kept: { readonly value: Value } | { readonly error: unknown } | undefined;
  return () => {
    if (kept === undefined) {
      try {
        kept = { value: read() };
      } catch (error) {
        kept = { error };
      }
    }
    if ('error' in kept) throw kept.error;
    return kept.value;
  };
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
