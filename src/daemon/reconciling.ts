import type { EventDraft } from '../core/event.ts';
import type { Reconciler, ReconcileStatus, ReconcileTarget } from '../github/reconciler.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Ports } from './options.ts';
import type { Settings } from './settings.ts';
import { troubleTeller } from './trouble.ts';

export interface ReconcilingParts {
  readonly ports: Ports;
  readonly ledger: Pick<Ledger, 'polls' | 'events'>;
  readonly settings: Pick<Settings, 'config' | 'github'>;
  /** Records what the owner has to be told. */
  readonly append: (draft: EventDraft) => Promise<unknown>;
  /** While true nothing is asked for: safe mode. */
  readonly held: () => boolean;
}

/** Missed deliveries being asked for, until it is disposed. */
export interface Reconciling extends AsyncDisposable {
  /** undefined: no source has `reconcile:`. */
  status(): readonly ReconcileStatus[] | undefined;
  /** Looks at everything now: the machine has slept. */
  soon(): void;
}

/** Begins to ask GitHub for deliveries that were missed, where `reconcile:` says so; else nothing is loaded. */
export async function startReconciling(parts: ReconcilingParts): Promise<Reconciling> {
  const reconciler = await begin(parts);
  return {
    status: () => reconciler?.status(),
    soon: () => reconciler?.soon(),
    [Symbol.asyncDispose]: async () => reconciler?.[Symbol.asyncDispose](),
  };
}

async function begin(parts: ReconcilingParts): Promise<(Reconciler & AsyncDisposable) | undefined> {
  const { ports, ledger, settings, append, held } = parts;
  const targets = targetsOf(settings);
  if (targets.length === 0) return undefined;
  const { startReconciler } = await import('../github/reconciler.ts');
  const { clock } = ports;
  const log = ports.log.child({ part: 'reconcile' });
  return startReconciler({
    targets,
    github: await settings.github.open(),
    isKnown: (source, guid) => ledger.events.knows(source, guid),
    isHeld: held,
    store: ledger.polls,
    clock,
    log,
    onTrouble: troubleTeller('reconcile', 'Deliveries were missed.', { ports, append, log }),
  });
}

function targetsOf({ config }: ReconcilingParts['settings']): ReconcileTarget[] {
  return (config.sources ?? []).flatMap((source) => {
    if (source.kind !== 'github' || source.reconcile === undefined) return [];
    const { repositories, every } = source.reconcile;
    return [{ source: source.name, repositories, everyMs: every }];
  });
}
