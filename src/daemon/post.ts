import type { Ledger } from '../ledger/ledger.ts';
import { startOutbox, type Outbox } from '../notify/outbox.ts';
import type { Ports } from './options.ts';
import type { Settings } from './settings.ts';

/** The outbox, with channels and windows that can be exchanged while the daemon runs. What waits is in the ledger and stays. */
export interface Post extends Outbox {
  /** Lets what is under way end (two seconds at most), then goes on with other settings; with the old ones if that throws. */
  exchange(settings: Settings): Promise<void>;
}

export interface PostParts {
  readonly ports: Ports;
  readonly ledger: Ledger;
  /** IANA zone of the quiet hours. */
  readonly timeZone: string;
  readonly onChange: (messageId: number) => void;
}

export async function openPost(first: Settings, { ports, ledger, timeZone, onChange }: PostParts): Promise<Post> {
  const { clock, random } = ports;
  const { redact } = ports.redactor;
  const common = {
    store: ledger.messages,
    timeZone,
    clock,
    random,
    redact,
    log: ports.log.child({ part: 'notify' }),
    onChange,
    approval: (id: number) => ledger.approvals.find(id),
  };
  const start = ({ channels, config: { budget } }: Settings): Promise<Outbox> =>
    startOutbox({ ...common, channels, budget });
  let settings = first;
  let outbox = await start(settings);
  return {
    wake: () => outbox.wake(),
    snapshot: () => outbox.snapshot(),
    channels: () => outbox.channels(),
    async exchange(next) {
      await outbox[Symbol.asyncDispose]();
      try {
        outbox = await start(next);
        settings = next;
      } catch (error) {
        outbox = await start(settings);
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => outbox[Symbol.asyncDispose](),
  };
}
