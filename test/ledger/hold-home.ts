import { lockHome } from '../../src/ledger/lock.ts';

/** A process of its own that holds a home until it is killed, and forgets about it at once. */
lockHome(process.argv[2] ?? '', 'pid 4711, since noon');
globalThis.gc?.();
process.stdout.write('held\n');
process.stdin.resume();
