import { ok, readConfigFor, warn, type Check, type Found } from './check.ts';

/** What the running daemon says of it. */
interface Answer {
  readonly reconcile?: {
    readonly repositories: number;
    readonly troubledCount: number;
    readonly troubled: readonly Place[];
  } | null;
}

interface Place {
  readonly source: string;
  readonly repository: string;
  readonly state: string;
  readonly reason: string;
}

const WHY = 'Deliveries that were missed there stay missed.';

/** Deliveries that were missed can be asked for, if that is configured. GitHub is not asked to find out. */
export const reconcile: Check = {
  name: 'reconcile',
  about: 'Missed deliveries can be asked for where that is configured.',
  async look(ports) {
    const config = readConfigFor(ports);
    // What is wrong with the configuration is told by `config`.
    if ('unusable' in config) return [];
    const asked = (config.sources ?? []).filter((one) => one.kind === 'github' && one.reconcile !== undefined);
    if (asked.length === 0) return [];
    const names = asked.map(({ name }) => name).join(', ');
    if (ports.secrets().of('GITHUB_TOKEN') === undefined) {
      const fix = 'Write GITHUB_TOKEN=… with "Webhooks: read and write" to secrets.env (docs/webhooks.md).';
      return [warn(`${names}: there is no GITHUB_TOKEN to ask with`, WHY, fix)];
    }
    const running = await ports.daemon();
    const answer = await running?.get<Answer>('/api/status').catch(() => undefined);
    if (answer === undefined) return [ok(`${names} (not tried: the daemon is not running)`)];
    const { reconcile: state } = answer;
    if (state === undefined || state === null) {
      const fix = 'The daemon has refused the last edit, and its log says why: kairos config check';
      return [warn(`${names}: the daemon does not ask`, WHY, fix)];
    }
    if (state.troubledCount > 0) return state.troubled.map(troubled);
    return [ok(`${names}: ${state.repositories === 1 ? '1 repository' : `${state.repositories} repositories`}`)];
  },
};

function troubled({ source, repository, state, reason }: Place): Found {
  const fixes: Readonly<Record<string, string>> = {
    'no-rights': `Give GITHUB_TOKEN "Webhooks: read and write" of ${repository}, or take it out of reconcile: of ${source}.`,
    'no-hook': `Make the webhook (kairos webhook add ${source} says how), or take ${repository} out of reconcile: of ${source}.`,
  };
  return warn(`${repository}: ${reason}`, WHY, fixes[state] ?? 'It is tried again by itself.');
}
