import { agent } from './agent.ts';
import { backup } from './backup.ts';
import { channels } from './channels.ts';
import { chat } from './chat.ts';
import type { Check } from './check.ts';
import { clock } from './clock.ts';
import { config } from './config.ts';
import { daemon } from './daemon.ts';
import { deadLetters } from './dead-letters.ts';
import { disk } from './disk.ts';
import { dream } from './dream.ts';
import { files } from './files.ts';
import { folders } from './folders.ts';
import { growth } from './growth.ts';
import { heartbeat } from './heartbeat.ts';
import { home } from './home.ts';
import { jobs } from './jobs.ts';
import { lag } from './lag.ts';
import { ledger } from './ledger.ts';
import { leftovers } from './leftovers.ts';
import { limits } from './limits.ts';
import { model } from './model.ts';
import { neverFires } from './never-fires.ts';
import { polling } from './polling.ts';
import { reach } from './reach.ts';
import { reconcile } from './reconcile.ts';
import { redis } from './redis.ts';
import { runtime } from './runtime.ts';
import { sandbox } from './sandbox.ts';
import { schedules } from './schedules.ts';
import { secrets } from './secrets.ts';
import { service } from './service.ts';
import { sleep } from './sleep.ts';
import { starts } from './starts.ts';
import { timeSync } from './time-sync.ts';
import { tokens } from './tokens.ts';
import { version } from './version.ts';
import { webhooks } from './webhooks.ts';
import { workspaces } from './workspaces.ts';

/** Everything that is looked at, in the order in which it is told: machine, home, ledger, daemon, roads in and out, agent. */
export const CHECKS: readonly Check[] = [
  runtime,
  home,
  files,
  folders,
  leftovers,
  config,
  secrets,
  clock,
  timeSync,
  sleep,
  disk,
  growth,
  ledger,
  jobs,
  deadLetters,
  backup,
  service,
  daemon,
  version,
  starts,
  lag,
  limits,
  webhooks,
  reach,
  polling,
  reconcile,
  channels,
  chat,
  tokens,
  schedules,
  neverFires,
  heartbeat,
  redis,
  model,
  agent,
  workspaces,
  sandbox,
  dream,
];
