/**
 * The child of the power-loss campaign: opens the real ledger, appends events, and writes `ack ID DELIVERY` to the file
 * `acks` as soon as it may tell a sender so. Runs under strace, which sees every write and flush of it.
 *
 * Arguments: home, `full` or `normal`, how often the ledger is opened, events each time, bytes of a body, and how long it
 * stays open after them: long enough, and the checkpoint thread gets to work.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock, systemRandom } from '../src/daemon/system.ts';
import { openLedger } from '../src/ledger/ledger.ts';
import { jobOf, ledgerOptions, silentLog } from './lib/ledger.ts';

const [home = '', mode = 'full', openings = '1', events = '100', bodyBytes = '300', pauseMs = '0'] =
  process.argv.slice(2);
const CONCURRENCY = [1, 4, 16];

if (mode === 'normal') weaken();
const acks = openSync(join(home, 'acks'), 'a');
let next = 0;
for (let opening = 0; opening < Number(openings); opening += 1) await writeSome(Number(events));
closeSync(acks);

async function writeSome(count: number): Promise<void> {
  await using ledger = await openLedger(ledgerOptions(home), {
    clock: systemClock,
    log: silentLog,
    random: systemRandom,
  });
  for (const lines of CONCURRENCY) {
    const each = Math.ceil(count / CONCURRENCY.length / lines);
    const line = async (): Promise<void> => {
      for (let index = 0; index < each; index += 1) {
        const delivery = `d${(next += 1)}`;
        const { id } = await ledger.events.append({
          source: 'github',
          delivery,
          type: 'push',
          action: null,
          trust: 'outside',
          receivedAtMs: systemClock.wallMs(),
          contentType: 'application/json',
          body: Buffer.alloc(Number(bodyBytes), 0x62),
          jobs: [jobOf(delivery)],
        });
        writeSync(acks, `ack ${id} ${delivery}\n`);
      }
    };
    await Promise.all(Array.from({ length: lines }, line));
  }
  await systemClock.sleep(Number(pauseMs), new AbortController().signal);
}

/** The control: the same daemon code on a connection that does not flush at each commit. Only this process is changed. */
function weaken(): void {
  const exec = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, 'exec')?.value as (
    this: DatabaseSync,
    sql: string,
  ) => void;
  DatabaseSync.prototype.exec = function weakened(sql: string): void {
    exec.call(this, sql.replace('synchronous = FULL', 'synchronous = NORMAL'));
  };
}
