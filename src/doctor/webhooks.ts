import { asKairosError } from '../core/errors.ts';
import { resolveSources, variablesOf, type SourceOptions } from '../webhooks/options.ts';
import { TOKEN_HEADER } from '../webhooks/routes.ts';
import {
  fail,
  ok,
  readConfigFor,
  skip,
  warn,
  type Check,
  type CheckedDaemon,
  type DoctorPorts,
  type Found,
} from './check.ts';
import { signedHeaders } from './sign.ts';

const IMPLICIT: SourceOptions = { name: 'github', kind: 'github', trust: 'outside' };
/** Signed and then refused for its type: the signature was accepted, and nothing was recorded. */
const PROBE_TYPE = 'text/plain';

/** Every source has its secret, and the running daemon takes what is signed with it and nothing else. */
export const webhooks: Check = {
  name: 'webhooks',
  about: 'Every source has its secret; what is signed with it is taken by the running daemon, what is forged is not.',
  async look(ports) {
    const config = readConfigFor(ports);
    if ('unusable' in config) return [skip(config.unusable)];
    let names: readonly string[];
    try {
      names = [...resolveSources(config.sources, ports.secrets().of).byName.keys()];
    } catch (error) {
      const { message } = asKairosError(error);
      return [fail(message, 'Such a source can check no signature.', 'kairos webhook add SOURCE')];
    }
    if (names.length === 0) return [warn('no source', 'Nobody can send events.', 'kairos webhook add github')];
    const running = await ports.daemon();
    if (running === undefined) return [ok(`${names.join(', ')} (not tried: the daemon is not running)`)];
    const sources = (config.sources ?? [IMPLICIT]).filter(({ name }) => names.includes(name));
    return Promise.all(sources.map((source) => probe(ports, running, source)));
  },
};

async function probe(ports: DoctorPorts, running: CheckedDaemon, source: SourceOptions): Promise<Found> {
  const { of } = ports.secrets();
  if (source.kind === 'github' && source.poll !== undefined && !variablesOf(source).some((name) => of(name)))
    return polled(source.name, of('GITHUB_TOKEN') !== undefined);
  const secret =
    variablesOf(source)
      .map(of)
      .find((value) => value) ?? '';
  const post = async (key: string): Promise<number> => {
    const body = 'kairos doctor';
    const signed = {
      kind: source.kind,
      secret: key,
      body,
      delivery: 'kairos-doctor',
      type: 'ping',
      nowMs: ports.nowMs,
    };
    // With the token, so that a test is neither a warning in the log nor a refusal in the metrics.
    const headers = { ...signedHeaders(signed), 'content-type': PROBE_TYPE, [TOKEN_HEADER]: running.token };
    return (await ports.send(`${running.url}/webhooks/${source.name}`, { method: 'POST', headers, body })).status;
  };
  const [right, wrong] = await Promise.all([post(secret), post('not-the-secret-of-anybody')]);
  const fix =
    'Has the daemon taken up the last edit of secrets.env and config.yaml? Its log says so, or what is wrong with it: kairos config check';
  if (right !== 415)
    return fail(
      `${source.name}: a correctly signed delivery was answered ${right}`,
      'What the sender sends is refused.',
      fix,
    );
  if (wrong !== 401)
    return fail(`${source.name}: a forged delivery was answered ${wrong}`, 'Anybody could send events.', fix);
  return ok(`${source.name}: what is signed is taken, what is forged is not`);
}

/** A source that asks, and has nothing that could be signed. */
function polled(name: string, hasToken: boolean): Found {
  if (hasToken) return ok(`${name}: GitHub is asked; webhooks are not taken (there is no secret)`);
  const why = 'Without a token GitHub answers 60 requests an hour, and only about public repositories.';
  return warn(
    `${name}: GitHub is asked without GITHUB_TOKEN`,
    why,
    'Write GITHUB_TOKEN=… to secrets.env (docs/polling.md)',
  );
}
