import { high, medium, NOTHING, shown } from './notes.ts';
import { judgeField } from './scene.ts';
import { fieldsOf, substitutionsIn } from './words.ts';
import type { HereDoc, Redirect, Redirection, Word } from 'unbash';
import type { Note, Notes } from './notes.ts';
import type { Scene } from './scene.ts';
import type { JudgeScript } from './words.ts';

/** What redirections read and write. */
export function judgeRedirects(redirects: readonly Redirection[], scene: Scene, judge: JudgeScript): Notes {
  return redirects.flatMap((redirect) => {
    const variable = redirect.descriptor?.type === 'FileDescriptorVariable';
    const named = variable ? [medium('a redirection sets a variable')] : NOTHING;
    return [...named, ...substitutionsIn(redirect, scene, judge), ...judgeOne(redirect, scene)];
  });
}

function judgeOne(redirect: Redirection, scene: Scene): Notes {
  if (redirect.type === 'HereDoc') return judgeDocument(redirect);
  const { target } = redirect;
  if (target === undefined) return [high('has a redirection to nowhere')];
  if (redirect.type === 'HereString') return judgeString(target, scene);
  return judgeFile(redirect, target, scene);
}

function judgeString(target: Word, scene: Scene): Notes {
  return fieldsOf(target, scene).flatMap(({ opaque: reason }) => (reason === undefined ? NOTHING : [medium(reason)]));
}

function judgeFile(redirect: Redirect, target: Word, scene: Scene): Notes {
  const { operator, descriptor } = redirect;
  const fields = fieldsOf(target, scene);
  const [field] = fields;
  if (field === undefined || fields.length > 1)
    return [medium(`where ${operator} leads cannot be seen`, { writes: true })];
  if (operator === '<&' || operator === '>&') {
    if (
      /^(?:[0-2]|-)$/.test(field.text) &&
      field.plain &&
      (descriptor?.type !== 'FileDescriptor' || descriptor.value <= 2)
    )
      return NOTHING;
    if (operator === '<&' || /^[\d-]+$/.test(field.text))
      return [medium(`${operator}${shown(field.text)} joins channels in a way that is not known`)];
  }
  if (/^\/dev\/(?:tcp|udp)\//.test(field.text.replaceAll(/\/+/g, '/')))
    return [high('opens a network connection', { sends: true, readsOutside: true })];
  if (operator === '<') return judgeField(field, 'read', scene);
  const notes: Note[] = [...judgeField(field, 'write', scene)];
  if (field.patternAt >= 0 || field.opaque !== undefined)
    notes.push(medium(`where ${operator} writes cannot be seen`, { writes: true }));
  return notes;
}

/** Without quotes around its end word, a here-document is expanded like a text in double quotes. */
function judgeDocument({ delimiter, body, closing }: HereDoc): Notes {
  if (closing === undefined || delimiter === undefined) return [high('has a here-document without an end')];
  if (delimiter.quoted) return NOTHING;
  const bare = body.text.replaceAll(/\\[$`\\]/g, '');
  return /\$(?:[\w({[?#!*@'"\\-]|$)|`|\$\n/.test(bare.replaceAll(/\$(?=\s(?!\n))/g, ''))
    ? [medium('a here-document has text that is expanded')]
    : NOTHING;
}
