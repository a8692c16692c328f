import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from './container.ts';
import { ROOT } from './daemon.ts';
import type { Check } from './report.ts';

/** The commands of this checkout, which the machine sees at the same place. */
export const KAIROS = join(ROOT, 'bin/kairos');
export const NODE = join(ROOT, 'bin/node');
/** Lies in the machine's /etc/credstore. */
export const SECRET = 'a-secret-from-the-credstore';
export const HOME = '/var/lib/kairosd';

/** What the steps of the proof share. */
export interface Round {
  readonly machine: Container;
  readonly checks: Check[];
  readonly figures: Record<string, string | number>;
}

/** `active active`: the service and its socket. */
export function active(machine: Container): string {
  return machine.sh('systemctl is-active kairosd.service kairosd.socket').out.split('\n').join(' ');
}

export function show(machine: Container, property: string): string {
  return machine.sh(`systemctl show kairosd -p ${property} --value`).out;
}

/** The version that says so at the door. */
export function answering(machine: Container, port = 7717): string {
  const asked = `fetch("http://127.0.0.1:${port}/healthz").then((a) => a.json()).then((a) => console.log(a.version))`;
  return machine.sh(`${NODE} -e '${asked}'`).out;
}

/** Lines for the service alone, in a drop-in. @returns what takes them away again; neither restarts it. */
export function dropIn(machine: Container, name: string, lines: readonly string[]): () => void {
  const place = '/etc/systemd/system/kairosd.service.d';
  const text = ['[Service]', ...lines].map((line) => `'${line}'`).join(' ');
  machine.sh(`mkdir -p ${place} && printf '%s\\n' ${text} >${place}/${name}.conf && systemctl daemon-reload`);
  return () =>
    void machine.sh(`rm ${place}/${name}.conf && rmdir --ignore-fail-on-non-empty ${place} && systemctl daemon-reload`);
}

export async function untilSeconds(holds: () => boolean, seconds: number): Promise<boolean> {
  const endMs = performance.now() + seconds * 1_000;
  while (performance.now() < endMs) {
    if (holds()) return true;
    await sleep(200);
  }
  return false;
}
