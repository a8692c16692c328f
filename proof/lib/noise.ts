import { execFile } from 'node:child_process';

/** Prints by how many milliseconds its timers were late at most, when its input ends. */
const PROGRAM = `
let last = performance.now(), worst = 0;
setInterval(() => { const now = performance.now(); worst = Math.max(worst, now - last - 5); last = now; }, 5);
process.stdin.resume().on('end', () => { console.log(worst); process.exit(); });`;

/** How long the machine itself keeps an idle process waiting: what of a stall is not the daemon's. */
export function watchNoise(): { end(): Promise<number> } {
  const { promise: worstMs, resolve: told } = Promise.withResolvers<number>();
  const child = execFile(process.execPath, ['-e', PROGRAM], (_error, stdout) => told(Number(stdout)));
  return {
    end() {
      child.stdin?.end();
      return worstMs;
    },
  };
}
