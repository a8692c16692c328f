import type { Item, ToolContext } from '../../src/core/agent.ts';

/** What a tool is given while it runs, for tests: nothing special unless the test says so. */
export function contextOf(given: Partial<ToolContext> = {}): ToolContext {
  return {
    jobId: 1,
    sessionId: 1,
    callId: 'call_1',
    workspace: undefined,
    signal: new AbortController().signal,
    items: [],
    eventId: null,
    reactive: true,
    tainted: false,
    ...given,
  };
}

/** A context whose workspace is this directory. */
export function contextIn(path: string, given: Partial<ToolContext> = {}): ToolContext {
  return contextOf({ workspace: { name: 'app', path, trust: 'owner' }, ...given });
}

/** The two items a call leaves in the conversation. */
export function itemsOf(callId: string, tool: string, input: Item['input'], text: string): Item[] {
  const common = { atMs: 1, tool, callId } as const;
  return [
    { ...common, kind: 'tool_use', text: '', trust: 'agent', input },
    { ...common, kind: 'tool_result', text, trust: 'tool' },
  ];
}
