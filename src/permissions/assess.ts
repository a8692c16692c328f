import type { Json } from '../core/agent.ts';
import { assessEdit, assessGlob, assessGrep, assessRead, assessWrite } from './assess-files.ts';
import { assessFetch } from './assess-fetch.ts';
import { assessGithub } from './assess-github.ts';
import { assessAsk, assessMemory, assessNotify, assessSchedule, assessSleep } from './assess-own.ts';
import type { Assessment, Surroundings, ToolCall } from './call.ts';
import { assessArgv, assessShell } from './shell/assess.ts';
import { notUnderstood, textOf, understand } from './understand.ts';

/**
 * What a call would do, found without running it: capability × target × reversibility. Deterministic, never throws.
 * A tool that is not known, and an input that is not of its tool's shape, are HIGH.
 */
export function assess(call: ToolCall, surroundings: Surroundings): Assessment {
  const assessTool = TOOLS.get(call.tool);
  if (assessTool === undefined) return notUnderstood('no rule knows this tool');
  try {
    return assessTool(call.input, surroundings);
  } catch {
    return notUnderstood('the rules could not judge it');
  }
}

const TOOLS: ReadonlyMap<string, (input: Json, surroundings: Surroundings) => Assessment> = new Map(
  Object.entries({
    read: assessRead,
    write: assessWrite,
    edit: assessEdit,
    glob: assessGlob,
    grep: assessGrep,
    shell: assessCommand,
    git: assessGit,
    fetch: assessFetch,
    github: assessGithub,
    notify: assessNotify,
    memory: assessMemory,
    schedule: assessSchedule,
    sleep: assessSleep,
    ask: assessAsk,
  }),
);

function assessCommand(input: Json, surroundings: Surroundings): Assessment {
  const fields = understand(input, ['command'], ['description']);
  if (fields === undefined) return notUnderstood('expected {command} with a text');
  return assessShell(textOf(fields, 'command'), surroundings);
}

/** The git tool hands over words, not a command line, and switches off what a checkout's configuration would run. */
function assessGit(input: Json, surroundings: Surroundings): Assessment {
  const fields = understand(input, [], ['args']);
  const args = fields?.['args'];
  if (typeof args === 'string') return assessShell(`git ${args}`, surroundings);
  if (!Array.isArray(args) || !args.every((word) => typeof word === 'string'))
    return notUnderstood('expected {args} with the words after git');
  return assessArgv(args[0] === 'git' ? args : ['git', ...args], surroundings, { neutralised: true });
}
