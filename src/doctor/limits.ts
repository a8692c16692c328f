import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ok, warn, type Check, type Found } from './check.ts';

const MIB = 1_048_576;
/** A daemon with model, dashboard and a dream at work has been seen at 250 MiB (docs/performance.md). */
const MEMORY_BYTES_MIN = 384 * MIB;
/** Above this share of what it may have, the kernel reclaims and then kills. */
const FULL_SHARE = 0.85;
/** 10 000 connections are not wanted; some hundred files and children are. */
const FILES_MIN = 1_024;
const FILES_SHARE = 0.8;

/** The running daemon has the memory and the open files it needs. */
export const limits: Check = {
  name: 'limits',
  about: 'Memory limit of the daemon\u2019s control group against what it uses; open files (ulimit -n). Linux only.',
  async look(ports) {
    const running = await ports.daemon();
    const { systemRoot } = ports;
    if (running === undefined || systemRoot === undefined || ports.platform !== 'linux') return [];
    const found = [...memory(systemRoot, running.pid), ...openFiles(systemRoot, running.pid)];
    if (found.length > 0) return found;
    const usedBytes = residentBytes(systemRoot, running.pid);
    return usedBytes === undefined ? [] : [ok(`${toMib(usedBytes)} MiB in use`)];
  },
};

function memory(root: string, pid: number): Found[] {
  const limit = memoryLimit(root, pid);
  const usedBytes = residentBytes(root, pid);
  if (limit === undefined || usedBytes === undefined) return [];
  const fix = 'A larger MemoryMax= (systemctl edit kairosd), or a larger container.';
  if (usedBytes > limit * FULL_SHARE) {
    const what = `${toMib(usedBytes)} of ${toMib(limit)} MiB in use`;
    return [warn(what, 'At the limit the kernel kills it; what was accepted is taken up again.', fix)];
  }
  if (limit >= MEMORY_BYTES_MIN) return [];
  const what = `it may use ${toMib(limit)} MiB`;
  return [
    warn(what, `A dream or a run of the agent may need ${toMib(MEMORY_BYTES_MIN)}; then the kernel kills it.`, fix),
  ];
}

/** The tightest one on the way up to the root of the control groups. */
function memoryLimit(root: string, pid: number): number | undefined {
  const path = /^0::(\/.*)$/m.exec(read(join(root, 'proc', String(pid), 'cgroup')) ?? '')?.[1];
  if (path === undefined) return undefined;
  let tightest: number | undefined;
  for (let group = path; ; group = dirname(group)) {
    const max = Number.parseInt(read(join(root, 'sys/fs/cgroup', group, 'memory.max')) ?? '', 10);
    if (!Number.isNaN(max)) tightest = Math.min(tightest ?? Infinity, max);
    if (group === dirname(group)) return tightest;
  }
}

function residentBytes(root: string, pid: number): number | undefined {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(read(join(root, 'proc', String(pid), 'status')) ?? '')?.[1];
  return found === undefined ? undefined : Number(found) * 1_024;
}

function openFiles(root: string, pid: number): Found[] {
  const found = /^Max open files\s+(\d+|unlimited)\s/m.exec(read(join(root, 'proc', String(pid), 'limits')) ?? '')?.[1];
  if (found === undefined || found === 'unlimited') return [];
  const most = Number(found);
  const size = /^FDSize:\s+(\d+)$/m.exec(read(join(root, 'proc', String(pid), 'status')) ?? '')?.[1];
  const fix = 'LimitNOFILE=65536 (systemctl edit kairosd), or ulimit -n 65536 before it is started.';
  const why = 'Without a free one no connection is taken and no file is opened.';
  if (most < FILES_MIN) return [warn(`at most ${most} open files`, why, fix)];
  // The size of the table is the next power of two: over the share only when most are really in use.
  return Number(size ?? 0) > most * FILES_SHARE && most > 2 * FILES_MIN
    ? [warn(`up to ${size} of ${most} files open`, why, fix)]
    : [];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function toMib(bytes: number): number {
  return Math.round(bytes / MIB);
}
