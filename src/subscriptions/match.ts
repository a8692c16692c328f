import type { Trust } from '../core/event.ts';
import type { JobDraft } from '../core/job.ts';
import { compileCondition, type Predicate } from './condition.ts';
import { describeEvent } from './describe.ts';
import { matchesGlob } from './glob.ts';
import type { Subscription } from './options.ts';
import { parsePath } from './path.ts';
import { plainLine } from './plain.ts';
import { authorOf, defaultTopic, repositoryOf } from './subject.ts';
import { parseTemplate, renderTemplate, type Template } from './template.ts';

/** What the subscriptions look at besides the payload. */
export interface MatchEvent {
  readonly source: string;
  readonly type: string;
  readonly action: string | null;
  readonly trust: Trust;
  readonly receivedAtMs: number;
}

/** The jobs that follow from an event, in the order of the configuration. Pure; throws on no payload. */
export type Matcher = (event: MatchEvent, payload: unknown) => JobDraft[];

type Selector = (text: string) => boolean;
interface Compiled {
  readonly subscription: Subscription;
  readonly type: Selector;
  readonly action: Selector;
  readonly repository: Selector | undefined;
  readonly author: Selector | undefined;
  readonly conditions: readonly Predicate[];
  readonly topic: Template | undefined;
  readonly text: Template | undefined;
}

/** Longest topic in UTF-16 units. */
const TOPIC_CHARS_MAX = 200;
const NAME_CHARS_MAX = 200;

/** `compileSubscriptions` for a single question. */
export function matchSubscriptions(
  subscriptions: readonly Subscription[],
  event: MatchEvent,
  payload: unknown,
): JobDraft[] {
  return compileSubscriptions(subscriptions)(event, payload);
}

/**
 * Prepares the subscriptions once, for the hot path: those of other sources cost nothing, paths, globs and templates
 * are parsed here. The subscriptions must have passed `subscriptionsOptions`.
 */
export function compileSubscriptions(subscriptions: readonly Subscription[]): Matcher {
  const bySource = new Map<string, Compiled[]>();
  for (const subscription of subscriptions) {
    const list = bySource.get(subscription.source) ?? [];
    list.push(compile(subscription));
    bySource.set(subscription.source, list);
  }
  return (event, payload) => {
    const jobs: JobDraft[] = [];
    for (const compiled of bySource.get(event.source) ?? []) {
      if (matches(compiled, event, payload)) jobs.push(draft(compiled, event, payload));
    }
    return jobs;
  };
}

function compile(subscription: Subscription): Compiled {
  const { event, action, repository, author, where = {}, topic, text } = subscription;
  return {
    subscription,
    type: event === undefined ? everything : selector(event, false),
    action: action === undefined ? everything : selector(action, false),
    repository: repository === undefined ? undefined : selector(repository, true),
    author: author === undefined ? undefined : selector(author, true),
    // Options that were not checked: a path that cannot be read matches nothing rather than everything.
    conditions: Object.entries(where).map(([path, condition]) => {
      const parsed = parsePath(path);
      return parsed === undefined ? () => false : compileCondition(parsed, condition);
    }),
    topic: compileTemplate(topic),
    text: compileTemplate(text),
  };
}

const everything: Selector = () => true;

/** Exact names by a set, globs one by one. GitHub ignores the case of logins and repositories, so do we. */
function selector(wanted: string | readonly string[], foldCase: boolean): Selector {
  const fold = (text: string): string => (foldCase ? text.toLowerCase() : text);
  const all = (typeof wanted === 'string' ? [wanted] : wanted).map(fold);
  const globs = all.filter((text) => /[*?]/.test(text));
  const exact = new Set(all);
  return (text) => {
    const folded = fold(text.slice(0, NAME_CHARS_MAX));
    return exact.has(folded) || globs.some((pattern) => matchesGlob(pattern, folded));
  };
}

function compileTemplate(text: string | undefined): Template | undefined {
  if (text === undefined) return undefined;
  const parsed = parseTemplate(text);
  return typeof parsed === 'string' ? [{ kind: 'text', text }] : parsed;
}

function matches(compiled: Compiled, event: MatchEvent, payload: unknown): boolean {
  if (!compiled.type(event.type) || !compiled.action(event.action ?? '')) return false;
  if (compiled.repository !== undefined && !named(compiled.repository, repositoryOf(payload))) return false;
  if (compiled.author !== undefined && !named(compiled.author, authorOf(payload))) return false;
  return compiled.conditions.every((holds) => holds(payload));
}

/** An event about no repository is not about "any repository": `*` wants one. */
function named(selects: Selector, name: string): boolean {
  return name !== '' && selects(name);
}

function draft(compiled: Compiled, event: MatchEvent, payload: unknown): JobDraft {
  const { subscription, topic } = compiled;
  const rendered = topic && plainLine(renderTemplate(topic, event, payload), TOPIC_CHARS_MAX);
  return {
    kind: subscription.do,
    origin: subscription.name,
    reactive: false,
    // An empty topic would mean "never put together": a storm of it could not be held.
    topic: rendered || defaultTopic(event, payload),
    text: textOf(compiled, event, payload),
    urgent: subscription.urgent,
    mayCoalesce: true,
  };
}

function textOf({ subscription, text }: Compiled, event: MatchEvent, payload: unknown): string {
  // Word for word: a field of the payload in a prompt would be an instruction by somebody outside.
  if (subscription.do === 'agent') return subscription.prompt ?? '';
  const rendered = text === undefined ? '' : renderTemplate(text, event, payload).trim();
  if (rendered !== '') return rendered;
  return subscription.do === 'resolve' ? '' : describeEvent(event, payload);
}
