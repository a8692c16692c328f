import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/daemon/system.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Author } from '../../src/memory/ports.ts';
import { openMemory, type MemoryStore } from '../../src/memory/store.ts';
import { bulletsOf } from '../../src/memory/topic.ts';
import { backUp, makeHome, openHome, put, restoreInto, SILENT, temporary } from './home.ts';

type Step = (name: string) => void | Promise<void>;

test('taken while dreams change the memory has each change whole or not at all [BACKUP-ONE-MOMENT]', async () => {
  const home = await makeHome();
  put(home, 'run.json', JSON.stringify({ pid: process.pid }));
  const folder = temporary();
  const archives: string[] = [];
  {
    await using ledger = await openHome(home);
    // A slow disk: a change takes long enough to be met half done.
    const memory = await memoryOf(home, ledger, () => sleep(1));
    const busy = new AbortController();
    const dreaming = (async () => {
      for (let number = 1; !busy.signal.aborted; number += 1) {
        await addTwo(memory, number);
        await sleep(100);
      }
    })();
    for (let number = 0; number < 4; number += 1) {
      const archive = join(folder, `${number}.tar.gz`);
      await backUp(home, archive);
      archives.push(archive);
    }
    busy.abort();
    await dreaming;
  }
  const seen: number[] = [];
  for (const archive of archives) {
    const other = join(temporary(), 'home');
    await restoreInto(other, archive);
    await using ledger = await openHome(other);
    const memory = await memoryOf(other, ledger);
    const [one, two] = await countsOf(memory);
    expect(one).toBe(two);
    // Nothing that a dream wrote is taken for an edit of the owner.
    expect((await memory.history(100)).filter(({ author }) => author !== 'dream')).toEqual([]);
    expect(ledger.generations<Author>().newest()).toBe(one);
    seen.push(one);
  }
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBeGreaterThan(0);
});

test('waits for a change that is under way [BACKUP-ONE-MOMENT]', async () => {
  const home = await makeHome();
  put(home, 'run.json', JSON.stringify({ pid: process.pid }));
  await using ledger = await openHome(home);
  const met = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const memory = await memoryOf(home, ledger, async (name) => {
    if (!name.startsWith('moved')) return;
    met.resolve();
    await go.promise;
  });
  put(home, 'memory/topics/one.md', topicText('one'));
  await memory.look();
  const adding = addTwo(memory, 1);
  await met.promise;
  const archive = join(temporary(), 'a.tar.gz');
  const backing = backUp(home, archive);
  await sleep(300);
  go.resolve();
  await adding;
  await backing;
  const other = join(temporary(), 'home');
  await restoreInto(other, archive);
  await using restored = await openHome(other);
  expect(restored.generations<Author>().unfinished()).toBeUndefined();
  expect(await countsOf(await memoryOf(other, restored))).toEqual([1, 1]);
});

test('of a home whose change a crash cut off is finished by its next start [BACKUP-ONE-MOMENT]', async () => {
  const home = await makeHome();
  put(home, 'memory/topics/one.md', topicText('one'));
  {
    await using ledger = await openHome(home);
    const memory = await memoryOf(home, ledger, (name) => {
      if (name.startsWith('moved')) throw new Error('the power went');
    });
    await expect(addTwo(memory, 1)).rejects.toThrow('the power went');
  }
  const archive = join(temporary(), 'a.tar.gz');
  await backUp(home, archive);
  const other = join(temporary(), 'home');
  await restoreInto(other, archive);
  await using ledger = await openHome(other);
  expect(ledger.generations<Author>().unfinished()).toBeDefined();
  const memory = await memoryOf(other, ledger);
  expect(await countsOf(memory)).toEqual([1, 1]);
  expect(ledger.generations<Author>().unfinished()).toBeUndefined();
});

function topicText(name: string): string {
  return `---\nname: ${name}\ntype: user\ndescription: ${name}\nmodified: 2026-11-02T00:00:00Z\n---\n`;
}

async function memoryOf(home: string, ledger: Ledger, step?: Step): Promise<MemoryStore> {
  return openMemory({
    home,
    ledger: ledger.generations<Author>(),
    clock: systemClock,
    log: SILENT,
    redact: (text) => text,
    timeZone: () => 'UTC',
    step,
  });
}

/** One change of two files. */
async function addTwo(memory: MemoryStore, number: number): Promise<void> {
  const fact = { type: 'user', text: `Fact number ${number}.`, trust: 'derived', src: [`e${number}`] } as const;
  const operations = ['one', 'two'].map((name) => ({ kind: 'add', topic: name, ...fact }) as const);
  await memory.applyOperations(operations, { author: 'dream', reason: 'a dream' });
}

async function countsOf(memory: MemoryStore): Promise<[number, number]> {
  const { topics } = await memory.read();
  const count = (name: string): number => {
    const topic = topics.find((each) => each.name === name);
    return topic === undefined ? 0 : bulletsOf(topic).length;
  };
  return [count('one'), count('two')];
}
