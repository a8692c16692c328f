import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeHome, ROOT, startDaemon } from '../../proof/lib/daemon.ts';
import type { Report } from '../../proof/lib/report.ts';
import { keepWorkers } from '../../proof/workers.ts';
import { noRedis } from '../fakes/redis.ts';
import { expectKept, short } from './kept.ts';

describe('one daemon, three workers and a Redis, killed at random', () => {
  let report: Report | undefined;
  beforeAll(async () => {
    if (noRedis() === undefined)
      report = await keepWorkers(short(), { jobs: 200, faults: 5, flushes: 1, waitMsMax: 150_000 });
  }, 240_000);

  test('settle each job once, and lose none [SCALE-KILLED-AT-RANDOM]', (context) => {
    context.skip(report === undefined, noRedis() ?? 'it is there');
    expectKept(report as Report, /every job|each|no outcome/);
  });
});

test('without REDIS_URL neither BullMQ nor ioredis is loaded [SCALE-LAZY]', async () => {
  using home = makeHome({ notify: [] });
  const list = join(home.path, 'modules');
  const hook = `--import=${join(ROOT, 'proof/lib/list-modules.ts')}`;
  await using daemon = await startDaemon(home.path, { env: { NODE_OPTIONS: hook, KAIROS_PROOF_MODULES: list } });
  expect(await daemon.get('/api/status')).toMatchObject({ workers: { on: false, workers: [] } });
  const loaded = readFileSync(list, 'utf8').split('\n');
  expect(loaded.filter((url) => /src\/daemon\/remote\.ts/.test(url))).toHaveLength(1);
  expect(
    loaded.filter((url) => /node_modules\/(bullmq|ioredis|msgpackr)|dispatch\/(bullmq|redis|remote\.ts)/.test(url)),
  ).toEqual([]);
});
