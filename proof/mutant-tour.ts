/** Lives a week in which everything happens once, and prints what was broken: run in a copy of the product that was spoilt. */
import type { Command } from '../test/simulation/commands.ts';
import { liveWeek } from '../test/simulation/week.ts';

const MINUTE_MS = 60_000;
const pass = (minutes: number): Command => ({ kind: 'pass', ms: minutes * MINUTE_MS });
const issues = (count: number): Command[] =>
  Array.from({ length: count }, (_, topic) => ({ kind: 'deliver', type: 'issues', topic: topic % 6, twice: false }));

const TOUR: readonly Command[] = [
  pass(60),
  ...issues(6),
  pass(20),
  { kind: 'restart', awayMs: 0 },
  ...issues(6),
  pass(20),
  { kind: 'again', which: 0 },
  { kind: 'crash', at: 'journal.appended', awayMs: 0, during: 'deliveries' },
  pass(60),
  { kind: 'crash', at: 'memory.written', awayMs: 0, during: 'talk' },
  { kind: 'say', what: 'remember' },
  { kind: 'say', what: 'dangerous' },
  { kind: 'decide', allow: false },
  pass(60),
  { kind: 'restart', awayMs: 9 * 60 * MINUTE_MS },
  pass(30),
  { kind: 'channel', mode: 'breaks-off' },
  ...issues(2),
  pass(60),
  { kind: 'channel', mode: 'well' },
  // Towards the evening of the next day.
  pass(15 * 60),
  pass(9 * 60),
  { kind: 'channel', mode: 'fails' },
  ...issues(3),
  pass(60),
  pass(60),
  pass(60),
  pass(60),
  { kind: 'channel', mode: 'well' },
  pass(180),
];

const { broken } = await liveWeek({ monday: '2026-06-08', commands: TOUR }, 1, 4);
console.log(JSON.stringify(broken));
process.exit(0);
