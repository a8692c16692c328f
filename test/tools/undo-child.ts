import { createChanges } from '../../src/tools/changes.ts';
import { realClock } from './clock.ts';

/** Takes a run back in a process of its own, so that a test can kill it. */
const [home = '', jobId = ''] = process.argv.slice(2);
process.stdout.write('going');
await createChanges({ home, clock: realClock, searchPath: process.env['PATH'] ?? '' }).undo(Number(jobId));
