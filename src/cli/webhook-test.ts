import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { KairosError } from '../core/errors.ts';
import { loadConfig } from '../daemon/config.ts';
import { readSecrets } from '../daemon/secrets.ts';
import { signedHeaders } from '../doctor/sign.ts';
import { variablesOf, type SourceOptions } from '../webhooks/options.ts';
import type { SourceKindName } from '../webhooks/source.ts';
import type { Cli } from './cli.ts';
import { openClient, send, type RawAnswer } from './client.ts';
import type { EventRow } from './rows.ts';

/** One delivery that was sent, and what the daemon said. */
export interface Tried {
  readonly type: string;
  readonly status: number;
  readonly id: string | null;
  readonly jobs: readonly string[];
}

interface Sample {
  readonly type: string;
  readonly payload: unknown;
}

/**
 * Sends correctly signed samples to the running daemon, as the sender would. They become events like any other. A secret
 * that was made a moment ago is waited for: the daemon takes it up within three seconds.
 *
 * @throws {KairosError} `NOT_RUNNING`; `SOURCE_UNKNOWN` when the source has no secret; `SIGNATURE_REFUSED`.
 */
export async function testWebhook(cli: Cli, name: string): Promise<readonly Tried[]> {
  const client = openClient(cli.home, cli.env);
  const config = loadConfig(cli.home, cli.env);
  const implicit: SourceOptions = { name: 'github', kind: 'github', trust: 'outside' };
  const source = (config.sources ?? [implicit]).find((each) => each.name === name);
  const secrets = readSecrets(cli.home, cli.env);
  const secret =
    source &&
    variablesOf(source)
      .map((variable) => secrets.of(variable))
      .find((value) => value !== undefined);
  if (source === undefined || secret === undefined) {
    throw new KairosError(
      'SOURCE_UNKNOWN',
      `there is no source "${name}" with a secret; add one with ${cli.command} webhook add ${name}`,
    );
  }
  const patience = createPatience(cli);
  const tried: Tried[] = [];
  for (const { type, payload } of SAMPLES[source.kind]) {
    const body = JSON.stringify(payload);
    const delivery = `kairos-test-${randomBytes(8).toString('hex')}`;
    const answer = await patience(() => {
      const headers = signedHeaders({ kind: source.kind, secret, body, delivery, type, nowMs: cli.nowMs() });
      return send(`${client.url}/webhooks/${name}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
      });
    });
    refuse(cli, name, answer.status);
    const id = idIn(answer.body);
    const jobs = id === null ? [] : (await client.get<EventRow>(`/api/events/${id}`)).jobs;
    tried.push({ type, status: answer.status, id, jobs });
  }
  return tried;
}

/** Longer than an edit takes to be taken up (docs/operations.md, Hot reload). */
const PATIENCE_MS = 5_000;
const LOOK_MS = 500;

/** Sends once more while the daemon may still be taking up an edit of config.yaml or secrets.env. */
function createPatience(cli: Cli): (deliver: () => Promise<RawAnswer>) => Promise<RawAnswer> {
  let looksLeft = editedWithin(cli, PATIENCE_MS) ? PATIENCE_MS / LOOK_MS : 0;
  let isSaid = false;
  return async (deliver) => {
    for (;;) {
      const answer = await deliver();
      if ((answer.status !== 401 && answer.status !== 404) || looksLeft === 0) return answer;
      if (!isSaid) cli.note(cli.paint.dim('The daemon is taking up an edit …'));
      isSaid = true;
      looksLeft--;
      await pause(LOOK_MS);
    }
  };
}

function editedWithin({ home, nowMs }: Cli, withinMs: number): boolean {
  return ['config.yaml', 'secrets.env'].some((name) => {
    const file = statSync(join(home, name), { throwIfNoEntry: false });
    return file !== undefined && Math.abs(nowMs() - file.mtimeMs) < withinMs;
  });
}

function refuse({ command }: Cli, name: string, status: number): void {
  const advice = `An edit is taken up within three seconds; one that is refused is in the daemon's log: ${command} config check`;
  if (status >= 200 && status < 300) return;
  if (status === 401) {
    const message = `the daemon refused a correctly signed delivery for "${name}": it runs with another secret. ${advice}`;
    throw new KairosError('SIGNATURE_REFUSED', message);
  }
  if (status === 404) {
    throw new KairosError('SOURCE_UNKNOWN', `the running daemon has no source "${name}". ${advice}`);
  }
  throw new KairosError('OVERLOADED', `the daemon answered ${status} to a correctly signed delivery`);
}

function idIn(body: string): string | null {
  try {
    const id = (JSON.parse(body) as { id?: unknown }).id;
    return typeof id === 'string' ? id : null;
  } catch {
    return null;
  }
}

const REPOSITORY = {
  full_name: 'kairos/webhook-test',
  name: 'webhook-test',
  html_url: 'https://github.com/kairos/webhook-test',
};
const SENDER = { login: 'kairos-test' };
const SAMPLES: Readonly<Record<SourceKindName, readonly Sample[]>> = {
  github: [
    {
      type: 'ping',
      payload: { zen: 'Keep it logically awesome.', hook_id: 1, repository: REPOSITORY, sender: SENDER },
    },
    {
      type: 'push',
      payload: {
        ref: 'refs/heads/main',
        repository: REPOSITORY,
        sender: SENDER,
        pusher: { name: SENDER.login },
        commits: [{ id: '0'.repeat(40), message: 'A test of kairos webhook test' }],
      },
    },
    // What `kairos init` subscribes to: the first message a newcomer sees.
    {
      type: 'workflow_run',
      payload: {
        action: 'completed',
        workflow_run: {
          name: 'test',
          conclusion: 'failure',
          head_branch: 'kairos-webhook-test',
          html_url: 'https://github.com/kairosd/test/actions/runs/1',
        },
        repository: REPOSITORY,
        sender: SENDER,
      },
    },
  ],
  standard: [{ type: 'kairos.test', payload: { type: 'kairos.test', data: { title: 'A test' } } }],
  slack: [{ type: 'message', payload: { type: 'event_callback', event: { type: 'message', text: 'A test' } } }],
  telegram: [{ type: 'message', payload: { message: { text: 'A test' } } }],
  gitlab: [
    { type: 'Push Hook', payload: { object_kind: 'push', ref: 'refs/heads/main', user_username: SENDER.login } },
  ],
  bearer: [{ type: 'kairos.test', payload: { type: 'kairos.test', title: 'A test' } }],
};
