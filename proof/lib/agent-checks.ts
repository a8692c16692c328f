import { isDeepStrictEqual } from 'node:util';
import type { ReceivedRequest } from '../../test/fakes/messages-server.ts';
import type { AgentRows } from './agent-box.ts';
import { inputTokensOf, OUTPUT_TOKENS } from './agent-script.ts';
import { none, type Check } from './report.ts';

interface AskedQuestion {
  readonly number: number;
  readonly event: string;
}

interface ReplyFact {
  readonly id: number;
  readonly replyTo: number | null;
  readonly topic: string;
  readonly state: string;
  readonly text: string;
}

/** Each question has one answer (or is told to have been given up), and it has arrived. */
export function checkReplies(
  asked: readonly AskedQuestion[],
  messages: readonly ReplyFact[],
  receipts: readonly { readonly message: { readonly id: string }; readonly answered: unknown }[],
): Check[] {
  const arrived = new Set(receipts.filter(({ answered }) => answered === 200).map(({ message }) => message.id));
  const wrong = asked.flatMap(({ number, event }) => {
    const mine = messages.filter(({ replyTo, topic }) => `e${replyTo}` === event && !topic.startsWith('approval '));
    const ends = mine.filter(({ topic }) => topic === '' || topic === 'dead-letter');
    const [end] = ends;
    if (ends.length !== 1 || end === undefined) return [`plan ${number} has ${ends.length} answers`];
    if (end.topic === '' && !end.text.includes(`Plan ${number} is done`))
      return [`plan ${number} was told ${end.text}`];
    return arrived.has(`m${end.id}`) ? [] : [`the answer to plan ${number} did not arrive`];
  });
  const given = messages.filter(({ topic }) => topic === 'dead-letter').length;
  return [
    none(
      'every question has exactly one answer, and it arrived',
      wrong,
      `${asked.length} questions, ${given} given up`,
    ),
  ];
}

const SURE = /^(?!Interrupted|The owner said no|Nobody answered)/;

/** Nothing ran twice; what is said to have run did; every call has one result. */
export function checkCalls(
  { items, calls, givenUp }: AgentRows,
  lines: readonly string[],
  messages: readonly { readonly topic: string }[],
): Check[] {
  const uses = items.filter(({ item }) => item.kind === 'tool_use');
  const results = items.filter(({ item }) => item.kind === 'tool_result');
  const key = ({ session_id: session, item }: (typeof items)[number]): string => `s${session} ${item.callId}`;
  const times = (found: readonly string[], one: string): number => found.filter((each) => each === one).length;
  const traces = [...lines, ...messages.map(({ topic }) => topic)];
  const untrue = results.filter(({ item }) => {
    const made = times(traces, item.callId ?? '');
    if (item.text.startsWith('Interrupted')) return made > 1;
    return SURE.test(item.text) ? made !== 1 : made !== 0;
  });
  const resultKeys = results.map(key);
  // A job that was given up after five crashes is told to the owner; nobody goes on in its conversation.
  const goesOn = ({ session_id: session }: { readonly session_id: number }): boolean => !givenUp.has(session);
  const begun = calls.filter((call) => call.ended_at === null && goesOn(call));
  return [
    none(
      'nothing that a tool does happened twice',
      lines.filter((line) => times(traces, line) > 1),
      `${lines.length} lines`,
    ),
    none(
      'what a result says happened, and nothing else did',
      untrue.map(({ item }) => `${item.callId}: ${item.text}`),
      `${results.length} results`,
    ),
    none(
      'every call has exactly one result',
      uses.filter((one) => (goesOn(one) ? times(resultKeys, key(one)) !== 1 : times(resultKeys, key(one)) > 1)),
      `${uses.length} calls`,
    ),
    none(
      'no call is named twice in a conversation',
      uses.filter((one) => times(uses.map(key), key(one)) > 1),
    ),
    none('no call is left begun', begun),
  ];
}

/** The files hold what the ledger holds, line for line. */
export function checkTranscripts(
  { sessions, items }: AgentRows,
  files: readonly { readonly path: string; readonly lines: readonly Record<string, unknown>[] }[],
): Check[] {
  const wrong = sessions.flatMap(({ id, path }) => {
    const rows = items.filter(({ session_id: session }) => session === id);
    const gap = rows.findIndex(({ seq }, index) => seq !== index + 1);
    const lines = files.find((file) => file.path === path)?.lines ?? [];
    if (gap !== -1) return [`s${id} lacks item ${gap + 1}`];
    if (lines.length !== rows.length) return [`s${id} has ${rows.length} items and ${lines.length} lines`];
    return rows.flatMap(({ item, seq }, index) => (lines[index]?.['kind'] === item.kind ? [] : [`s${id} item ${seq}`]));
  });
  return [
    none('the transcripts hold each item once, in order', wrong, `${items.length} items in ${files.length} files`),
  ];
}

/** In micro-dollars, by the list price of the lead model: $4 and $20 a million tokens. */
const INPUT_PRICE = 4;
const OUTPUT_PRICE = 20;

/** What the model's side counted is not more than what the accounts hold: too much may be charged, never too little. */
export function checkMoney({ spend, sessions }: AgentRows, requests: readonly ReceivedRequest[]): Check[] {
  const cost = ({ raw }: ReceivedRequest): number => inputTokensOf(raw) * INPUT_PRICE + OUTPUT_TOKENS * OUTPUT_PRICE;
  const true_ = requests.reduce((sum, request) => sum + cost(request), 0);
  const charged = spend.reduce((sum, row) => sum + (row.charged_micro_usd ?? 0), 0);
  const known = sessions.reduce((sum, row) => sum + row.spent_micro_usd, 0);
  const exact = spend
    .filter(({ outcome }) => outcome === 'ok')
    .reduce((sum, row) => sum + (row.charged_micro_usd ?? 0), 0);
  const usd = (microUsd: number): string => `$${(microUsd / 1e6).toFixed(4)}`;
  return [
    none(
      'no account is open, none negative, none above what was reserved',
      spend.filter(
        ({ charged_micro_usd: amount, reserved_micro_usd: reserved }) =>
          amount === null || amount < 0 || amount > reserved,
      ),
      `${spend.length} accounts`,
    ),
    {
      name: 'every request has an account',
      ok: spend.length >= requests.length,
      detail: `${spend.length} for ${requests.length} requests`,
    },
    {
      name: 'what is charged covers what the model counted',
      ok: charged >= true_,
      detail: `${usd(charged)} for ${usd(true_)}`,
    },
    {
      name: 'what replies cost is what their conversations say',
      ok: known === exact,
      detail: `${usd(known)} and ${usd(exact)}`,
    },
  ];
}

/** A conversation only grows: each request of it begins with the bytes of the one before. */
export function checkRequests(requests: readonly ReceivedRequest[]): Check[] {
  const last = new Map<string, { messages: unknown[]; head: unknown }>();
  const moved: string[] = [];
  for (const { raw } of requests) {
    // The marks of the cache wander, and are not part of what is cached.
    const { messages, ...head } = JSON.parse(raw, (key, value: unknown) =>
      key === 'cache_control' ? undefined : value,
    ) as {
      messages: unknown[];
    };
    const conversation = JSON.stringify(messages[0]);
    const before = last.get(conversation);
    if (before !== undefined && !isDeepStrictEqual(messages.slice(0, before.messages.length), before.messages))
      moved.push(`a request of ${raw.length} bytes`);
    if (before !== undefined && !isDeepStrictEqual(head, before.head)) moved.push('tools or system');
    last.set(conversation, { messages, head });
  }
  return [
    none(
      'what was sent once is sent again byte for byte',
      moved,
      `${requests.length} requests in ${last.size} conversations`,
    ),
  ];
}
