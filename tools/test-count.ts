/**
 * Counts what a vitest JSON report says, so that a suite that broke before its first test is never a success, and
 * names what failed, so that the end of a long log tells what its middle said.
 */
import { z } from 'zod';

export const SUITES = ['unit', 'postgres', 'cluster', 'browser', 'end-to-end'] as const;

export interface SuiteCount {
  readonly passed: number;
  readonly failed: number;
  /** One text per failed test or file: where it stands, its name, and the first lines of its message. */
  readonly failures: readonly string[];
}

const MESSAGE_LINES = 12;

const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/**
 * @param report the JSON report, or undefined when vitest wrote none
 * @param exitCode of vitest; a non-zero one counts as a failure even when no test failed (an unhandled rejection)
 */
export function countReport(report: string | undefined, exitCode: number): SuiteCount {
  if (report === undefined) {
    return { passed: 0, failed: 1, failures: ['vitest wrote no report: what it said last is above'] };
  }
  const files = Report.parse(JSON.parse(report)).testResults;
  const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
  const passed = tests.filter((test) => test.status === 'passed').length;
  const failedTests = tests
    .filter((test) => test.status === 'failed')
    .map((test) => describeFailure(`${test.file}: ${test.fullName}`, test.failureMessages?.[0]));
  // A file can fail outside of its tests: an import error, or a beforeAll that threw and left its tests skipped.
  const brokenFiles = files
    .filter(
      (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
    )
    .map((file) => describeFailure(file.name, file.message));
  const failures = [...failedTests, ...brokenFiles];
  if (failures.length === 0 && exitCode !== 0) {
    failures.push(
      `no test failed, yet vitest ended with ${exitCode}: an error outside of every test is told above`,
    );
  }
  return { passed, failed: failures.length, failures };
}

function describeFailure(where: string, message: string | undefined): string {
  const lines = (message ?? '').split('\n').slice(0, MESSAGE_LINES);
  return [where, ...lines.filter((line) => line.trim() !== '').map((line) => `    ${line}`)].join('\n');
}

export function sumCounts(counts: readonly SuiteCount[]): SuiteCount {
  return {
    passed: counts.reduce((sum, count) => sum + count.passed, 0),
    failed: counts.reduce((sum, count) => sum + count.failed, 0),
    failures: counts.flatMap((count) => count.failures),
  };
}
