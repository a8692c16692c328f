import { defineConfig } from 'vitest/config';
import type { Reporter } from 'vitest/node';

// A machine reads the result where `.ci/run` asks for it; a person reads the closing lines.
const reportFile = process.env['KAIROS_TEST_REPORT'];

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

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    // Forks are started by this process's own executable: the pinned Node, whatever `node` is in PATH.
    pool: 'forks',
    maxWorkers: 2,
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
