import { bulletsOf, type Topic, type TopicType } from '../memory/topic.ts';
import type { Entry } from './board.ts';
import type { ConsolidateOptions } from './material.ts';
import { profileOf, weightOf, type Profile } from './profile.ts';
import { sizeOf } from '../memory/limits.ts';

/** Where new facts are put. */
export interface Cabinet {
  /** The topic for a fact, made if need be; undefined: every place for it is full. */
  file(entry: Entry): { readonly name: string; readonly type: TopicType } | undefined;
  /** Topics that were made for it, in this order. */
  readonly made: readonly { readonly name: string; readonly type: TopicType; readonly description: string }[];
}

interface Drawer {
  readonly name: string;
  readonly type: TopicType;
  readonly words: ReadonlyMap<string, number>;
  lines: number;
  bytes: number;
}

/** Fewer facts than this make no topic of their own: half of a topic at most may change in a night, and half of one is none. */
const FEW = 4;

/** A fact goes where its like are; a topic of its own is made only for the first of a kind, so that topics stay few and full. */
export function createCabinet(topics: readonly Topic[], fresh: readonly Entry[], options: ConsolidateOptions): Cabinet {
  const wanted = Map.groupBy(fresh, (entry) => planOf(entry.profile, typeOf(entry)).name);
  const drawers = topics.filter((topic) => topic.problems.length === 0).map(drawerOf);
  const taken = new Set(topics.map(({ name }) => name));
  const made: { name: string; type: TopicType; description: string }[] = [];
  const open = (plan: Plan, type: TopicType): Drawer | undefined => {
    for (let count = 1; count <= 9; count += 1) {
      const name = count === 1 ? plan.name : `${plan.name}-${count}`;
      const known = drawers.find((drawer) => drawer.name === name);
      if (known !== undefined && known.type === type && hasRoom(known, options)) return known;
      if (known !== undefined || taken.has(name)) continue;
      if (taken.size >= options.topicsMax) return undefined;
      const drawer = { name, type, words: new Map(), lines: 8, bytes: 400 };
      drawers.push(drawer);
      taken.add(name);
      made.push({ name, type, description: plan.description });
      return drawer;
    }
    return undefined;
  };
  return {
    made,
    file(entry) {
      const type = typeOf(entry);
      const plan = planOf(entry.profile, type);
      const few = type === 'project' && (wanted.get(plan.name)?.length ?? 0) < FEW;
      const drawer =
        nearest(drawers, entry.profile, type, options) ??
        open(few && !taken.has(plan.name) ? PLANS.project : plan, type);
      if (drawer === undefined) return undefined;
      drawer.lines += 1;
      drawer.bytes += Buffer.byteLength(entry.text) + 90;
      return { name: drawer.name, type: drawer.type };
    },
  };
}

/** What kind of memory it is: about the owner, about how to behave, a place to look, or about the work. */
function typeOf({ text, profile }: Pick<Entry, 'text' | 'profile'>): TopicType {
  if (FEEDBACK.test(text) || profile.about.has('answer')) return 'feedback';
  if (profile.person === 'me' && !/\b(?:we|our)\b/i.test(text)) return 'user';
  return profile.values.some(({ kind }) => kind === 'url' || kind === 'mail') ? 'reference' : 'project';
}

const FEEDBACK =
  /^(?:please |pls |bitte |just |do )?(?:always|never|don['’]?t|do not|stop|avoid|use|prefer|keep|stick to|call me|address me|answer|reply|respond|ask|speak|assume|limit|wait|message|ping|no|ab jetzt bitte|whenever|when(?:ever)? you)\b|\b(?:message me|ping me|wake me|ask me|tell me|remind me|you (?:should|must|may|can|shouldn['’]t)|i (?:want|need|expect|prefer|like) (?:you|your)|from you)\b/i;

interface Plan {
  readonly name: string;
  readonly description: string;
}

const PLANS: Readonly<
  Record<'owner' | 'working' | 'references' | 'toolchain' | 'infrastructure' | 'team' | 'project', Plan>
> = {
  owner: { name: 'owner', description: 'Who the owner is and what they like: tools, habits, times' },
  working: { name: 'working-together', description: 'How the owner wants kairosd to behave, write and ask' },
  references: { name: 'references', description: 'Where things are: addresses, accounts, documents' },
  toolchain: { name: 'toolchain', description: 'Languages, package manager, tests, style and branches of the code' },
  infrastructure: { name: 'infrastructure', description: 'Hosting, databases, CI, ports, backups and what runs where' },
  team: { name: 'team', description: 'People, who owns what, meetings and places to talk' },
  project: { name: 'project', description: 'Decisions, dates, budgets and facts about the project' },
};
const TOOLCHAIN =
  /^(?:#(?:pkg|linter|formatter|testrunner|e2e|bundler|indent|quotes|merge|orm|language|framework|editor|shell|license|casing|repo)|branch|node|version|typescript|commit|test|style|code|lint)$/;
const INFRASTRUCTURE =
  /^(?:#(?:hosting|sqldb|docdb|cache|queue|searchengine|ci|monitoring|iac|auth|payments|mailer|analytics|cloudregion|vault|forge)|port|backup|gateway|api|timeout|cluster|region|cron|job|memory|cpu|disk|log|bucket|domain|certificate)$/;
const TEAM =
  /^(?:#(?:chat|calls|tracker|wiki|design)|owner|standup|meeting|vacation|office|review|birthday|team|hire|retro|lunch)$/;

function planOf({ about, values }: Profile, type: TopicType): Plan {
  if (type === 'user') return PLANS.owner;
  if (type === 'feedback') return PLANS.working;
  if (type === 'reference') return PLANS.references;
  const words = [...about.keys(), ...values.map(({ kind }) => `#${kind}`)];
  const counts = ([['toolchain', TOOLCHAIN], ['infrastructure', INFRASTRUCTURE], ['team', TEAM]] as const).map(
    ([name, pattern]) => ({ name, count: words.filter((word) => pattern.test(word)).length }),
  ); // prettier-ignore
  const best = counts.reduce((one, other) => (other.count > one.count ? other : one));
  if (best.count > 0) return PLANS[best.name];
  return values.some(({ kind }) => kind === 'name') ? PLANS.team : PLANS.project;
}

function drawerOf(topic: Topic): Drawer {
  const words = new Map<string, number>();
  const add = (profile: Profile, weight: number): void => {
    for (const word of [...profile.about.keys(), ...profile.values.map(({ canon }) => canon)]) {
      words.set(word, Math.max(words.get(word) ?? 0, weight * weightOf(word)));
    }
  };
  for (const bullet of bulletsOf(topic)) add(profileOf(bullet.text), 1);
  add(profileOf(`${topic.name.replaceAll('-', ' ')}. ${topic.description}`), 1.5);
  const { lines, bytes } = sizeOf(`${topic.front ?? ''}\n${topic.parts.map(({ raw }) => raw).join('\n')}`);
  return { name: topic.name, type: topic.type, words, lines: lines + 4, bytes: bytes + 200 };
}

function nearest(
  drawers: readonly Drawer[],
  { about, values }: Profile,
  type: TopicType,
  options: ConsolidateOptions,
): Drawer | undefined {
  const wanted = [...about.keys(), ...values.map(({ canon }) => canon)];
  const scored = drawers
    .filter((drawer) => drawer.type === type && hasRoom(drawer, options))
    .map((drawer) => ({ drawer, score: wanted.reduce((sum, word) => sum + (drawer.words.get(word) ?? 0), 0) }))
    .filter(({ score }) => score >= 1)
    .toSorted((one, other) => other.score - one.score || (one.drawer.name < other.drawer.name ? -1 : 1));
  return scored[0]?.drawer;
}

/** Leaves a tenth free, for what a person adds. */
function hasRoom(drawer: Drawer, { linesMax, bytesMax }: ConsolidateOptions): boolean {
  return drawer.lines < linesMax * 0.9 && drawer.bytes < bytesMax * 0.9;
}
