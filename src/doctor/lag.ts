import { formatDuration } from '../core/units.ts';
import { ok, warn, type Check } from './check.ts';

/** A heartbeat, a lease, a signature: nothing of ours is missed by less. */
const LAG_MS_MAX = 1_000;

/** The event loop of the running daemon turns. */
export const lag: Check = {
  name: 'lag',
  about: 'The event loop of the running daemon has not stood still for over a second since its start (from /metrics).',
  async look({ daemon, send }) {
    const running = await daemon();
    if (running === undefined) return [];
    const headers = { authorization: `Bearer ${running.token}` };
    const answer = await send(`${running.url}/metrics`, { method: 'GET', headers }).catch(() => undefined);
    const seconds = /^kairosd_event_loop_lag_seconds_max(?:\{[^}]*\})? (\S+)$/m.exec(answer?.body ?? '')?.[1];
    // What keeps a daemon from answering is told by `daemon`.
    if (answer?.status !== 200 || seconds === undefined) return [];
    const longestMs = Number(seconds) * 1_000;
    if (longestMs <= LAG_MS_MAX) return [ok(`longest stall ${formatDuration(longestMs)}`)];
    const what = `the event loop stood still for ${formatDuration(longestMs)} at least once since the start`;
    const why = 'Meanwhile nothing was answered; senders give up after ten seconds.';
    return [
      warn(what, why, 'Is the machine short of memory or processor (top), or its disk slow (iostat)? kairos status'),
    ];
  },
};
