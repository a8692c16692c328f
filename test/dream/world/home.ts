import { CONSOLIDATE_DEFAULTS, consolidate } from '../../../src/dream/consolidate.ts';
import type { ConsolidateOptions, MaterialItem } from '../../../src/dream/material.ts';
import type { Proposal } from '../../../src/dream/propose.ts';
import { isOwners } from '../../../src/memory/bullet.ts';
import { applyTo } from '../../../src/memory/draft.ts';
import { MEMORY_LIMITS } from '../../../src/memory/limits.ts';
import { bulletsOf } from '../../../src/memory/topic.ts';
import { assemble, fileOf, type Memory } from '../../../src/memory/tree.ts';
import { createRedactor } from '../../../src/redact/redactor.ts';

export const { redact } = createRedactor([]);
export const OPTIONS: ConsolidateOptions = { ...CONSOLIDATE_DEFAULTS, redact };

/** A memory of topic files, by name. */
export function memoryOf(topics: Readonly<Record<string, string>> = {}): Memory {
  return assemble(
    Object.entries(topics).map(([name, text]) => fileOf(`topics/${name}.md`, text)),
    [],
  );
}

/** A topic file with these bullets. */
export function topicFile(name: string, type: string, bullets: readonly string[]): string {
  return `---\nname: ${name}\ntype: ${type}\ndescription: ${name}\nmodified: 2026-09-01T00:00:00Z\n---\n${bullets.map((bullet) => `- ${bullet}\n`).join('')}`;
}

/** One dream, applied by the real store's draft. */
export function dream(
  memory: Memory,
  items: readonly MaterialItem[],
  options: ConsolidateOptions = OPTIONS,
): { readonly memory: Memory; readonly proposal: Proposal; readonly refused: readonly string[] } {
  const proposal = consolidate({ topics: memory.topics, material: items }, options);
  const applied = applyTo(memory, proposal.operations, {
    nowIso: '2026-11-01T03:00:00Z',
    nowMs: Date.parse('2026-11-01T03:00:00Z'),
    limits: MEMORY_LIMITS,
    redact,
    described: {},
  });
  return {
    memory: applied.memory,
    proposal,
    refused: applied.refused.map(({ operation, reason }) => `${operation.kind}: ${reason}`),
  };
}

/** The facts that are current. */
export function factsOf(
  memory: Memory,
): readonly { readonly text: string; readonly owners: boolean; readonly topic: string }[] {
  return memory.topics.flatMap((topic) =>
    bulletsOf(topic).map((bullet) => ({ text: bullet.text, owners: isOwners(bullet), topic: topic.name })),
  );
}

/** A message of the owner's. */
export function said(text: string, date = '2026-10-05', source = 's1'): MaterialItem {
  return { source, at: `${date}T12:00:00Z`, date, kind: 'user', text, trust: 'owner' };
}
