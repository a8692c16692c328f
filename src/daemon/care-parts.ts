import type { Ledger } from '../ledger/ledger.ts';
import type { Agent } from './agent.ts';
import type { Boot } from './boot.ts';
import type { Hands } from './hands.ts';
import type { Append } from './intake.ts';
import type { LoopLag } from './loop-lag.ts';
import type { DaemonOptions, Ports } from './options.ts';
import type { Settings } from './settings.ts';
import type { Vitals } from './vitals.ts';

/** What the daemon's care of itself rests on. */
export interface CareParts {
  readonly options: Pick<DaemonOptions, 'home' | 'config' | 'onRestartAsked' | 'supervisor' | 'logPath'>;
  readonly ports: Ports;
  readonly ledger: Pick<Ledger, 'boots' | 'health' | 'probe' | 'relieve' | 'stats'>;
  readonly live: { readonly settings: Pick<Settings, 'config'> };
  readonly boot: Pick<Boot, 'restarting'>;
  readonly loopLag: Pick<LoopLag, 'maxMs' | 'p99Ms'>;
  readonly vitals: Vitals;
  readonly hands: Pick<Hands, 'pulse' | 'overdue' | 'lanes' | 'idleSinceMs'>;
  readonly agent: Pick<Agent, 'pruneChanges'>;
  /** Records what the owner will read. */
  readonly append: Append;
}
