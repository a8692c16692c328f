import type { Operation } from '../../src/memory/operations.ts';
import { fact, topicText } from './make.ts';

/** A memory with files as different editors leave them. */
export const FILES: Readonly<Record<string, string>> = {
  'topics/build.md': topicText('build', 'project', '- Built with npm {src: s1, trust: derived}', '- Mine').replaceAll(
    '\n',
    '\r\n',
  ),
  'topics/likes.md': topicText('likes', 'user', '- Likes tabs {src: s1, trust: derived}', '- Mag Käse 🧀').trimEnd(),
  'MEMORY.md': '# My memory\nWords of mine\n\n## user\n- [Likes](topics/likes.md): About likes\n',
};

/** What the owner saves while it is being changed. */
export const EDITED = `${FILES['topics/likes.md']}\n- Added by hand\n`;

/** Changes two topics, makes one, and adds to an archive. */
export const OPERATIONS: readonly Operation[] = [
  fact('build', 'Deploys on Monday'),
  fact('likes', 'Likes short answers', { type: 'user' }),
  fact('servers', 'The box is called atlas'),
];
