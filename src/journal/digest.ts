import type { DigestFacts } from './digest-facts.ts';
import { digestWords, formatCount, plural, times } from './digest-words.ts';

/** The digest of a day as Markdown, the most important first. The same facts give the same bytes. */
export function renderDigest(facts: DigestFacts): string {
  const words = digestWords(facts);
  return [
    `# Digest of ${weekday(facts.date)}, ${facts.date}${facts.complete ? '' : ` (so far, until ${facts.to.slice(11, 16)})`}`,
    headline(facts),
    ...section('What failed', words.failed),
    ...section('What waits', words.waits),
    ...section('What was held back', words.held),
    ...section('For the digest', words.marked),
    ...section('What the memory learned', words.dreamed),
    ...section('In figures', words.counts),
    ...eventTable(facts),
  ]
    .join('\n\n')
    .concat('\n');
}

/** One sentence: whether the owner has to do anything. */
export function headline({ givenUp, lost, schedules, waiting, boots, dreams }: DigestFacts): string {
  const conflicts = (dreams?.dreams ?? []).reduce((sum, dream) => sum + dream.conflicts.length, 0);
  const missed = schedules?.missedTotal ?? 0;
  const trouble = [
    ...(givenUp.total > 0 ? [`${formatCount(givenUp.total)} given up`] : []),
    ...(lost.total > 0 ? [`${formatCount(lost.total)} not delivered`] : []),
    ...(missed > 0 ? [`schedules missed ${times(missed)}`] : []),
    ...(boots.afterCrash > 0 ? [plural(boots.afterCrash, 'crash', 'crashes')] : []),
    ...(conflicts > 0 ? [`${formatCount(conflicts)} to settle in your notes`] : []),
    ...(waiting.approvals > 0 ? [`${formatCount(waiting.approvals)} to approve`] : []),
  ];
  return trouble.length === 0 ? 'Nothing failed.' : `Look at this: ${trouble.join(', ')}.`;
}

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

function weekday(date: string): string {
  return WEEKDAYS[Temporal.PlainDate.from(date).dayOfWeek - 1] ?? '';
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, lines.map((line) => `- ${inert(line)}`).join('\n')];
}

function eventTable({ events }: DigestFacts): string[] {
  if (events.total === 0) return [];
  const rows = events.top.map(({ source, type, count }) => [source, type, formatCount(count)]);
  if (events.rest > 0) rows.push(['others', `${formatCount(events.restKinds)} kinds`, formatCount(events.rest)]);
  return [
    '## What came in',
    [tableLine(['Source', 'Type', 'Events']), '| --- | --- | ---: |', ...rows.map(tableLine)].join('\n'),
  ];
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map(inert).join(' | ')} |`;
}

/** Text from outside makes no link, image, code or HTML, and does not leave its cell. */
function inert(text: string): string {
  return text.replaceAll(/[\\`[\]<|]/g, '\\$&');
}
