import { CHANNEL_URL } from './outside.ts';
import type { DeliveryType } from './commands.ts';

export const ZONE = 'Europe/Berlin';
export const QUIET = { from: '22:00', to: '07:00' } as const;
const RUN_USD_MAX = 0.5;
export const DAY_USD_MAX = 2;

const told = { source: 'github', topic: '{topic}' };

/** Subscriptions that come and go, and a schedule that does: the variants of the configuration. */
export function configOf(variant: number, workspace: string): object {
  return {
    timezone: ZONE,
    workspaces: [{ path: workspace }],
    notify: [{ kind: 'webhook', url: CHANNEL_URL }],
    budget: { quietHours: QUIET, money: { perDay: DAY_USD_MAX, perRun: RUN_USD_MAX } },
    dream: { minSessions: 2, minHours: 40, model: 'off' },
    subscriptions: [
      { ...told, name: 'push', event: 'push', do: 'log', text: 'push {n}' },
      { ...told, name: 'issues', event: 'issues', do: 'notify', text: '{topic}: issue {n}' },
      { ...told, name: 'deployment', event: 'deployment', do: 'notify', text: 'deployed {n}', urgent: true },
      { ...told, name: 'star', event: 'star', do: 'digest', text: 'star {n}' },
      { ...told, name: 'comment', event: 'issue_comment', do: 'resolve', text: '{topic} is well again' },
      { ...told, name: 'release', event: 'release', do: 'agent', prompt: 'DO words 0' },
      ...(hasFork(variant) ? [{ ...told, name: 'fork', event: 'fork', do: 'log', text: 'fork {n}' }] : []),
    ],
    schedules: [...SCHEDULES, ...(variant % 2 === 1 ? [EXTRA] : [])],
  };
}

function hasFork(variant: number): boolean {
  return variant >= 2;
}

/** Which subscriptions match. */
export function originsOf(type: DeliveryType, variant: number): readonly string[] {
  if (type === 'fork') return hasFork(variant) ? ['fork'] : [];
  return [type === 'issue_comment' ? 'comment' : type];
}

/** In every variant. What takes real time (a child, many files) has a minute of its own: so nothing else happens in it. */
export const SCHEDULES = [
  { name: 'digest', cron: '11 8 * * *', do: 'digest' },
  { name: 'half-past-two', cron: '30 2 * * *', do: 'notify', text: 'half past two' },
  { name: 'four', cron: '0 */4 * * *', catchUp: 'all', do: 'notify', text: 'four hours' },
  { name: 'command', cron: '37 */8 * * *', do: 'command', argv: ['true'] },
  { name: 'evenly', every: '9h', do: 'notify', text: 'nine hours' },
] as const;

export const EXTRA = { name: 'extra', cron: '15 */3 * * *', catchUp: 'skip', do: 'notify', text: 'extra' } as const;
