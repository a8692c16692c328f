import { around } from './reading.ts';
import type { Mention, Sentence } from './mentions.ts';

const GIVES =
  /^["'`)]*(?:\s+in\s+(?:the\s+)?["'`(]*[\w./-]+["'`)]*)?\s*(?:(?:is|are|was)(?:\s+set)?(?:\s+to)?|defaults\s+to|set\s+to|=|:)\s*[[{]?["'`]*$/i;
const KEY = /^[A-Z][A-Z0-9_]+$|^[\w-]+(?:\.[\w-]+)+$|^[a-z]+(?:[A-Z]|[_-])[\w-]*$|^[a-z]\w+$/;

/** Whether something is what a key before it is said to be set to: `"node"` in `moduleResolution` is "node". */
export function isValue(sentence: Sentence, mention: Mention): boolean {
  if (!mention.coded && !mention.text.startsWith('/') && !/[[=]["']?$/.test(around(sentence, mention).before))
    return false;
  return sentence.mentions.some((each) => {
    if (each.end > mention.start || !KEY.test(each.text)) return false;
    // A plain word is a key only where a file is named after it.
    const gap = sentence.text.slice(each.end - sentence.start, mention.start - sentence.start);
    const shaped = each.coded || /[._A-Z]/.test(each.text) || /\sin\s/.test(gap);
    return shaped && GIVES.test(gap);
  });
}
