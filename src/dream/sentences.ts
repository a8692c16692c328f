const FENCE = /^\s*(```|~~~)/;
/** Lines that people paste and nobody says: quotes, diffs, prompts, stack traces, log lines, JSON, tables. */
const PASTED =
  /^\s*(?:>|\$ |[{}[\]<|]|[+-]{3} |@@ |at \S+ \(|\d{4}-\d\d-\d\dT|\[?\d\d:\d\d:\d\d|(?:error|warn|info|debug|fatal|traceback)\b\s*[:[])/i;
const LIST = /^\s*(?:[-*•–]\s+(?:\[[ x]\]\s+)?|\d{1,2}[.)]\s+|#{1,6}\s+)/i;
/** An open item of somebody's list, "- [ ] …" or "todo: …": a plan, and no fact. */
const OPEN_ITEM = /^\s*[-*]\s+\[ \]\s|^\s*[-*]?\s*todo\b/i;
const SHORT =
  /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|approx|ca|bzw|z\.B|d\.h|u\.a|nr|mr|mrs|ms|dr|st|incl|inkl|max|min|evtl|ggf|usw)\.$/i;
/** Where one thing that is said ends and the next begins, inside a sentence. */
const JOINTS =
  /\s*;\s+|,\s+(?:and|but|und|aber)\s+(?=(?:we|our|my|the|i|i'm|i've|wir|unsere?|mein|ich|staging|production|prod)\b)|\s+(?:and|und)\s+(?=(?:i['’]m|i am|we['’]re|we are|i|we)\s+(?:now\s+)?(?:us(?:e|ing)|on|run|deploy|prefer|live|have|work)\b)|\s+(?:and|und)\s+(?=(?:decided|agreed|settled|switched|moved|migrated)\s)|\s+(?:and|und)\s+(?=(?:our|my|unsere?|meine?)\s+\S+\s+(?:is|are|ist|sind|lives?|runs?)\b)|\s+[–—]\s+(?=(?:we|our|my|the|i|wir|unsere?)\b)|,\s+(?=(?:we|our|my|wir|unsere?)\s+\S+)|,\s+(?!(?:that|it|this|which|they|there|who|he|she|these|those|what|so|as|if)\s)(?=(?:the\s+)?[a-z]{2,12}\s+(?:is|are|runs|lives)\s(?!(?:now\s+)?(?:dead|out|gone|history|off|over|cancell?ed|retired|deprecated|no longer)\b))/i;
const CHARS_MAX = 32_768;

/**
 * The sentences of a message, without what was pasted into it: code, quotes, logs, diffs. Dots in names, versions, paths and
 * addresses end nothing. Only the first 32 768 characters are read: facts are not told in longer ones.
 */
export function sentencesOf(message: string): readonly string[] {
  const found: string[] = [];
  let fenced = false;
  for (const raw of message.slice(0, CHARS_MAX).split(/\r?\n/)) {
    // Long runs of blanks would cost the patterns below a lot.
    const line = raw.replaceAll(/\s+/g, ' ');
    if (FENCE.test(line)) {
      fenced = !fenced;
      continue;
    }
    if (fenced || PASTED.test(line) || OPEN_ITEM.test(line)) continue;
    found.push(...splitLine(line.replace(LIST, '').trim()));
  }
  return found;
}

function splitLine(line: string): string[] {
  const sentences: string[] = [];
  let from = 0;
  for (const end of line.matchAll(/[.!?…]+["”’')]*\s+/g)) {
    const until = end.index + end[0].trimEnd().length;
    if (SHORT.test(line.slice(from, until))) continue;
    sentences.push(line.slice(from, until));
    from = end.index + end[0].length;
  }
  sentences.push(line.slice(from));
  return sentences.flatMap(splitJoints).filter((sentence) => sentence !== '');
}

/** A conditional is one thought: its halves would say something else. */
function splitJoints(sentence: string): string[] {
  const text = sentence.trim();
  if (/^(if|when|whenever|once|unless|because|since|after|while|although|wenn|falls|weil|nachdem)\b/i.test(text))
    return [text];
  if (text.endsWith('?')) return [text];
  return text.split(JOINTS).map((part) => part.trim());
}
