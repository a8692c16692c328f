/** The one file that does something when it is loaded, and the only one that sets an exit code. */
import { runCli } from './program.ts';

const launcherFd = process.env['KAIROS_LAUNCHER_FD'];
if (launcherFd !== undefined) {
  delete process.env['KAIROS_LAUNCHER_FD'];
  const { dieWithLauncher } = await import('./launcher.ts');
  dieWithLauncher(Number(launcherFd));
}
process.umask(0o077);
// `kairos events | head -1`: whoever reads has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  nowMs: () => Date.now(),
});
