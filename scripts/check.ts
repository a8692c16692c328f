/**
 * `npm run check`: everything a machine can say about the code without running it. All four tools run whatever the
 * others find; what a failed one printed comes first, the table last.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';

interface Tool {
  readonly name: string;
  readonly says: string;
  /** The tool's own script below node_modules, and what it is told. */
  readonly argv: readonly string[];
}

const root = join(import.meta.dirname, '..');
const TOOLS: readonly Tool[] = [
  { name: 'oxfmt', says: 'layout', argv: ['oxfmt/bin/oxfmt', '--check'] },
  { name: 'oxlint', says: 'rules, with types', argv: ['oxlint/bin/oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'tsc', says: 'types', argv: ['typescript/bin/tsc', '--project', '.'] },
  {
    name: 'knip',
    says: 'unused files, exports, packages',
    argv: ['knip/bin/knip.js'],
  },
];
const OUTPUT_BYTES_MAX = 16 * 1_048_576;

const results = await Promise.all(TOOLS.map(run));
for (const result of results) {
  if (!result.passed) console.log(`── ${result.name}\n${result.output.trim()}\n`);
}
for (const { name, says, passed, ms } of results) {
  console.log(`${passed ? 'pass' : 'FAIL'}  ${name.padEnd(7)} ${says.padEnd(32)} ${(ms / 1_000).toFixed(1)} s`);
}
process.exitCode = results.every((result) => result.passed) ? 0 : 1;

/** Runs one tool under the Node that runs this script. A tool that cannot be started has failed. */
async function run(tool: Tool): Promise<{ name: string; says: string; passed: boolean; output: string; ms: number }> {
  const [script = '', ...options] = tool.argv;
  const startedMs = performance.now();
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'node_modules', script), ...options],
      { cwd: root, maxBuffer: OUTPUT_BYTES_MAX },
      (error, stdout, stderr) => {
        const output = [stdout, stderr, stdout + stderr === '' ? (error?.message ?? '') : ''].join('');
        resolve({
          name: tool.name,
          says: tool.says,
          passed: error === null,
          output,
          ms: performance.now() - startedMs,
        });
      },
    );
  });
}
