import { describe, expect, test } from 'vitest';
import type { EventDraft } from '../../src/core/event.ts';
import { parseConfig } from '../../src/daemon/config.ts';
import { createGitHubLine } from '../../src/daemon/github-line.ts';
import type { Ports } from '../../src/daemon/options.ts';
import { startPolling } from '../../src/daemon/polling.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import type { PolledDelivery } from '../../src/webhooks/polled.ts';
import { FakeClock } from '../fakes/clock.ts';
import { startFakeGitHub } from '../fakes/github.ts';
import { issueOpened, MINUTE_MS, REPOSITORY } from '../github/world.ts';
import { folder, ledgerIn, recordingLog, steadyRandom } from '../ledger/make.ts';

const POLLED = `sources: [{ name: github, kind: github, poll: { repositories: [${REPOSITORY}], events: [issues] } }]`;

function parts(clock: FakeClock, yaml: string, secrets: Record<string, string>) {
  const log = recordingLog();
  const ports: Ports = {
    clock,
    random: steadyRandom,
    log,
    redactor: createRedactor([]),
    fetch: (url, init) => fetch(url, init),
    print() {},
    usage: () => ({ residentBytes: 0, cpuSeconds: 0 }),
  };
  const github = createGitHubLine({ of: (name) => secrets[name] }, ports);
  const settings = { config: parseConfig(yaml, 'config.yaml'), github };
  return { settings, ports, log, followed: () => [] };
}

describe('polling in the daemon', () => {
  test('finds what is new, tells the owner what is wrong, and stops when it is told to', async () => {
    using home = folder();
    const clock = new FakeClock();
    await using github = await startFakeGitHub(() => clock.wallMs());
    await using ledger = await ledgerIn(home.path, { clock });
    const { log, ...given } = parts(clock, POLLED, { GITHUB_API_URL: `${github.url}/` });
    const taken: PolledDelivery[] = [];
    const told: EventDraft[] = [];
    const take = async (delivery: PolledDelivery) => ({ id: taken.push(delivery), duplicate: false });
    const append = async (draft: EventDraft): Promise<void> => void told.push(draft);
    const polling = await startPolling({ ...given, ledger, take, append });
    await until(() => told.length > 0);
    expect(told[0]?.jobs[0]?.text).toMatch(/octo\/app.*404/);
    expect(log.lines.some(({ message }) => message.startsWith('GITHUB_TOKEN is missing'))).toBe(true);
    github.repository(REPOSITORY);
    await clock.advance(60 * MINUTE_MS);
    await until(() => polling.status()?.feeds[0]?.state === 'ok');
    const opened = issueOpened(1, clock.wallMs());
    github.repository(REPOSITORY).events.unshift(opened);
    await clock.advance(2 * MINUTE_MS);
    await until(() => taken.length > 0);
    expect(taken[0]).toMatchObject({ source: 'github', delivery: `poll:${opened.id}`, type: 'issues' });
    await polling[Symbol.asyncDispose]();
    const asked = github.requests.length;
    await clock.advance(60 * MINUTE_MS);
    expect(github.requests).toHaveLength(asked);
  });

  test('does not exist without poll:, and forgets what it knew', async () => {
    using home = folder();
    const clock = new FakeClock();
    await using ledger = await ledgerIn(home.path, { clock });
    await ledger.polls.save('github events octo/app', '{}');
    const nothing = async () => ({ id: 1, duplicate: false });
    await using polling = await startPolling({ ...parts(clock, '', {}), ledger, take: nothing, append: nothing });
    expect(polling.status()).toBeUndefined();
    expect(ledger.polls.load('github events octo/app')).toBeUndefined();
  });

  test('asks over one line, whoever asks: one allowance, one pause', async () => {
    const { settings } = parts(new FakeClock(), '', { GITHUB_TOKEN: 'ghp_x' });
    expect(settings.github.hasToken).toBe(true);
    expect(await settings.github.open()).toBe(await settings.github.open());
  });

  test('names a GITHUB_API_URL that is none', () => {
    const refused = () => parts(new FakeClock(), POLLED, { GITHUB_API_URL: 'github.example.com' });
    expect(refused).toThrow(/GITHUB_API_URL must be an address .* got "github.example.com"/);
  });
});

/** Real HTTP takes a moment of real time. */
async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds() && turns < 200_000; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(holds()).toBe(true);
}
