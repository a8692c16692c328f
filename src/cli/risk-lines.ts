import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import type { RiskAnswer, RiskContext, RiskJudge } from './risk.ts';

/** A longer line is answered as not understood, without being kept in memory. */
export const LINE_CHARS_MAX = 8_388_608;

/**
 * Answers each line as it comes, in order, one line each: an empty one and one that is no call are answered too, as HIGH
 * with an `error`. Waits for a slow reader.
 *
 * @param context What holds for every line unless it says otherwise.
 */
export async function riskLines(
  input: Readable,
  output: Writable,
  judge: RiskJudge,
  context: RiskContext,
  render: (answer: RiskAnswer) => string,
): Promise<void> {
  for await (const line of boundedLines(input)) {
    const answer = answerTo(line, judge, context);
    if (!output.write(`${render(answer)}\n`)) await once(output, 'drain');
  }
}

const callLine = z.looseObject({
  tool: z.string('expected tool, a text'),
  input: z.json(),
  context: z.looseObject({ afk: z.boolean().optional(), tainted: z.boolean().optional() }).nullish(),
});

function answerTo(line: string | undefined, judge: RiskJudge, context: RiskContext): RiskAnswer {
  if (line === undefined) return misunderstood(`the line is longer than ${LINE_CHARS_MAX} characters`);
  try {
    const read = callLine.safeParse(JSON.parse(line));
    if (!read.success) return misunderstood(complaintOf(read.error));
    const { tool, input } = read.data;
    return judge({ tool, input }, { ...context, ...read.data.context });
  } catch (error) {
    return misunderstood(error instanceof SyntaxError ? 'it is not JSON' : 'it is nested too deeply');
  }
}

function complaintOf(error: z.ZodError): string {
  const [first] = error.issues;
  return first === undefined || first.path.length === 0
    ? 'it is not an object'
    : `${first.path.join('.')} is not right`;
}

function misunderstood(why: string): RiskAnswer {
  const error = `expected one JSON object {tool, input, context?} on a line; ${why}`;
  return { risk: 'HIGH', reason: `not understood: ${why}`, verdict: 'ask', error };
}

/** Lines without their end; undefined for one that is too long. */
async function* boundedLines(input: Readable): AsyncGenerator<string | undefined> {
  let held: string[] = [];
  let heldChars = 0;
  input.setEncoding('utf8');
  for await (const chunk of input as AsyncIterable<string>) {
    const parts = chunk.split('\n');
    for (const [index, part] of parts.entries()) {
      heldChars += part.length;
      if (heldChars <= LINE_CHARS_MAX) held.push(part);
      else held = [];
      if (index === parts.length - 1) continue;
      yield heldChars > LINE_CHARS_MAX ? undefined : held.join('').replace(/\r$/, '');
      held = [];
      heldChars = 0;
    }
  }
  if (heldChars > 0) yield heldChars > LINE_CHARS_MAX ? undefined : held.join('');
}
