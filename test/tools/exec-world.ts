import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Tool, ToolContext, ToolResult } from '../../src/core/agent.ts';
import type { Clock } from '../../src/core/ports.ts';
import { fetchOptions, shellOptions, type FetchOptions, type ShellOptions } from '../../src/tools/exec-options.ts';
import type { ExecPorts } from '../../src/tools/execute.ts';
import { gitTool } from '../../src/tools/git.ts';
import type { Sandbox } from '../../src/tools/confinement.ts';
import { openSandbox } from '../../src/tools/sandbox.ts';
import { shellTool } from '../../src/tools/shell.ts';

/** The clock of the machine: real processes take real time. */
export const realClock: Clock = {
  wallMs: () => performance.timeOrigin + performance.now(),
  monoMs: () => performance.now(),
  sleep: async (delayMs, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
    }),
};

/** A workspace, a home of kairosd and an owner's home, all real, all gone afterwards. */
export class ExecWorld {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'kairos-exec-')));
  readonly workspace = join(this.root, 'src', 'app');
  readonly home = join(this.root, 'home', '.kairos');
  readonly owner = join(this.root, 'home');
  /** Of the calls that the gate let write. */
  readonly writing = new Set<string>();

  constructor() {
    for (const folder of [this.workspace, this.home]) mkdirSync(folder, { recursive: true });
    this.put(join(this.owner, '.bashrc'), '# start file of the owner\n');
    this.put(join(this.owner, '.gitconfig'), '[user]\n\tname = Owner\n');
    this.put(join(this.home, 'config.yaml'), 'timezone: UTC\n');
    this.put(join(this.home, 'secrets.env'), 'TOKEN=hunter2\n');
  }

  put(path: string, text: string): void {
    const whole = path.startsWith('/') ? path : join(this.workspace, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text);
  }

  /** git by hand, as the owner would. */
  git(...args: string[]): string {
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.owner, GIT_CONFIG_NOSYSTEM: '1' };
    return execFileSync(
      'git',
      ['-C', this.workspace, '-c', 'user.name=Owner', '-c', 'user.email=o@example.org', ...args],
      {
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
  }

  async sandbox(more: Partial<Parameters<typeof openSandbox>[0]> = {}): Promise<Sandbox> {
    return openSandbox({
      platform: process.platform,
      clock: realClock,
      nodePath: process.execPath,
      searchPath: process.env['PATH'] ?? '',
      hidden: [this.home],
      readable: [],
      ...more,
    });
  }

  ports(sandbox: Sandbox): ExecPorts {
    return {
      sandbox,
      clock: realClock,
      mayWrite: (callId) => this.writing.has(callId),
      seesSecrets: () => false,
      lang: 'C.UTF-8',
      timezone: 'UTC',
      quarantine: join(this.home, 'artifacts', 'quarantine'),
      outside: [join(this.owner, '.bashrc'), join(this.home, 'config.yaml')],
    };
  }

  context(callId: string, more: Partial<ToolContext> = {}): ToolContext {
    return {
      jobId: 1,
      sessionId: 1,
      callId,
      workspace: { name: 'app', path: this.workspace, trust: 'owner' },
      signal: new AbortController().signal,
      items: [],
      eventId: null,
      reactive: true,
      tainted: false,
      ...more,
    };
  }

  async shell(command: string, given: Given = {}): Promise<ToolResult> {
    const sandbox = given.sandbox ?? (await this.sandbox());
    return this.#call(shellTool(shellOptions.parse(given.options ?? {}), this.ports(sandbox)), { command }, given);
  }

  async git_(args: readonly string[] | string, given: Given = {}): Promise<ToolResult> {
    const sandbox = given.sandbox ?? (await this.sandbox());
    return this.#call(gitTool(shellOptions.parse(given.options ?? {}), this.ports(sandbox)), { args }, given);
  }

  async #call(tool: Tool, input: unknown, { writes = false, context = {} }: Given): Promise<ToolResult> {
    const callId = `call-${this.#calls++}`;
    if (writes) this.writing.add(callId);
    const parsed = tool.parse(input);
    if (!parsed.ok) return { text: parsed.message, isError: true };
    return tool.run(parsed.input, this.context(callId, context));
  }
  #calls = 0;

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

interface Given {
  readonly writes?: boolean;
  readonly options?: Partial<ShellOptions> | Record<string, unknown>;
  readonly sandbox?: Sandbox;
  readonly context?: Partial<ToolContext>;
}

export function fetchSettings(given: Record<string, unknown> = {}): FetchOptions {
  return fetchOptions.parse(given);
}

/** Why no real sandbox can be tried here; undefined where it can. */
export async function whyNoSandbox(): Promise<string | undefined> {
  using world = new ExecWorld();
  const sandbox = await world.sandbox();
  return sandbox.kind === 'bubblewrap' ? undefined : `no bubblewrap here: ${sandbox.reason ?? sandbox.kind}`;
}
