import { isModelOn, type ModelsOptions } from '../agent/options.ts';
import { isPriced } from '../agent/prices.ts';
import { messageOf } from '../core/errors.ts';
import { fail, ok, readConfigFor, skip, warn, type Check, type DoctorPorts, type Found } from './check.ts';

const BASE_URL = 'https://api.anthropic.com';
const TIMEOUT_MS = 2_000;
const BODY_CHARS_MAX = 1_048_576;
const NO_AGENT = 'Nothing the agent is asked to do gets done.';

/** The models have prices, and the API answers. Listing models costs nothing; no model is asked. */
export const model: Check = {
  name: 'model',
  about: 'The models have prices, and their API takes the key and lists them. No model is asked.',
  async look(ports) {
    const config = readConfigFor(ports);
    if ('unusable' in config) return [skip(config.unusable)];
    const secretOf = (name: string): string | undefined => ports.secrets().of(name);
    if (!isModelOn(secretOf)) {
      return [
        ok(
          'off: rules, messages and digests work without one (ANTHROPIC_API_KEY or ANTHROPIC_BASE_URL in secrets.env)',
        ),
      ];
    }
    if (config.models === undefined) return [];
    const unpriced = unpricedOf(config.models);
    return unpriced.length > 0 ? [withoutPrice(unpriced)] : [await tryApi(ports, namesOf(config.models))];
  },
};

function namesOf({ lead, worker, fast, fallback }: ModelsOptions): string[] {
  return [...new Set([lead, worker, fast, ...(fallback === undefined ? [] : [fallback])])];
}

function unpricedOf(models: ModelsOptions): string[] {
  const prices = { own: models.prices, cacheTtl: models.cacheTtl };
  return namesOf(models).filter((name) => !isPriced(name, prices));
}

function withoutPrice(names: readonly string[]): Found {
  const entries = names.map((name) => `${JSON.stringify(name)}: { input: 0, output: 0 }`).join(', ');
  const why = 'A model whose price nobody knows is never asked: no budget could hold it.';
  return fail(
    `without a price: ${names.join(', ')}`,
    why,
    `models: { prices: { ${entries} } } in config.yaml (dollars per million tokens)`,
  );
}

async function tryApi({ secrets, fetch }: DoctorPorts, names: readonly string[]): Promise<Found> {
  const base = (secrets().of('ANTHROPIC_BASE_URL') ?? BASE_URL).replace(/\/+$/, '').replace(/\/v1$/, '');
  if (!URL.canParse(base)) {
    return fail(
      'ANTHROPIC_BASE_URL is no address',
      NO_AGENT,
      'Write it as http://127.0.0.1:11434 or such, without /v1.',
    );
  }
  const { host } = new URL(base);
  if (fetch === undefined) return ok(`${names.join(', ')} at ${host} (not tried)`);
  const key = secrets().of('ANTHROPIC_API_KEY');
  // As the SDK sends them, so that what works here works there.
  const headers = {
    'anthropic-version': '2026-10-21',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(`${base}/v1/models?limit=1000`, { headers, signal });
    return judge(response.status, await response.text(), { host, names });
  } catch (error) {
    const fix = 'Look at the network and at ANTHROPIC_BASE_URL; the agent tries again by itself.';
    return warn(`${host} does not answer: ${messageOf(error)}`, NO_AGENT, fix);
  }
}

interface Asked {
  readonly host: string;
  readonly names: readonly string[];
}

function judge(status: number, body: string, { host, names }: Asked): Found {
  if (status === 401 || status === 403) {
    return fail(`${host} refuses the key (${status})`, NO_AGENT, 'Correct ANTHROPIC_API_KEY in secrets.env.');
  }
  if (status === 404) return ok(`${names.join(', ')} at ${host} (it does not list its models)`);
  if (status !== 200)
    return warn(`${host} answers ${status}`, NO_AGENT, 'It may pass; the agent tries again by itself.');
  const listed = readList(body);
  const missing = listed === undefined ? [] : names.filter((name) => !listed.some((id) => id.startsWith(name)));
  if (missing.length === 0) return ok(`${names.join(', ')} at ${host}`);
  const fix = 'Correct the names under models: in config.yaml, or load these models there.';
  return warn(`${host} does not list ${missing.join(', ')}`, 'A model that is not there answers nothing.', fix);
}

/** @returns undefined when it is no list, or not all of it. */
function readList(body: string): string[] | undefined {
  try {
    const read = JSON.parse(body.slice(0, BODY_CHARS_MAX)) as { data?: unknown; has_more?: unknown };
    if (!Array.isArray(read.data) || read.has_more === true) return undefined;
    return read.data.flatMap((one: { id?: unknown } | null) => (typeof one?.id === 'string' ? [one.id] : []));
  } catch {
    return undefined;
  }
}
