import { takeLock } from '../../src/ledger/lock.ts';

/** One of two processes that want to dream: tries whenever it is told to, and lets go when it is told to. */
const [folder = ''] = process.argv.slice(2);
let held: Disposable | undefined;

process.on('message', (message) => {
  if (message === 'go') {
    const taken = takeLock(folder, 'dream.lock', `pid ${process.pid}`);
    held = 'heldBy' in taken ? undefined : taken;
    process.send?.(held === undefined ? 'held' : 'mine');
  } else {
    held?.[Symbol.dispose]();
    held = undefined;
    process.send?.('free');
  }
});
process.send?.('ready');
