import type { CommandFile } from './define.ts';

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandFile>;
}

/** Every command there is, in the order the help shows them. Each file is loaded when it is called for. */
export const COMMANDS: readonly Entry[] = [
  { name: 'init', summary: 'make a home with a configuration', load: () => import('./commands/init.ts') },
  {
    name: 'start',
    summary: 'run the daemon in the foreground',
    load: async () => ({ define: (await import('./commands/run.ts')).defineStart }),
  },
  { name: 'stop', summary: 'stop the running daemon', load: () => import('./commands/stop.ts') },
  { name: 'status', summary: 'show how the daemon is', load: () => import('./commands/status.ts') },
  { name: 'doctor', summary: 'find what is wrong and say how to fix it', load: () => import('./commands/doctor.ts') },
  { name: 'say', summary: 'tell or ask the daemon something', load: () => import('./commands/say.ts') },
  { name: 'schedules', summary: 'list what happens by the clock', load: () => import('./commands/schedules.ts') },
  { name: 'run', summary: 'run a schedule now', load: () => import('./commands/run-now.ts') },
  { name: 'events', summary: 'list what happened', load: () => import('./commands/events.ts') },
  { name: 'jobs', summary: 'list what is done about it', load: () => import('./commands/jobs.ts') },
  { name: 'messages', summary: 'list what was or will be told', load: () => import('./commands/messages.ts') },
  {
    name: 'subscriptions',
    summary: 'list which events lead to what',
    load: () => import('./commands/subscriptions.ts'),
  },
  {
    name: 'subscribe',
    summary: 'follow an issue or pull request until it closes',
    load: () => import('./commands/subscribe.ts'),
  },
  { name: 'sessions', summary: 'list the conversations of the agent', load: () => import('./commands/sessions.ts') },
  {
    name: 'approvals',
    summary: 'answer what the agent may not do without you',
    load: () => import('./commands/approvals.ts'),
  },
  {
    name: 'memory',
    summary: 'show what is remembered, its history, and take changes back',
    load: () => import('./commands/memory.ts'),
  },
  { name: 'dream', summary: 'tend the memory, or see how dreams stand', load: () => import('./commands/dream.ts') },
  { name: 'cost', summary: 'show what the model has cost', load: () => import('./commands/cost.ts') },
  {
    name: 'budget',
    summary: 'show the lanes, the message windows and what they hold back',
    load: () => import('./commands/budget.ts'),
  },
  { name: 'mute', summary: 'hold messages back for a time', load: () => import('./commands/mute.ts') },
  { name: 'unmute', summary: 'end a mute', load: () => import('./commands/unmute.ts') },
  { name: 'risk', summary: 'say what the gate would say of a call, and why', load: () => import('./commands/risk.ts') },
  { name: 'mood', summary: 'show what mood a message is taken for', load: () => import('./commands/mood.ts') },
  { name: 'log', summary: 'print the log of a day', load: () => import('./commands/log.ts') },
  { name: 'logs', summary: "print or follow the daemon's own log", load: () => import('./commands/logs.ts') },
  { name: 'digest', summary: 'print the digest of a day', load: () => import('./commands/digest.ts') },
  {
    name: 'install',
    summary: 'make it a service that comes back by itself',
    load: () => import('./commands/install.ts'),
  },
  { name: 'uninstall', summary: 'stop the service and remove it', load: () => import('./commands/uninstall.ts') },
  { name: 'webhook', summary: 'add, test and replay webhooks', load: () => import('./commands/webhook.ts') },
  {
    name: 'backup',
    summary: 'write one archive of the home, while the daemon runs',
    load: () => import('./commands/backup.ts'),
  },
  {
    name: 'restore',
    summary: 'put a backup in the place of what is there',
    load: () => import('./commands/restore.ts'),
  },
  { name: 'worker', summary: 'do work for a daemon on another host', load: () => import('./commands/worker.ts') },
  { name: 'config', summary: 'check the configuration, print its schema', load: () => import('./commands/config.ts') },
  {
    name: 'completion',
    summary: 'print a completion script for a shell',
    load: () => import('./commands/completion.ts'),
  },
  {
    name: 'demo',
    summary: 'show the whole thing in under a minute',
    load: async () => ({ define: (await import('./commands/run.ts')).defineDemo }),
  },
];
