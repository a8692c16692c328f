import { z } from 'zod';
import type { Tool, ToolContext, ToolResult } from '../core/agent.ts';
import { defineTool, failure } from './define.ts';
import { describeProcess, executeGuarded, type ExecPorts } from './execute.ts';
import type { ShellOptions } from './exec-options.ts';
import type { ProcessResult } from './process.ts';

/** A longer command is HIGH unparsed; nobody writes one. */
const COMMAND_BYTES_MAX = 131_072;

/**
 * The tool `shell`: a command line for bash, in the sandbox, in the workspace. Of the machine it sees the system, a private
 * /tmp and home, and the workspace: read-only unless the gate found that the call writes. No input, no secrets in its
 * environment, no network unless `tools.shell.network`. Where there is no sandbox, what the gate let through runs without.
 */
export function shellTool(options: ShellOptions, ports: ExecPorts): Tool {
  return defineTool({
    name: 'shell',
    description:
      'Runs a command line with bash in the workspace, in a sandbox: own /tmp, no secrets, usually no network, no input. ' +
      'Files such as .git, .envrc or CI settings are read-only in it: use the tools git, write and edit for them. ' +
      'Output comes back in order, stdout and stderr together.',
    input: z.strictObject({
      command: z
        .string()
        .min(1)
        .refine((text) => Buffer.byteLength(text) <= COMMAND_BYTES_MAX && !text.includes('\0'), {
          error: `must be at most ${COMMAND_BYTES_MAX} bytes without NUL`,
        })
        .describe('The command line, for bash.'),
    }),
    run: async ({ command }, context) => run(command, context, options, ports),
  });
}

async function run(
  command: string,
  context: ToolContext,
  options: ShellOptions,
  ports: ExecPorts,
): Promise<ToolResult> {
  if (!options.enabled) return failure('the shell is switched off (tools.shell.enabled in config.yaml)');
  const writable = ports.mayWrite(context.callId);
  const cwd = context.workspace?.path ?? (ports.sandbox.kind === 'none' ? '/' : '/tmp');
  // Where there is no bash, sh has to do.
  const find = 'if [ -x /bin/bash ]; then exec /bin/bash --noprofile --norc -c "$1"; fi; exec /bin/sh -c "$1"';
  const done = await executeGuarded(
    { argv: ['/bin/sh', '-c', find, 'sh', command], writable, cwd },
    context,
    options,
    ports,
  );
  if ('refused' in done) return failure(done.refused);
  return describeProcess(done.result, options, [...done.remarks, ...explain(done.result, writable, ports)]);
}

/** Why something was not possible that elsewhere is: else the model tries again and again. */
function explain({ text, exitCode }: ProcessResult, writable: boolean, { sandbox }: ExecPorts): string[] {
  if (exitCode === 0 || sandbox.kind === 'none') return [];
  if (!/Read-only file system|Device or resource busy|EROFS|Operation not permitted/.test(text)) return [];
  return [
    writable
      ? 'In the sandbox only the workspace and /tmp can be written, and protected files cannot; git, write and edit ask the owner for those'
      : 'This command was taken for one that only reads, so the workspace was read-only for it',
  ];
}
