import { createRequire } from 'node:module';
import type { MatchEvent } from '../../src/subscriptions/match.ts';
import { subscriptionsOptions, type Subscription } from '../../src/subscriptions/options.ts';

/** Subscriptions as config.yaml would give them. */
export function subscriptions(...entries: readonly Record<string, unknown>[]): readonly Subscription[] {
  return subscriptionsOptions.parse(
    entries.map((entry, index) => ({ name: `s${index}`, source: 'github', do: 'notify', ...entry })),
  );
}

export function event(type: string, action: string | null = null, source = 'github'): MatchEvent {
  return { source, type, action, trust: 'outside', receivedAtMs: 1_000 };
}

interface Example {
  readonly name: string;
  readonly examples: readonly Record<string, unknown>[];
}

/** The recorded GitHub deliveries: 58 events, 329 payloads. */
export function githubDeliveries(): readonly { event: MatchEvent; payload: Record<string, unknown> }[] {
  const all = createRequire(import.meta.url)('@octokit/webhooks-examples/api.github.com/index.json') as Example[];
  return all.flatMap(({ name, examples }) =>
    examples.map((payload) => ({
      event: event(name, typeof payload['action'] === 'string' ? payload['action'] : null),
      payload,
    })),
  );
}
