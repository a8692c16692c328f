/** When the owner was last heard on a channel. */
export interface Seen {
  readonly channel: string;
  /** Wall time. */
  readonly atMs: number;
}

/** What decides who gets a message. */
export interface Audience {
  /** All channels there are. */
  readonly channels: readonly string[];
  /** The one the owner is active on and that works; undefined: nobody knows. */
  readonly present: string | undefined;
}

/** Who gets a message. Every channel is in at most one of the two lists. */
export interface Route {
  readonly to: readonly string[];
  /** They get it only when the others fail. */
  readonly aside: readonly string[];
  /** What stands in their records. */
  readonly why: string;
}

/** The channel the owner was heard on last, not longer ago than this; a time ahead of the clock tells nothing. */
export function presentOn(seen: readonly Seen[], nowMs: number, withinMs: number): string | undefined {
  let last: Seen | undefined;
  for (const one of seen) {
    const agoMs = nowMs - one.atMs;
    if (agoMs < 0 || agoMs >= withinMs) continue;
    if (last === undefined || one.atMs > last.atMs) last = one;
  }
  return last?.channel;
}

/**
 * An answer goes to the one channel it is for. What the daemon says by itself goes where the owner is, and the others stay
 * quiet; urgent messages go everywhere, to be heard.
 */
export function routeOf(
  message: { readonly kind: 'proactive' | 'reactive'; readonly urgent: boolean; readonly channel: string | null },
  { channels, present }: Audience,
): Route {
  const { channel } = message;
  if (channel !== null && channels.includes(channel)) return { to: [channel], aside: [], why: '' };
  const follows = message.kind === 'proactive' && !message.urgent;
  if (!follows || present === undefined || !channels.includes(present)) return { to: channels, aside: [], why: '' };
  const aside = channels.filter((name) => name !== present);
  return { to: [present], aside, why: `the owner is active on ${present}` };
}
