import type { Item, Json, Tool, ToolContext, ToolResult } from '../core/agent.ts';
import { messageOf } from '../core/errors.ts';
import type { LoopPorts, RunCharge } from './ports.ts';
import type { Run } from './run-state.ts';

/** Records what a call came to, without effects. */
export async function answer<Charge extends RunCharge>(
  run: Run<Charge>,
  call: Item,
  ports: LoopPorts<Charge>,
  result: ToolResult,
  taken?: string,
): Promise<undefined> {
  await run.record({ items: [resultItem(call, result, ports.clock.wallMs())], taken });
  publishResult(run, call, ports, result);
}

/** The result of a call as an item. */
export function resultItem({ callId, tool }: Item, { text, isError, trust = 'tool' }: ToolResult, atMs: number): Item {
  return { atMs, kind: 'tool_result', text, trust, tool, callId, isError: isError === true };
}

/** Shows the beginning of a result to whoever watches. */
export function publishResult(
  run: Run,
  { tool = '' }: Item,
  ports: Pick<LoopPorts, 'feed' | 'redact'>,
  result: ToolResult,
): void {
  const text = ports.redact(result.text.slice(0, SHOWN_CHARS * 4)).slice(0, SHOWN_CHARS);
  ports.feed.publish(run.setting.job.id, { kind: 'result', tool, isError: result.isError === true, text });
}

/** A result without secrets, and in a file if it is too long. */
export async function shortened<Charge extends RunCharge>(
  { redact, shorten, limits, log }: LoopPorts<Charge>,
  { tool, context, text }: { readonly tool: Tool; readonly context: ToolContext; readonly text: string },
): Promise<string> {
  const whole = redact(text);
  const bytesMax = limits().toolResultBytes;
  try {
    return capped(await shorten(context.callId, tool.name, whole, context), bytesMax);
  } catch (error) {
    log.warn({ tool: tool.name, error: messageOf(error) }, 'result could not be kept in a file');
    return capped(whole, bytesMax);
  }
}

function capped(text: string, bytesMax: number): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= bytesMax) return text;
  return `${Buffer.from(text).subarray(0, bytesMax).toString('utf8')}\n(cut here: the result has ${bytes} bytes)`;
}

const SHOWN_CHARS = 400;

/** The beginning of an input, for a line. */
export function brief(input: Json): string {
  return JSON.stringify(input).slice(0, SHOWN_CHARS);
}
