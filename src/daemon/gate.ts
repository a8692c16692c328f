import type { Gate, GateRun, Judged } from '../agent/ports.ts';
import type { Classifier } from '../agent/classifier.ts';
import type { Workspace } from '../core/agent.ts';
import { assess } from '../permissions/assess.ts';
import type { Assessment, Surroundings, ToolCall } from '../permissions/call.ts';
import { decide } from '../permissions/decide.ts';
import type { PermissionPolicy } from '../permissions/options.ts';
import { judgePath } from '../permissions/paths.ts';
import { hashOf, showCall } from '../permissions/shown.ts';

export interface GateParts {
  /** The machine, as it is for a run in this workspace. */
  readonly surroundings: (workspace: Workspace | undefined) => Surroundings;
  readonly policy: () => PermissionPolicy;
  /** undefined: nothing is settled by a model. */
  readonly classifier: () => Classifier | undefined;
  /** What a call would change of what is protected although its words do not name it (git), in words. Looks, and changes nothing. */
  readonly foresee: (
    call: ToolCall,
    workspace: Workspace | undefined,
    signal: AbortSignal,
  ) => Promise<string | undefined>;
}

/** The gate before every call, and what it lets tools do while the call is under way. */
export interface DaemonGate extends Gate {
  /** Whether a call that is under way may change files. Of one that is not: no. */
  mayWrite(callId: string): boolean;
  /** Whether a call that is under way may read secrets: its words say all it reads, or a human allowed it. */
  seesSecrets(callId: string): boolean;
  /** Whether a call may touch what its path really leads to. */
  allowed(canonical: string, intent: 'read' | 'write', callId: string): boolean;
}

/** Puts rules, policy and the fast model together. Rules decide; the model may only settle what they leave open. */
export function createGate(parts: GateParts): DaemonGate {
  const underWay = new Map<string, OpenCall[]>();
  const callsOf = (callId: string): readonly OpenCall[] => underWay.get(callId) ?? [];
  return {
    async judge(call, facts, run) {
      const surroundings = parts.surroundings(run.workspace);
      const assessment = await furtherSeen(call, assess(call, surroundings), { ...run, surroundings }, parts);
      const classifier = parts.classifier();
      const verdict = decide(assessment, facts, parts.policy(), classifier !== undefined);
      if (verdict.kind === 'run') return { kind: 'run', flag: verdict.flag, assessment };
      if (verdict.kind === 'hand-back') return verdict;
      if (verdict.kind === 'classify' && classifier !== undefined) {
        const settled = await classifier.classify(call, assessment, run, run.signal);
        if (settled.verdict === 'run') return { kind: 'run', flag: true, assessment };
        return ask(call, assessment, surroundings, `${assessment.reason}; ${settled.reason}`);
      }
      return ask(call, assessment, surroundings, verdict.kind === 'ask' ? verdict.reason : assessment.reason);
    },
    begin({ callId, assessment, approved, target, workspace }) {
      const open = {
        writes: assessment.writes || approved,
        secrets: approved || assessment.readsSecrets,
        seesSecrets: approved || assessment.readsSecrets || assessment.risk === 'LOW',
        approved: approved ? target : undefined,
        surroundings: parts.surroundings(workspace),
      };
      underWay.set(callId, [...callsOf(callId), open]);
      return {
        [Symbol.dispose]() {
          const others = callsOf(callId).filter((one) => one !== open);
          if (others.length === 0) underWay.delete(callId);
          else underWay.set(callId, others);
        },
      };
    },
    // Two sessions may name a call alike: then each may do only what both may.
    mayWrite: (callId) => callsOf(callId).length > 0 && callsOf(callId).every(({ writes }) => writes),
    seesSecrets: (callId) => callsOf(callId).length > 0 && callsOf(callId).every(({ seesSecrets }) => seesSecrets),
    allowed(canonical, intent, callId) {
      const calls = callsOf(callId);
      const may = ({ approved, secrets, surroundings }: OpenCall): boolean => {
        if (approved === canonical) return true;
        const found = judgePath(canonical, intent, surroundings);
        // A search through a directory was not judged as one for secrets: what may be one is left out.
        return found.risk !== 'HIGH' && (secrets || !found.readsSecrets);
      };
      return calls.length > 0 && calls.every(may);
    },
  };
}

interface OpenCall {
  readonly writes: boolean;
  /** The gate counts it among what reads secrets. */
  readonly secrets: boolean;
  readonly seesSecrets: boolean;
  /** The one path that a human allowed: where it led when the call was held against what they saw. */
  readonly approved: string | undefined;
  readonly surroundings: Surroundings;
}

/** What the words of a call do not say: what git would bring, and whose words lie where it runs. */
async function furtherSeen(
  call: ToolCall,
  assessment: Assessment,
  { workspace, signal, surroundings }: GateRun & { readonly surroundings: Surroundings },
  parts: GateParts,
): Promise<Assessment> {
  // Whatever runs in somebody else's checkout, git's log included, may show their words; and what a run left that had read some.
  const now = surroundings.workspaces.find(({ path }) => path === workspace?.path) ?? workspace;
  const open = call.tool === 'git' || assessment.risk !== 'LOW' || assessment.readsSecrets;
  const left = open && now !== undefined && surroundings.leftByOutside?.(now.path) === true;
  const theirs = RUNS.has(call.tool) && (now?.trust === 'outside' || left);
  const seen = theirs ? { ...assessment, readsOutside: true } : assessment;
  const foreseen = seen.risk === 'HIGH' ? undefined : await parts.foresee(call, workspace, signal);
  return foreseen === undefined ? seen : { ...seen, risk: 'HIGH', reason: foreseen };
}

const RUNS = new Set(['shell', 'git']);

/** What the owner is shown names what the path really is: if that changes before the call is made, it is another call. */
function ask(call: ToolCall, assessment: Assessment, surroundings: Surroundings, reason: string): Judged {
  const bound = { ...call, cwd: surroundings.cwd ?? null };
  const really = leadsTo(call, surroundings);
  const given = pathOf(call);
  const note = really === undefined || really === given ? '' : `\nthe path leads to ${JSON.stringify(really)}`;
  return { kind: 'ask', reason, assessment, shown: `${showCall(bound)}${note}`, hash: hashOf(bound), target: really };
}

function leadsTo(call: ToolCall, surroundings: Surroundings): string | undefined {
  const path = pathOf(call);
  if (path === undefined) return undefined;
  const absolute = path.startsWith('~/')
    ? `${surroundings.userHome}${path.slice(1)}`
    : path.startsWith('/') || surroundings.cwd === undefined
      ? path
      : `${surroundings.cwd}/${path}`;
  return surroundings.resolve(absolute).canonical;
}

/** The one path of the tools over files. */
function pathOf({ tool, input }: ToolCall): string | undefined {
  if (!['read', 'write', 'edit', 'grep'].includes(tool) || typeof input !== 'object' || input === null)
    return undefined;
  const { path } = input as { readonly path?: unknown };
  return typeof path === 'string' ? path : undefined;
}
