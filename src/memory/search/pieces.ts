import type { FactTrust } from '../bullet.ts';
import { isOwners } from '../bullet.ts';
import { bodyOf, parseTopic, type Topic } from '../topic.ts';
import type { Piece } from './ports.ts';

/** A line longer than this is cut: a person's file may hold anything. */
const TEXT_CHARS_MAX = 2_000;

/** The pieces of a file of the memory: each fact, and each line that a person wrote around them. */
export function piecesOf(path: string, text: string): readonly Piece[] {
  const [, folder, name] = /^memory\/(topics|archive)\/([^/]+)\.md$/.exec(path) ?? [];
  if (folder !== undefined && name !== undefined) {
    return topicPieces(parseTopic(name, text), text, folder === 'topics' ? 'topic' : 'archive');
  }
  const kind = path.startsWith('memory/notes/') ? 'note' : 'topic';
  // A pointer says nothing that its topic does not say.
  const lines = text.split('\n').map((line, index) => ({ line: index + 1, text: line }));
  const own = lines.filter(({ text: line }) => line.trim() !== '' && !/^(#|- \[[^\]]*\]\(topics\/)/.test(line));
  const trust = kind === 'note' ? 'derived' : 'owner';
  return own.map((each) => piece({ ...each, kind, trust, at: '', title: '' }));
}

function topicPieces(topic: Topic, text: string, kind: Piece['kind']): readonly Piece[] {
  const title = `${topic.name.replaceAll('-', ' ')} ${topic.description}`;
  const pieces: Piece[] = [];
  let line = text.slice(0, text.length - bodyOf(text).length).split('\n').length;
  for (const part of topic.parts) {
    const base = { line, kind, title, at: topic.modified };
    if (part.kind === 'bullet') {
      const at = part.since ?? topic.modified;
      pieces.push(piece({ ...base, at, trust: trustOf(topic, part), text: part.text }));
    } else if (part.raw.trim() !== '') {
      pieces.push(piece({ ...base, trust: topic.trust === 'outside' ? 'outside' : 'owner', text: part.raw }));
    }
    line += part.raw.split('\n').length;
  }
  return pieces;
}

/** Whose word a fact of a topic is. What a whole topic says of itself counts where the fact says nothing. */
export function trustOf(
  topic: Pick<Topic, 'trust'>,
  fact: { src: readonly string[]; trust?: FactTrust | undefined },
): FactTrust {
  if (fact.trust !== undefined) return fact.trust;
  if (topic.trust === 'outside') return 'outside';
  return isOwners(fact) ? 'owner' : 'derived';
}

function piece(given: Piece): Piece {
  const text = given.text.replaceAll(/\s+/g, ' ').trim().slice(0, TEXT_CHARS_MAX);
  return { ...given, text };
}
