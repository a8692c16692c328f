import { loadable, renderIndex } from './index-file.ts';
import { sizeOf, type MemoryLimits } from './limits.ts';
import { unreadableTopics, type Memory } from './tree.ts';

/** The part of the memory that is always in the context. */
export interface MemoryContext {
  /** The index, with a line at its end that says so when it is longer than what is loaded. Empty: there is nothing. */
  readonly text: string;
  readonly cut: boolean;
  /** The working note of the day, as far as it is loaded. */
  readonly note: string;
}

/** The index as it should be by now: a topic that a person just made is in it, whatever their index says. */
export function contextOf(memory: Memory, note: string, limits: MemoryLimits): MemoryContext {
  const loadedNote = loadable(note, limits).text;
  if (memory.index === '' && memory.topics.length === 0) return { text: '', cut: false, note: loadedNote };
  const basis = { text: memory.index, topics: memory.topics, unreadable: unreadableTopics(memory) };
  const whole = renderIndex(memory.topics, basis, limits);
  const { text, cut } = loadable(whole, limits);
  if (!cut) return { text, cut, note: loadedNote };
  const [all, loaded] = [sizeOf(whole), sizeOf(text)];
  const mark = `(The index was cut: ${loaded.lines} of ${all.lines} lines, ${loaded.bytes} of ${all.bytes} bytes are here.)`;
  return { text: `${text}${mark}\n`, cut, note: loadedNote };
}
