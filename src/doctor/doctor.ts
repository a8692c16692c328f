import { KairosError, messageOf } from '../core/errors.ts';
import type { Check, DoctorPorts, Finding, Found } from './check.ts';
import { CHECKS } from './checks.ts';
import { applyRepairs } from './mend.ts';
import type { Repair } from './repair.ts';

/** A check that takes longer is given up: what it waits for is told by another one. */
const CHECK_MS_MAX = 5_000;

/** Runs every check, each by itself: one that breaks does not hide the others. Under two seconds on an ordinary home. */
export async function examine(ports: DoctorPorts): Promise<Finding[]> {
  return (await lookAt(CHECKS, ports)).map((found) => asFinding(found, ports));
}

/** What `--fix` came to. */
export interface Treatment {
  readonly findings: readonly Finding[];
  /** Where what was changed is kept; undefined when nothing was. */
  readonly backup: string | undefined;
}

/**
 * Looks, repairs what is safe to repair, and looks again: `fixed` is what is really gone. Everything that is changed is
 * written into `backups/doctor-<time>/` first. Configuration and secrets are never touched.
 *
 * @param dryRun Only says what it would do (`fixable`, `repair`).
 */
export async function treat(ports: DoctorPorts, { dryRun }: { readonly dryRun: boolean }): Promise<Treatment> {
  const before = await lookAt(CHECKS, ports);
  const repairs = before.flatMap(({ found: { repair } }) => repair ?? []);
  if (dryRun || repairs.length === 0)
    return { findings: before.map((found) => asFinding(found, ports)), backup: undefined };
  const { home, userId, nowMs, platform = '' } = ports;
  const { errors, backup } = applyRepairs(repairs, { home, userId, nowMs, platform });
  const touched = new Set(before.filter(({ found }) => found.repair !== undefined).map(({ check }) => check));
  const after = await lookAt(
    CHECKS.filter(({ name }) => touched.has(name)),
    ports,
  );
  const findings = before.map((one) => outcome(one, after, errors));
  const isNew = (one: Looked): boolean =>
    isComplaint(one.found) && !before.some((old) => old.check === one.check && old.found.what === one.found.what);
  const all = [...findings, ...after.filter(isNew).map((one) => plain(one))];
  return { findings: all.map((finding) => redacted(finding, ports)), backup };
}

interface Looked {
  readonly check: string;
  readonly found: Found;
}

async function lookAt(checks: readonly Check[], ports: DoctorPorts): Promise<Looked[]> {
  // Read once: with ten thousand schedules that takes half a second, and a daemon that hangs is waited for once.
  const { work, sandbox, service } = ports;
  const given: DoctorPorts = {
    ...ports,
    config: once(ports.config),
    daemon: once(ports.daemon),
    ...(work === undefined ? {} : { work: once(work) }),
    ...(sandbox === undefined ? {} : { sandbox: once(sandbox) }),
    ...(service === undefined ? {} : { service: once(service) }),
  };
  const found = await Promise.all(
    checks.map(async ({ name, look }) => {
      try {
        return (await withDeadline(look(given))).map((one) => ({ check: name, found: one }));
      } catch (error) {
        return [{ check: name, found: broken(error) }];
      }
    }),
  );
  return found.flat();
}

async function withDeadline<Value>(work: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new KairosError('OVERLOADED', `no answer within ${CHECK_MS_MAX / 1_000} s`)),
    CHECK_MS_MAX,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What it throws is kept as well. */
function once<Value>(read: () => Value): () => Value {
  let kept: { readonly value: Value } | { readonly error: unknown } | undefined;
  return () => {
    if (kept === undefined) {
      try {
        kept = { value: read() };
      } catch (error) {
        kept = { error };
      }
    }
    if ('error' in kept) throw kept.error;
    return kept.value;
  };
}

function broken(error: unknown): Found {
  return {
    verdict: 'fail',
    what: `could not be looked at: ${messageOf(error).split('\n', 1)[0]}`,
    why: 'What cannot be looked at may be wrong.',
    fix: 'Mend what the message names, then run kairos doctor again.',
  };
}

function plain({ check, found: { repair, ...told } }: Looked): Finding {
  return { check, ...told, ...(repair === undefined ? {} : { fixable: true, repair: repair.what }) };
}

/** Gone is only what another look no longer finds. */
function outcome(one: Looked, after: readonly Looked[], errors: ReadonlyMap<Repair, string>): Finding {
  const { repair } = one.found;
  if (repair === undefined) return plain(one);
  const still = after.some(({ check, found }) => check === one.check && found.what === one.found.what);
  const error = errors.get(repair);
  if (error === undefined && !still) return { ...plain(one), verdict: 'ok', fixed: true };
  return { ...plain(one), fixed: false, fixError: error ?? 'it is still there' };
}

function isComplaint({ verdict }: Found): boolean {
  return verdict === 'warn' || verdict === 'fail';
}

function asFinding(one: Looked, ports: DoctorPorts): Finding {
  return redacted(plain(one), ports);
}

/** The last thing before the words leave. */
function redacted(finding: Finding, { redact }: DoctorPorts): Finding {
  if (redact === undefined) return finding;
  const { repair, fixError } = finding;
  return {
    ...finding,
    what: redact(finding.what),
    why: redact(finding.why),
    fix: redact(finding.fix),
    ...(repair === undefined ? {} : { repair: redact(repair) }),
    ...(fixError === undefined ? {} : { fixError: redact(fixError) }),
  };
}
