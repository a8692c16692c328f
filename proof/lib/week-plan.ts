import { createDice, type Dice } from './seed.ts';

export const ZONE = 'Europe/Berlin';
export const EVENTS = 5_000;
/** Counted in the events. */
const STORMS = 4;
const STORM_EVENTS = 150;
const TOPICS = Array.from({ length: 12 }, (_, index) => `acme/app${index}`);

/** A delivery as its sender makes it. */
export interface Delivery {
  readonly n: number;
  readonly source: 'alerts' | 'builds';
  readonly type: string;
  readonly topic: string;
  /** Whether the sender does it twice although it was taken. */
  readonly twice: boolean;
}

/** What happens to the box from outside, in order of time. */
export type Happening = { readonly atMs: number } & (
  | { readonly kind: 'delivery'; readonly delivery: Delivery }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'mute'; readonly topic: string; readonly duration: string }
  | { readonly kind: 'sleep'; readonly forMs: number }
  /** `kill -9` after so many turns of the event loop; the box is back after a time. */
  | { readonly kind: 'crash'; readonly turns: number; readonly awayMs: number }
);

export interface WeekPlan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Local dates whose digest is complete at the end. */
  readonly dates: readonly string[];
  readonly happenings: readonly Happening[];
  readonly schedules: readonly ScheduleEntry[];
  readonly config: object;
}

export interface ScheduleEntry {
  readonly name: string;
  readonly cron?: string;
  readonly every?: string;
  readonly at?: string;
  readonly timezone?: string;
  readonly do: string;
  readonly [key: string]: unknown;
}

/** The two weeks of 2026 in which Berlin changes its clocks; in spring the machine sleeps over it. */
export type Season = 'autumn' | 'spring';
const MONDAY: Readonly<Record<Season, string>> = { autumn: '2026-10-19', spring: '2026-03-23' };
const HOUR_MS = 3_600_000;

/** Everything that happens in a week, by the seed: 5 000 deliveries, 20 schedules, three sleeps, two crashes. */
export function planWeek(seed: number, season: Season): WeekPlan {
  const dice = createDice(seed);
  const monday = Temporal.PlainDate.from(MONDAY[season]);
  const local = (day: number, time: string): number =>
    monday.add({ days: day }).toZonedDateTime({ timeZone: ZONE, plainTime: time }).epochMilliseconds;
  const fromMs = local(0, '06:17');
  const toMs = local(7, '09:30');
  const lastSleep = season === 'autumn' ? { atMs: local(4, '14:10') } : { atMs: local(5, '20:40') };
  const sleeps: Happening[] = [
    { kind: 'sleep', atMs: local(1, '22:05'), forMs: 8 * HOUR_MS },
    { kind: 'sleep', atMs: local(3, '07:31'), forMs: 3 * HOUR_MS },
    { kind: 'sleep', ...lastSleep, forMs: 9 * HOUR_MS },
  ];
  const crashes: Happening[] = [
    { kind: 'crash', atMs: local(2, '11:00') + 5_000, turns: dice.between(5, 60), awayMs: 20_000 },
    // In the middle of the digest.
    { kind: 'crash', atMs: local(5, '08:00'), turns: dice.between(20, 120), awayMs: 40 * 60_000 },
  ];
  const spoken: Happening[] = Array.from({ length: 20 }, (_, index) => ({
    kind: 'say' as const,
    atMs: dice.between(fromMs, toMs - HOUR_MS),
    text: index % 5 === 0 ? 'digest' : 'status',
  }));
  const mute: Happening = { kind: 'mute', atMs: local(1, '09:00'), topic: TOPICS[3] ?? '', duration: '30h' };
  const happenings = [...deliveries(dice, fromMs, toMs, local(2, '11:00')), ...sleeps, ...crashes, ...spoken, mute];
  const schedules = schedulesOf(monday, season);
  return {
    fromMs,
    toMs,
    dates: Array.from({ length: 7 }, (_, day) => monday.add({ days: day }).toString()),
    happenings: happenings.toSorted((a, b) => a.atMs - b.atMs),
    schedules,
    config: { ...CONFIG, schedules },
  };
}

/** @param stormMs When the first storm begins. */
function deliveries(dice: Dice, fromMs: number, toMs: number, stormMs: number): Happening[] {
  const moments: number[] = [];
  for (let storm = 0; storm < STORMS; storm += 1) {
    const beginMs = storm === 0 ? stormMs : dice.between(fromMs, toMs - HOUR_MS);
    for (let index = 0; index < STORM_EVENTS; index += 1) moments.push(beginMs + Math.floor(index / 10) * 1_000);
  }
  while (moments.length < EVENTS) moments.push(dice.between(fromMs, toMs - HOUR_MS));
  return moments.toSorted((a, b) => a - b).map((atMs, n) => ({ kind: 'delivery', atMs, delivery: delivery(dice, n) }));
}

const TYPES: readonly (readonly [string, number])[] = [
  ['failed', 0.4],
  ['passed', 0.1],
  ['pushed', 0.25],
  ['released', 0.15],
  ['asked', 0.003],
  ['fire', 0.005],
  ['other', 1],
];

function delivery(dice: Dice, n: number): Delivery {
  let share = dice.fraction();
  const found = TYPES.find(([, weight]) => (share -= weight) < 0);
  const source = dice.pick(['alerts', 'builds'] as const);
  return { n, source, type: found?.[0] ?? 'other', topic: dice.pick(TOPICS), twice: dice.happens(0.04) };
}

const both = (entry: { readonly name: string } & Record<string, unknown>): object[] =>
  ['alerts', 'builds'].map((source) => ({ ...entry, name: `${entry.name}-${source}`, source, topic: '{topic}' }));

const CONFIG = {
  timezone: ZONE,
  notify: [{ kind: 'webhook', url: 'http://127.0.0.1:9/hook' }],
  sources: [
    { name: 'alerts', kind: 'bearer', secretEnv: 'WEEK_SECRET' },
    { name: 'builds', kind: 'bearer', secretEnv: 'WEEK_SECRET' },
  ],
  subscriptions: [
    ...both({ name: 'failed', event: 'failed', do: 'notify', text: '{topic} failed ({n})' }),
    ...both({ name: 'passed', event: 'passed', do: 'resolve', text: '{topic} is well again' }),
    ...both({ name: 'pushed', event: 'pushed', do: 'log', text: 'push {n} to {topic}' }),
    ...both({ name: 'released', event: 'released', do: 'digest', text: 'release {n} of {topic}' }),
    ...both({ name: 'asked', event: 'asked', do: 'agent', prompt: 'Answer.' }),
    ...both({ name: 'fire', event: 'fire', do: 'notify', text: 'fire {n}', urgent: true }),
  ],
};

function schedulesOf(monday: Temporal.PlainDate, season: Season): ScheduleEntry[] {
  const on = (day: number, time: string): string => `${monday.add({ days: day }).toString()}T${time}`;
  const say = (text: string): { do: string; text: string } => ({ do: 'notify', text });
  return [
    { name: 'morning', cron: '0 8 * * *', do: 'digest' },
    { name: 'evening', cron: '0 20 * * *', do: 'digest' },
    { name: 'night-fixed', cron: '30 2 * * *', ...say('half past two') },
    { name: 'night-list', cron: '15,45 1,2 * * *', catchUp: 'all', ...say('night') },
    { name: 'steps', cron: '*/20 * * * *', catchUp: 'skip', ...say('twenty minutes') },
    { name: 'hourly', cron: '0 * * * *', catchUp: 'all', catchUpMax: 5, ...say('an hour') },
    { name: 'tokyo', cron: '0 9 * * *', timezone: 'Asia/Tokyo', ...say('good morning') },
    { name: 'new-york', cron: '30 9 * * 1-5', timezone: 'America/New_York', ...say('the bell') },
    { name: 'days', cron: '0 12 25 * 1', ...say('the 25th, and Mondays') },
    { name: 'ninety', every: '90m', ...say('ninety minutes') },
    { name: 'seven', every: '7m', catchUp: 'skip', ...say('seven minutes') },
    { name: 'jittered', cron: '0 */6 * * *', jitter: '20m', ...say('six hours') },
    { name: 'done', cron: '*/30 * * * *', do: 'command', argv: ['true'] },
    { name: 'done-all', every: '4h', catchUp: 'all', do: 'command', argv: ['true'] },
    { name: 'fails', cron: '5 4 * * *', do: 'command', argv: ['false'] },
    { name: 'fails-thrice', cron: '10 5 * * *', do: 'command', argv: ['false'], retries: 2 },
    { name: 'asks', cron: '0 7 * * *', do: 'agent', prompt: 'Look around.' },
    // In autumn the repeated hour, in spring the gap.
    { name: 'change', at: on(6, '02:30'), ...say('the clocks change') },
    { name: 'asleep', at: on(2, '01:00'), ...say('while it slept') },
    {
      name: 'asleep-skip',
      at: on(season === 'autumn' ? 3 : 2, season === 'autumn' ? '09:00' : '03:00'),
      catchUp: 'skip',
      ...say('x'),
    },
  ];
}
