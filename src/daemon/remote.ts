import type { Log } from '../core/ports.ts';
import { startLabelWatch, type WaitingLabel } from '../dispatch/label-watch.ts';
import type { RemoteHands, RemoteSnapshot } from '../dispatch/remote-options.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { DaemonOptions, Ports } from './options.ts';
import type { Settings } from './settings.ts';
import { troubleTeller } from './trouble.ts';

/** Work on other hosts, as it is shown. */
export interface WorkersSnapshot extends RemoteSnapshot {
  /** Whether there is a Redis. */
  readonly on: boolean;
  /** Due work that nobody who is there may take. */
  readonly waiting: readonly (WaitingLabel & { readonly served: boolean })[];
}

/** The hands on other hosts, and what is done while there are none. */
export interface Workers extends AsyncDisposable {
  readonly on: boolean;
  wake(): void;
  /** Whether somebody else takes work of this label now; empty: work that asks for none. */
  serves(label: string): boolean;
  snapshot(): WorkersSnapshot;
}

export interface WorkersParts {
  readonly options: DaemonOptions;
  readonly ports: Ports;
  readonly ledger: Ledger;
  readonly live: { readonly settings: Settings };
  /** While true no work begins: safe mode. */
  readonly held: () => boolean;
  readonly onSettled: (jobIds: readonly number[]) => void;
  readonly onChange: (jobId: number) => void;
  /** The owner is to be told something: there is a job for it. */
  readonly onTold: () => void;
}

const NOTHING: RemoteSnapshot = { trouble: null, offered: 0, unreadable: 0, workers: [] };
const NO_REDIS = 'there are no other hosts: REDIS_URL is not set';

/**
 * With `REDIS_URL`, commands go to whoever takes them; it and what it needs are loaded only then. Redis is not waited for.
 *
 * @throws {KairosError} `CONFIG_INVALID`, `SECRET_MISSING` when the address or the key can't be right.
 */
export async function openWorkers(parts: WorkersParts): Promise<Workers> {
  const { ports, ledger, live } = parts;
  const log: Log = ports.log.child({ part: 'workers' });
  const url = live.settings.secrets.of('REDIS_URL');
  const remote = url === undefined ? undefined : await openRemote(parts, url, log);
  const serves = (label: string): boolean => remote?.serves(label) ?? false;
  const append = async (draft: Parameters<Ledger['events']['append']>[0]): Promise<void> => {
    await ledger.events.append(draft);
    parts.onTold();
  };
  const tell = troubleTeller('workers', 'Work waits.', { ports, append, log });
  const trouble = (): string | undefined =>
    remote === undefined ? NO_REDIS : (remote.snapshot().trouble ?? undefined);
  const watch = startLabelWatch({ store: ledger.remote, serves, tell, trouble, clock: ports.clock, log });
  return {
    on: remote !== undefined,
    wake() {
      remote?.wake();
      watch.wake();
    },
    serves,
    snapshot: () => ({
      on: remote !== undefined,
      ...(remote?.snapshot() ?? NOTHING),
      waiting: ledger.remote
        .waitingByLabel(ports.clock.wallMs())
        .filter(({ label }) => label !== 'brain')
        .map((one) => ({ ...one, served: serves(one.label) })),
    }),
    async [Symbol.asyncDispose]() {
      await Promise.all([watch[Symbol.asyncDispose](), remote?.[Symbol.asyncDispose]()]);
    },
  };
}

async function openRemote(parts: WorkersParts, url: string, log: Log): Promise<RemoteHands> {
  const { options, ports, ledger, live, held, onSettled, onChange } = parts;
  const { clock, random } = ports;
  const { readRedisUrl, sealFor } = await import('../dispatch/redis-address.ts');
  const { openBullmqCarrier } = await import('../dispatch/bullmq-carrier.ts');
  const { startRemote } = await import('../dispatch/remote.ts');
  const { remoteCommands } = await import('../scheduler/remote-command.ts');
  const secretOf = (name: string): string | undefined => live.settings.secrets.of(name);
  const address = readRedisUrl(url, 'REDIS_URL');
  const key = secretOf('KAIROS_WORKER_KEY');
  const seal = sealFor(address, key, random);
  const password = URL.parse(url)?.password ?? '';
  if (key !== undefined) ports.redactor.add([{ name: 'KAIROS_WORKER_KEY', value: key }]);
  if (password !== '') ports.redactor.add([{ name: 'REDIS_URL', value: decodeURIComponent(password) }]);
  if (!address.loopback && !address.tls)
    log.warn({ redis: address.shown }, 'the link to Redis is not encrypted: use rediss://');
  const brain = ledger.homeId;
  const command = remoteCommands(
    {
      find: (name) => live.settings.config.schedules.find((schedule) => schedule.name === name),
      redact: ports.redactor.redact,
      secretOf,
      home: options.home,
      clock,
    },
    key !== undefined,
  );
  return startRemote({
    brain,
    store: ledger.remote,
    carrier: openBullmqCarrier({ address, seal, brain, random, log }),
    kinds: { command },
    clock,
    random,
    log,
    settling: {},
    behindMs: () => live.settings.config.budget.blockingMs,
    held,
    onSettled,
    onChange,
  });
}
