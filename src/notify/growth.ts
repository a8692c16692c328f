import type { Channel } from './channel.ts';
import type { EditingChannel, Growth, OutboxStore } from './store.ts';

/** The channels that can change a message they have delivered. */
export function editingChannels(channels: readonly Channel[]): EditingChannel[] {
  return channels.flatMap((channel) => {
    const { name, editMs = 0 } = channel;
    return channel.edit === undefined || editMs <= 0 ? [] : [{ channel: name, withinMs: editMs }];
  });
}

/** Alerts that are shown in an earlier message of their topic: no window holds them, only a mute does. */
export function growingNow(
  { store, channels }: { readonly store: OutboxStore; readonly channels: readonly Channel[] },
  nowMs: number,
  mutes: ReadonlyMap<string, number>,
): readonly Growth[] {
  const edits = editingChannels(channels);
  // Where one channel needs a message of its own, that message has its place in the windows as any other.
  if (edits.length < channels.length || mutes.has('')) return [];
  return store.growing(nowMs, edits).filter(({ topic }) => !mutes.has(topic));
}
