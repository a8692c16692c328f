import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/ledger/database.ts';
import { openGenerations } from '../../src/ledger/generations.ts';
import { createWriter } from '../../src/ledger/writer.ts';
import type { Author } from '../../src/memory/ports.ts';
import { openMemory } from '../../src/memory/store.ts';
import { FakeClock } from '../fakes/clock.ts';
import { recordingLog } from '../ledger/make.ts';
import { EDITED, OPERATIONS } from './apply-world.ts';

/** Applies to a home, and kills itself after so many steps; prints how many steps there are when it comes through. */
const [home = '', killAt = '', what = ''] = process.argv.slice(2);
const clock = new FakeClock();
const database = openDatabase(join(home, 'ledger.db'), process.platform);
const writer = createWriter(database, { clock, onCommit() {}, onFailure() {} });
let steps = 0;
let edited = false;
const memory = await openMemory({
  home,
  ledger: openGenerations<Author>(database, writer),
  clock,
  log: recordingLog(),
  redact: (text) => text,
  timeZone: () => 'Europe/Berlin',
  step(name) {
    // A person saves the second file while the first is being replaced.
    if (what === 'edited' && !edited && name.startsWith('placed')) {
      edited = true;
      writeFileSync(join(home, 'memory/topics/likes.md'), EDITED);
      writeFileSync(join(home, 'edited'), '');
    }
    if (steps === Number(killAt)) process.kill(process.pid, 'SIGKILL');
    steps += 1;
  },
});
if (what === 'rollback') await memory.rollback(1);
else await memory.applyOperations(OPERATIONS, { author: 'dream', reason: 'test' });
await writer.close();
database.close();
process.stdout.write(`${steps}\n`);
