import { tooShortToFind } from '../redact/encodings.ts';
import { ok, warn, type Check, type Found } from './check.ts';

/** Shorter ones can be guessed from one recorded delivery. */
const CHARS_ADVISED = 16;
/** Fewer different characters than this is a word or a row of zeros, not chance. */
const DISTINCT_ADVISED = 6;

/** Secrets are where nobody sees them, and long enough. */
export const secrets: Check = {
  name: 'secrets',
  about: 'Secrets are not in the environment, long enough, and no words.',
  async look({ secrets: read, env }) {
    const all = read().all();
    const found: Found[] = [];
    const exposed = all.filter(({ name, value }) => env[name] === value).map(({ name }) => name);
    if (exposed.length > 0) {
      const why = 'Every program of this user can read the environment of a running process (/proc/PID/environ).';
      found.push(
        warn(
          `in the environment: ${exposed.join(', ')}`,
          why,
          'Move them to secrets.env in the home, or to systemd credentials.',
        ),
      );
    }
    const bare = all.filter(({ value }) => tooShortToFind(value)).map(({ name }) => name);
    if (bare.length > 0) {
      const why =
        'Secrets are taken out of logs, messages and prompts by their value; under 8 characters that would hit ordinary words, so these are not.';
      found.push(
        warn(`too short to be taken out of texts: ${bare.join(', ')}`, why, 'Make a longer one: openssl rand -hex 32.'),
      );
    }
    const weak = all
      .filter(({ name }) => !bare.includes(name))
      .filter(({ value }) => value.length < CHARS_ADVISED || new Set(value).size < DISTINCT_ADVISED)
      .map(({ name }) => name);
    if (weak.length > 0) {
      const why = `A secret of under ${CHARS_ADVISED} characters, or of few different ones, can be guessed.`;
      found.push(
        warn(
          `weak: ${weak.join(', ')}`,
          why,
          'Make a new one: kairos webhook add SOURCE --rotate, or openssl rand -hex 32.',
        ),
      );
    }
    if (found.length > 0) return found;
    return [ok(all.length === 0 ? 'none yet' : `${all.length}, out of sight and long enough`)];
  },
};
