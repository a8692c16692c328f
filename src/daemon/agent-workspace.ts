import { realpathSync } from 'node:fs';
import { workspaceOf } from '../agent/workspaces.ts';
import type { Workspace } from '../core/agent.ts';
import type { Event } from '../core/event.ts';
import type { Job } from '../core/job.ts';
import { repositoryOf } from '../subscriptions/subject.ts';
import type { Config } from './config.ts';

export interface PlaceQuestion {
  readonly job: Job;
  readonly event: Event;
  readonly body: Uint8Array | undefined;
  readonly config: Pick<Config, 'subscriptions' | 'schedules'>;
  readonly workspaces: readonly Workspace[];
}

/** Larger bodies are not parsed for a name. */
const BODY_BYTES_MAX = 1_048_576;

/**
 * Where a run works: the workspace its subscription or schedule names; for words typed at a terminal the one they were typed
 * in; for a repository the one named like it; else the first. undefined: there is none.
 */
export function placeOfRun({ job, event, body, config, workspaces }: PlaceQuestion): Workspace | undefined {
  const named = [...config.subscriptions, ...config.schedules].find(({ name }) => name === job.origin)?.workspace;
  if (named !== undefined) return workspaces.find(({ name }) => name === named);
  const payload = body === undefined || body.byteLength > BODY_BYTES_MAX ? undefined : parsed(body);
  if (event.source === 'say') return typedIn(payload, workspaces) ?? workspaces[0];
  const [, repository] = repositoryOf(payload).split('/');
  return workspaces.find(({ name }) => name === repository) ?? workspaces[0];
}

function typedIn(payload: unknown, workspaces: readonly Workspace[]): Workspace | undefined {
  const cwd = (payload as { readonly cwd?: unknown } | null | undefined)?.cwd;
  if (typeof cwd !== 'string') return undefined;
  try {
    return workspaceOf(workspaces, realpathSync(cwd));
  } catch {
    return undefined;
  }
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
