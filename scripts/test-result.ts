/**
 * `bin/node scripts/test-result.ts REPORT`: what vitest's JSON report says, for `.ci/run`. Names each test that failed
 * or was skipped, then says `N passed, N failed` alone on the last line. A skipped test counts as failed: CI is the
 * place where nothing is skipped.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const Report = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

const path = process.argv[2];
if (path === undefined) throw new Error('expected the path of a vitest JSON report, got nothing');
const report = Report.parse(JSON.parse(readFileSync(path, 'utf8')));

const tests = report.testResults.flatMap((file) => file.assertionResults);
const passed = tests.filter((test) => test.status === 'passed').length;
const others = tests.filter((test) => test.status !== 'passed');
// A file that could not even be loaded has no tests to count, and is a failure all the same.
const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);

for (const test of others) console.log(`${test.status === 'failed' ? 'failed' : 'skipped'}: ${test.fullName}`);
for (const file of broken) console.log(`failed to load: ${file.name} ${file.message ?? ''}`);
const failed = others.length + broken.length;
// Something else, such as an unhandled rejection between two tests, may have failed the run.
if (failed === 0 && !report.success) console.log('failed: the run itself (see above)');
const counted = failed === 0 && !report.success ? 1 : failed;
console.log(`${passed} passed, ${counted} failed`);
process.exitCode = counted === 0 && passed > 0 ? 0 : 1;
