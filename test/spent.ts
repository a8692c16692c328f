/** Milliseconds of processor that this thread spends on something: what else the machine does meanwhile does not count. */
export function spentMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  return totalMs(process.threadCpuUsage(before));
}

/** Milliseconds of processor that this thread has spent since it began. */
export function threadMs(): number {
  return totalMs(process.threadCpuUsage());
}

function totalMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}
