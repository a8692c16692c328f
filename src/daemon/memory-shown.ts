import { MEMORY_LIMITS, sizeOf, type MemoryLimits } from '../memory/limits.ts';
import type { MemoryStore } from '../memory/store.ts';
import { bulletsOf } from '../memory/topic.ts';
import { pathOf } from '../memory/tree.ts';
import type { MemoryPort } from '../web/memory-ports.ts';

const GENERATIONS_SHOWN = 20;

/** The memory as the API shows it. Loaded when somebody asks. */
export async function showMemory(
  store: MemoryStore,
  limits: Partial<MemoryLimits> | undefined,
): ReturnType<MemoryPort['state']> {
  const memory = await store.read();
  const topics = memory.topics.map((topic) => {
    const { name, type, description, modified } = topic;
    const size = sizeOf(memory.files.get(pathOf('topics', name))?.text ?? '');
    return { name, type, description, modified, facts: bulletsOf(topic).length, ...size };
  });
  const generations = (await store.history(GENERATIONS_SHOWN)).map(({ generation, at, author, reason, changes }) => ({
    generation,
    at,
    author,
    reason,
    changes: changes.length,
  }));
  return { index: memory.index, topics, generations, limits: { ...MEMORY_LIMITS, ...limits } };
}
