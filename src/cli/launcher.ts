import { Socket } from 'node:net';

/**
 * Ends this process at once when the launcher at the other end of a pipe is gone, however it ended: `kill -9` on what a
 * person or a supervisor started must reach the daemon. Does not keep a short command alive.
 */
export function dieWithLauncher(fd: number): void {
  if (!Number.isInteger(fd) || fd < 3) return;
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.on('end', die);
  pipe.on('error', die);
  pipe.resume();
  pipe.unref();
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
