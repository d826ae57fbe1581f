// The last line of CI, from vitest's JSON report. A skipped test fails: it would pass for one that ran.
import { readFileSync } from 'node:fs';

const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults, success } = JSON.parse(
  readFileSync(process.argv[2], 'utf8'),
);
const skipped = numPendingTests + numTodoTests;
for (const { name, assertionResults } of testResults) {
  for (const { status, fullName } of assertionResults) {
    if (status !== 'passed' && status !== 'failed') console.log(`skipped: ${name}: ${fullName}`);
  }
}
console.log(`${numPassedTests} passed, ${numFailedTests + skipped} failed`);
process.exit(success && numPassedTests > 0 && skipped === 0 ? 0 : 1);
