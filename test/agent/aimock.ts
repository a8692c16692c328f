import { LLMock } from '@copilotkit/aimock';

/** One answer of the scripted model. Nothing given: an empty text. */
export interface ScriptedTurn {
  readonly text?: string;
  readonly tools?: readonly { readonly name: string; readonly input: unknown; readonly id?: string }[];
  /** Comes first, as a signed thinking block. */
  readonly thinking?: string;
  /** Tokens as the API counts them; what is left out is 0. No cache counters here: see test/fakes/messages-server.ts. */
  readonly usage?: { readonly input?: number; readonly output?: number };
  /** A stop reason of the API, such as `max_tokens`, `refusal` or `pause_turn`. Default by what it holds. */
  readonly stop?: string;
  /** Instead of an answer. A 429 always bears `retry-after` here (1 s unless given). */
  readonly error?: {
    readonly status: number;
    readonly message?: string;
    readonly type?: string;
    readonly retryAfterS?: number;
  };
}

/** A request as it came, in aimock's words: `role: tool` for results, `tool_calls` for uses. */
export interface JournaledRequest {
  readonly model: string;
  readonly messages: readonly {
    readonly role: string;
    readonly content: unknown;
    readonly tool_calls?: readonly {
      readonly id: string;
      readonly function: { readonly name: string; readonly arguments: string };
    }[];
    readonly tool_call_id?: string;
  }[];
  readonly tools?: readonly {
    readonly function: { readonly name: string; readonly description?: string; readonly parameters?: object };
  }[];
  readonly max_tokens?: number;
}

export interface Aimock extends AsyncDisposable {
  /** What ANTHROPIC_BASE_URL is set to. */
  readonly url: string;
  /** Adds turns, answered in order, one a request. */
  add(...turns: readonly ScriptedTurn[]): void;
  /** Every request to the Messages API so far, oldest first. */
  requests(): readonly JournaledRequest[];
  /** Turns that nobody has asked for yet. */
  readonly left: number;
}

/** How a request is answered when the list of turns is too simple. */
export type Script = (request: JournaledRequest, index: number) => ScriptedTurn;

/** aimock as a scripted model: real HTTP, the Messages API, streaming. After the last turn it answers 503. */
export async function startAimock(script: readonly ScriptedTurn[] | Script = []): Promise<Aimock> {
  const mock = new LLMock({ port: 0, host: '127.0.0.1', chunkSize: 12, journalMaxEntries: 0 });
  const queue = typeof script === 'function' ? [] : [...script];
  let served = 0;
  mock.on({ predicate: () => true }, (request) => {
    const turn = typeof script === 'function' ? script(request, served) : queue.shift();
    served += 1;
    return responseOf(turn ?? { error: { status: 503, message: 'the script is over', type: 'api_error' } });
  });
  await mock.start();
  return {
    url: mock.url,
    add: (...turns) => void queue.push(...turns),
    requests: () =>
      mock
        .getRequests()
        .filter(({ path }) => path.startsWith('/v1/messages'))
        .map(({ body }) => body as unknown as JournaledRequest),
    get left() {
      return queue.length;
    },
    [Symbol.asyncDispose]: () => mock.stop(),
  };
}

/** In aimock's words. */
function responseOf({ text, tools, thinking, usage, stop, error }: ScriptedTurn) {
  if (error !== undefined) {
    const { status, message = 'scripted', type = 'api_error', retryAfterS } = error;
    return { status, error: { message, type }, ...(retryAfterS === undefined ? {} : { retryAfter: retryAfterS }) };
  }
  const common = {
    usage: { input_tokens: usage?.input ?? 0, output_tokens: usage?.output ?? 0 },
    ...(thinking === undefined ? {} : { reasoning: thinking }),
    ...(stop === undefined ? {} : { finishReason: stop }),
  };
  if (tools === undefined) return { content: text ?? '', ...common };
  const toolCalls = tools.map(({ name, input, id }) => ({
    name,
    arguments: JSON.stringify(input),
    ...(id === undefined ? {} : { id }),
  }));
  return text === undefined ? { toolCalls, ...common } : { content: text, toolCalls, ...common };
}
