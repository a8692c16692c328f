import { ok, readConfigFor, warn, type Check, type DoctorPorts, type Found } from './check.ts';

/** What the running daemon says of it. */
interface Answer {
  readonly polling?: {
    readonly feeds: number;
    readonly paused: string;
    readonly troubledCount: number;
    readonly troubled: readonly { readonly name: string; readonly state: string; readonly reason: string }[];
  } | null;
}

/** Asking GitHub works, if it is configured. GitHub is not asked to find out. */
export const polling: Check = {
  name: 'polling',
  about: 'GitHub is asked where that is configured, and every feed answers.',
  async look(ports) {
    const config = readConfigFor(ports);
    // What is wrong with the configuration is told by `config`.
    if ('unusable' in config) return [];
    const polled = (config.sources ?? []).filter((source) => source.kind === 'github' && source.poll !== undefined);
    const answer = await askDaemon(ports);
    // Without `poll:` GitHub may still be asked, for what is followed (kairos subscribe).
    if (polled.length === 0) return answer?.polling ? judge(answer.polling, 'what is followed') : [];
    const names = polled.map(({ name }) => name).join(', ');
    if (answer === undefined) return [ok(`${names} (not tried: the daemon is not running)`)];
    if (answer.polling) return judge(answer.polling, names);
    const fix = 'The daemon has refused the last edit, and its log says why: kairos config check';
    return [warn(`${names}: the daemon does not poll`, 'Nothing comes from there.', fix)];
  },
};

/** What keeps a daemon from answering is told by `daemon`. */
async function askDaemon(ports: DoctorPorts): Promise<Answer | undefined> {
  const running = await ports.daemon();
  return running?.get<Answer>('/api/status').catch(() => undefined);
}

function judge(state: NonNullable<Answer['polling']>, names: string): Found[] {
  if (state.paused !== '') {
    const fix = 'It goes on by itself. At a rate limit, GITHUB_TOKEN in secrets.env allows more (docs/polling.md).';
    return [warn(`paused: ${state.paused}`, 'What happens at GitHub is seen later.', fix)];
  }
  if (state.troubledCount === 0) return [ok(`${names}: ${state.feeds} feeds, all answered`)];
  return state.troubled.map(({ name, state: how, reason }) => {
    const fix =
      how === 'refused'
        ? 'Is the name right, and may GITHUB_TOKEN read it (docs/polling.md)?'
        : 'It is tried again by itself.';
    return warn(`${name}: ${reason}`, 'What happens there is not seen.', fix);
  });
}
