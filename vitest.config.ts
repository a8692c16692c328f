import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type Reporter, type TestSpecification } from 'vitest/node';

// A machine reads the result where `.ci/run` asks for it; a person reads the closing lines.
const reportFile = process.env['KAIROS_TEST_REPORT'];

// Each file is a process: what Node makes of the TypeScript is kept for the next ones and their children, during one run.
const compiled = mkdtempSync(join(tmpdir(), 'kairosd-compiled-'));
process.once('exit', () => rmSync(compiled, { recursive: true, force: true }));

/** Names each skipped test with its reason, which the default reporter keeps to itself. */
const skipReasons: Reporter = {
  onTestRunEnd(modules) {
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result();
        const reason = result.state === 'skipped' ? result.note : undefined;
        if (test.options.mode === 'run' || reason)
          console.log(` skipped: ${test.fullName}: ${reason ?? 'no reason given'}`);
      }
    }
  },
};

/** What lives through a day or a week is begun first, so that no worker is left alone with it at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line no-array-sort -- it is the sequencer's own
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

function isLong({ moduleId }: TestSpecification): boolean {
  return /\/test\/(?:e2e|simulation)\//.test(moduleId);
}

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    // Forks are started by this process's own executable: the pinned Node, whatever `node` is in PATH.
    pool: 'forks',
    maxWorkers: 2,
    env: { NODE_COMPILE_CACHE: compiled },
    sequence: { sequencer: LongestFirst },
    // Node itself loads the files, types stripped: the tests run what the daemon runs, line for line.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    passWithNoTests: false,
    allowOnly: false,
    reporters: reportFile ? [skipReasons, 'default', ['json', { outputFile: reportFile }]] : [skipReasons, 'default'],
  },
});
