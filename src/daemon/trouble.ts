import type { EventDraft } from '../core/event.ts';
import type { Log } from '../core/ports.ts';
import type { Ports } from './options.ts';

export interface TroubleParts {
  readonly ports: Pick<Ports, 'clock' | 'redactor'>;
  /** Records what the owner has to be told. */
  readonly append: (draft: EventDraft) => Promise<unknown>;
  readonly log: Log;
}

/**
 * Tells the owner what he has to put right, in a message of its own; never throws.
 *
 * @param what `polling`, `telegram`: the type of the event and the topic of the message.
 * @param words What is held up, as the first sentence.
 */
export function troubleTeller(what: string, words: string, parts: TroubleParts): (text: string) => void {
  const { ports, append, log } = parts;
  return (text) => {
    const told = ports.redactor.redact(`${words} ${text}`);
    append(troubleEvent(what, told, ports.clock.wallMs())).catch((error: unknown) => {
      log.error({ error: String(error) }, 'the owner could not be told');
    });
  };
}

/** Everything the daemon says goes the same road: an event, a job, a message. */
function troubleEvent(what: string, told: string, nowMs: number): EventDraft {
  return {
    source: 'kairosd',
    delivery: `${what}:${nowMs}`,
    type: what,
    action: null,
    trust: 'owner',
    receivedAtMs: nowMs,
    contentType: 'text/plain',
    body: Buffer.from(told),
    jobs: [
      {
        kind: 'notify',
        origin: 'kairosd',
        reactive: false,
        topic: what,
        text: told,
        urgent: false,
        mayCoalesce: false,
      },
    ],
  };
}
