import { describe, expect, test } from 'vitest';
import { issueOpened, MINUTE_MS, openWorld, REPOSITORY, type Life, type World } from './world.ts';

const ISSUES = { events: ['issues'] };
const HOUR_MS = 60 * MINUTE_MS;

/** A poller that has had its first look, and something new to find. */
async function ready(world: World): Promise<Life> {
  world.github.repository(REPOSITORY);
  const life = await world.begin(ISSUES);
  await life.run(MINUTE_MS);
  world.github.repository(REPOSITORY).events.unshift(issueOpened(1, world.clock.wallMs()));
  world.github.requests.length = 0;
  return life;
}

/** Runs a look that waits for a far side which says nothing, until the deadline has passed. */
async function runThroughSilence(world: World, life: Life, ms: number): Promise<void> {
  const ended = new AbortController();
  const run = life.run(ms).then(() => ended.abort());
  while (!ended.signal.aborted) {
    await world.clock.advance(1_000);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  await run;
}

describe('an API in trouble [POLL-FAULTS]', () => {
  test.each([
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503, headers: { 'retry-after': '90' } },
    { kind: 'close' },
    { kind: 'garbage' },
  ] as const)('$kind $status: nothing is lost, and it is asked less and less', async (fault) => {
    await using world = await openWorld();
    const life = await ready(world);
    world.github.fail({ ...fault, times: 1_000 });
    await life.run(6 * HOUR_MS);
    // From one look a minute to one in at most 15 minutes: never the 360 of a healthy day.
    expect(world.github.requests.length).toBeLessThanOrEqual(60);
    expect(world.github.requests.length).toBeGreaterThanOrEqual(10);
    expect(life.poller.status().feeds[0]).toMatchObject({ state: 'failing' });
    expect(life.troubles).toEqual([]);
    expect(life.events()).toEqual([]);
    const healed = world.github.repository(REPOSITORY);
    healed.events.unshift(issueOpened(2, world.clock.wallMs()));
    world.github.heal();
    await life.run(20 * MINUTE_MS);
    expect(life.events()).toHaveLength(2);
    expect(life.poller.status().feeds[0]).toMatchObject({ state: 'ok', reason: '' });
  });

  test.each(['hang', 'half'] as const)('%s: the answer is waited for 30 s, then asked again later', async (kind) => {
    await using world = await openWorld();
    const life = await ready(world);
    world.github.fail({ kind, times: 2 });
    await runThroughSilence(world, life, 10 * MINUTE_MS);
    expect(life.events()).toHaveLength(1);
    expect(world.github.requests.length).toBeLessThanOrEqual(10);
    expect(world.log.some(({ fields }) => String(fields['reason']).includes('no whole answer within 30 s'))).toBe(true);
  });

  test('an answer over 5 MiB is not read, and smaller pages are asked for', async () => {
    await using world = await openWorld();
    const life = await ready(world);
    world.github.fail({ kind: 'huge', path: /per_page=(100|30)/, times: 100 });
    await life.run(5 * MINUTE_MS);
    expect(life.events()).toHaveLength(1);
    const sizes = world.github.requests.map(({ path }) => new URL(path, world.github.url).searchParams.get('per_page'));
    expect(sizes.slice(0, 3)).toEqual(['100', '30', '10']);
    expect(new Set(sizes.slice(2))).toEqual(new Set(['10']));
  });

  test('a ledger that cannot take it is no reason to hammer GitHub', async () => {
    await using world = await openWorld();
    const life = await ready(world);
    world.dieAt = 0;
    await life.run(HOUR_MS);
    expect(world.github.requests.length).toBeLessThanOrEqual(12);
    world.dieAt = Infinity;
    await life.run(20 * MINUTE_MS);
    expect(life.events()).toHaveLength(1);
  });
});

describe('rate limits [POLL-RATE-LIMIT]', () => {
  test.each([
    { name: 'Retry-After', status: 429, headers: { 'retry-after': '600' }, message: 'x', pauseMs: 600_000 },
    { name: 'a secondary limit', status: 403, headers: { 'retry-after': '120' }, message: 'x', pauseMs: 120_000 },
    {
      name: 'a secondary limit that names no time',
      status: 403,
      headers: {},
      message: 'You have exceeded a secondary rate limit.',
      pauseMs: 60_000,
    },
  ])('$name: nothing at all is asked before its time', async ({ status, headers, message, pauseMs }) => {
    await using world = await openWorld();
    world.github.repository('octo/other');
    world.github.repository(REPOSITORY);
    const life = await world.begin({ ...ISSUES, repositories: [REPOSITORY, 'octo/other'] });
    await life.run(MINUTE_MS);
    world.github.requests.length = 0;
    world.github.fail({ kind: 'status', status, headers, body: { message } });
    await life.run(pauseMs);
    expect(world.github.requests).toHaveLength(1);
    expect(life.poller.status().paused).toBe('the rate limit of GitHub is used up');
    await life.run(pauseMs + 5 * MINUTE_MS);
    expect(world.github.requests.length).toBeGreaterThan(2);
  });

  test('a used-up hour is waited out until its reset, by the clock of GitHub', async () => {
    await using world = await openWorld();
    const life = await ready(world);
    world.github.rate = { limit: 60, remaining: 0, resetAtMs: world.clock.wallMs() + 40 * MINUTE_MS };
    await life.run(39 * MINUTE_MS);
    expect(world.github.requests).toHaveLength(1);
    expect(life.poller.status().paused).toContain('rate limit');
    await life.run(10 * MINUTE_MS);
    expect(life.events()).toHaveLength(1);
  });

  test('one request in twenty is left to others', async () => {
    await using world = await openWorld();
    const life = await ready(world);
    world.github.rate = { limit: 100, remaining: 10, resetAtMs: world.clock.wallMs() + 50 * MINUTE_MS };
    await life.run(45 * MINUTE_MS);
    expect(world.github.rate.remaining).toBe(5);
    expect(life.poller.status()).toMatchObject({ paused: '5 of 100 requests of this hour are left', requestsLeft: 5 });
    await life.run(15 * MINUTE_MS);
    expect(world.github.rate.remaining).toBeGreaterThan(80);
  });
});

describe('what a person has to put right [POLL-TROUBLE]', () => {
  test('a refused token is told once, asked about rarely, and polling goes on when it is good', async () => {
    await using world = await openWorld({ token: 'ghp_secret' });
    const life = await ready(world);
    world.github.token = 'ghp_other';
    await life.run(4 * HOUR_MS);
    expect(world.github.requests.length).toBeLessThanOrEqual(17);
    expect(life.troubles).toHaveLength(1);
    expect(life.troubles[0]).toContain('GITHUB_TOKEN');
    expect(life.poller.status().paused).toContain('401');
    expect(JSON.stringify(world.log)).not.toContain('ghp_');
    world.github.token = 'ghp_secret';
    await life.run(HOUR_MS);
    expect(life.events()).toHaveLength(1);
    expect(world.log.at(-1)).toMatchObject({ message: 'polling goes on' });
  });

  test('a wrong name is told once and holds up nobody else', async () => {
    await using world = await openWorld();
    world.github.repository(REPOSITORY);
    const life = await world.begin({ ...ISSUES, repositories: ['octo/typo', REPOSITORY] });
    await life.run(3 * HOUR_MS);
    const asked = (name: string): number => world.github.requests.filter(({ path }) => path.includes(name)).length;
    expect(asked('octo/typo')).toBeLessThanOrEqual(6);
    expect(asked(REPOSITORY)).toBeGreaterThan(150);
    expect(life.troubles).toHaveLength(1);
    expect(life.troubles[0]).toMatch(/octo\/typo.*404/);
    expect(life.poller.status().feeds.map(({ state }) => state)).toEqual(['refused', 'ok']);
  });

  test('a renamed repository is followed on the same host, and never to another', async () => {
    await using world = await openWorld({ token: 'ghp_secret' });
    await using elsewhere = await openWorld();
    elsewhere.github.repository(REPOSITORY);
    const life = await ready(world);
    world.github.repository('octo/new').events.unshift(issueOpened(2, world.clock.wallMs()));
    const redirect = { kind: 'status', status: 301, path: /octo\/app/, times: 1 } as const;
    world.github.fail({ ...redirect, headers: { location: '/repos/octo/new/events?per_page=100' } });
    await life.run(MINUTE_MS / 2);
    expect(life.events()).toHaveLength(1);
    world.github.fail({ ...redirect, headers: { location: `${elsewhere.github.url}/repos/octo/app/events` } });
    await life.run(5 * MINUTE_MS);
    expect(elsewhere.github.requests).toEqual([]);
    expect(life.troubles[0]).toContain('another host');
  });
});
