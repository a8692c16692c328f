import * as fc from 'fast-check';
import { STEPS, type StepName } from '../../src/core/ports.ts';
import { CHANNEL_MODES, MODEL_MODES, type ChannelMode, type ModelMode } from './outside.ts';

/** What is sent, and what the configuration makes of it. */
export const TYPES = ['push', 'issues', 'deployment', 'star', 'issue_comment', 'release', 'fork'] as const;
export type DeliveryType = (typeof TYPES)[number];
/** What the owner asks of the agent, or of the daemon itself. */
export const WORDS = ['words', 'remember', 'tell', 'dangerous', 'status'] as const;

/** What may happen to a box. Times are milliseconds. */
export type Command =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'deliver'; readonly type: DeliveryType; readonly topic: number; readonly twice: boolean }
  | { readonly kind: 'again'; readonly which: number }
  | { readonly kind: 'storm'; readonly type: DeliveryType; readonly topic: number; readonly count: number }
  | { readonly kind: 'large'; readonly kilobytes: number }
  | { readonly kind: 'say'; readonly what: (typeof WORDS)[number] }
  | { readonly kind: 'decide'; readonly allow: boolean }
  | { readonly kind: 'jump'; readonly ms: number }
  | { readonly kind: 'sleep'; readonly ms: number }
  | {
      readonly kind: 'crash';
      readonly at: StepName;
      readonly awayMs: number;
      readonly during: 'deliveries' | 'talk' | 'time';
    }
  | { readonly kind: 'restart'; readonly awayMs: number }
  | { readonly kind: 'config'; readonly variant: number; readonly hot: boolean }
  | { readonly kind: 'channel'; readonly mode: ChannelMode }
  | { readonly kind: 'model'; readonly mode: ModelMode }
  | { readonly kind: 'disk'; readonly fault: 'ledger' | 'logs' | 'well' }
  | { readonly kind: 'edit'; readonly line: number }
  | { readonly kind: 'mute'; readonly topic: number; readonly minutes: number };

export const TOPICS = 6;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

const kind = <K extends Command['kind']>(name: K) => fc.constant(name);
const topic = fc.nat(TOPICS - 1);
const type = fc.oneof(
  { weight: 4, arbitrary: fc.constant<DeliveryType>('issues') },
  { weight: 6, arbitrary: fc.constantFrom<DeliveryType>(...TYPES) },
);
const awayMs = fc.constantFrom(0, 5 * SECOND_MS, 3 * MINUTE_MS, 50 * MINUTE_MS, 7 * HOUR_MS);

const pass = fc.record({
  kind: kind('pass'),
  ms: fc.constantFrom(4 * SECOND_MS, MINUTE_MS, 20 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 8 * HOUR_MS),
});

/** Shrinks towards time that merely passes. */
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 24, arbitrary: pass },
  { weight: 20, arbitrary: fc.record({ kind: kind('deliver'), type, topic, twice: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('again'), which: fc.nat(10_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('storm'), type, topic, count: fc.constantFrom(5, 30, 75) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('large'), kilobytes: fc.integer({ min: 257, max: 700 }) }) },
  { weight: 8, arbitrary: fc.record({ kind: kind('say'), what: fc.constantFrom(...WORDS) }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('decide'), allow: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('jump'),
      ms: fc.constantFrom(-3 * HOUR_MS, -HOUR_MS, -90 * SECOND_MS, 90 * SECOND_MS, HOUR_MS, 5 * HOUR_MS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: kind('sleep'), ms: fc.constantFrom(10 * MINUTE_MS, HOUR_MS, 8 * HOUR_MS) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: kind('crash'),
      at: fc.constantFrom(...(Object.keys(STEPS) as StepName[])),
      awayMs,
      during: fc.constantFrom('deliveries', 'talk', 'time'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: kind('restart'), awayMs }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('config'), variant: fc.nat(3), hot: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ kind: kind('channel'), mode: fc.constantFrom(...CHANNEL_MODES) }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('model'), mode: fc.constantFrom(...MODEL_MODES) }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('disk'), fault: fc.constantFrom('ledger', 'logs', 'well') }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('edit'), line: fc.nat(1_000_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('mute'), topic, minutes: fc.constantFrom(5, 120, 600) }) },
);

export interface WeekCommands {
  /** Monday, in Berlin: an ordinary week, or one in which the clocks change. */
  readonly monday: '2026-06-08' | '2026-10-19' | '2026-03-23';
  readonly commands: readonly Command[];
}

/** Not biased towards the short: a week is full. Shrinking makes it as short as it can be. */
export const weekCommands: fc.Arbitrary<WeekCommands> = fc.noBias(
  fc.record({
    monday: fc.constantFrom('2026-06-08', '2026-10-19', '2026-03-23'),
    commands: fc.array(command, { minLength: 0, maxLength: 130, size: 'max' }),
  }),
);
