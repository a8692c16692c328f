import { homedir } from 'node:os';
import { join } from 'node:path';
import { workspaceOf } from '../agent/workspaces.ts';
import type { Tool, Workspace } from '../core/agent.ts';
import type { Clock, Redact } from '../core/ports.ts';
import { askTool } from '../tools/ask.ts';
import { createEditTool } from '../tools/edit.ts';
import { fetchTool } from '../tools/fetch.ts';
import type { ExecPorts } from '../tools/execute.ts';
import { gitTool } from '../tools/git.ts';
import type { GitHubPort } from '../tools/github-port.ts';
import { githubTool } from '../tools/github.ts';
import { createGlobTool } from '../tools/glob.ts';
import { createGrepTool } from '../tools/grep.ts';
import type { FileAccess } from '../tools/held.ts';
import { createMemoryTool, type MemoryPort } from '../tools/memory.ts';
import { notifyTool } from '../tools/notify.ts';
import { resultsPathOf } from '../tools/offload.ts';
import { createReadTool } from '../tools/read.ts';
import { findRipgrep } from '../tools/ripgrep.ts';
import type { Sandbox } from '../tools/confinement.ts';
import { scheduleTool } from '../tools/schedule.ts';
import { shellTool } from '../tools/shell.ts';
import { sleepTool } from '../tools/sleep.ts';
import { createWriteTool } from '../tools/write.ts';
import type { Config } from './config.ts';
import type { DaemonGate } from './gate.ts';

export interface ToolParts {
  readonly config: Pick<Config, 'tools' | 'timezone' | 'notify' | 'agent'>;
  readonly home: string;
  readonly workspaces: () => readonly Workspace[];
  readonly gate: Pick<DaemonGate, 'allowed' | 'mayWrite' | 'seesSecrets'>;
  readonly sandbox: Sandbox;
  /** undefined: there is no GitHub token. */
  readonly github: GitHubPort | undefined;
  readonly memory: MemoryPort;
  readonly searchPath: string;
  readonly clock: Clock;
  readonly redact: Redact;
}

/** Files of the owner that a command must not reach through another name of theirs. */
const OWNERS_FILES = ['.bashrc', '.bash_profile', '.profile', '.zshrc', '.zprofile', '.zshenv', '.gitconfig', '.npmrc'];

/** A page of a file stays below what the loop cuts results at: what is cut there is neither paged nor recognised. */
const READ_MARGIN_BYTES = 512;

/** What the agent has in its hands, always in this order: it is part of the cached prefix. */
export function createTools(parts: ToolParts): readonly Tool[] {
  const { clock, redact, home, config, gate, sandbox, searchPath, github, memory } = parts;
  const access = accessOf(parts);
  const ripgrep = findRipgrep(searchPath);
  const exec: ExecPorts = {
    sandbox,
    clock,
    mayWrite: (callId) => gate.mayWrite(callId),
    seesSecrets: (callId) => gate.seesSecrets(callId),
    lang: 'C.UTF-8',
    timezone: config.timezone,
    quarantine: join(home, 'artifacts', 'quarantine'),
    outside: [
      ...OWNERS_FILES.map((name) => join(homedir(), name)),
      ...['config.yaml', 'secrets.env', 'KAIROS.md', 'token'].map((name) => join(home, name)),
    ],
  };
  const { shell, fetch } = config.tools;
  return [
    createReadTool({ access, redact, bytesMax: config.agent.limits.toolResultBytes - READ_MARGIN_BYTES }),
    createWriteTool(access),
    createEditTool(access),
    createGlobTool({ access, clock }),
    createGrepTool({ access, clock, ripgrep }),
    ...(shell.enabled ? [shellTool(shell, exec)] : []),
    gitTool(shell, exec),
    fetchTool(fetch, { clock }),
    ...(github === undefined ? [] : [githubTool(github)]),
    createMemoryTool({ home, clock, ripgrep, memory }),
    notifyTool({ channels: () => config.notify.map(({ name }) => name) }),
    scheduleTool({ clock, timeZone: () => config.timezone }),
    sleepTool({ clock }),
    askTool(),
  ];
}

function accessOf({ gate, workspaces, home }: ToolParts): FileAccess {
  return {
    allowed: (canonical, intent, callId) => gate.allowed(canonical, intent, callId),
    trustOf: (canonical) => (workspaceOf(workspaces(), canonical)?.trust === 'outside' ? 'outside' : 'tool'),
    userHome: homedir(),
    resultsPath: resultsPathOf(home),
  };
}
