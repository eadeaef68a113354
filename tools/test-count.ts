/** Counts what a vitest JSON report says, so that a suite that broke before its first test is never a success. */
import { z } from 'zod';

export const SUITES = ['unit', 'postgres', 'cluster', 'end-to-end'] as const;

export interface SuiteCount {
  readonly passed: number;
  readonly failed: number;
}

const Report = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

/**
 * @param report the JSON report, or undefined when vitest wrote none
 * @param exitCode of vitest; a non-zero one counts as a failure even when no test failed (an unhandled rejection)
 */
export function countReport(report: string | undefined, exitCode: number): SuiteCount {
  if (report === undefined) {
    return { passed: 0, failed: 1 };
  }
  const files = Report.parse(JSON.parse(report)).testResults;
  const statuses = files.flatMap((file) => file.assertionResults.map((test) => test.status));
  const passed = statuses.filter((status) => status === 'passed').length;
  const failedTests = statuses.filter((status) => status === 'failed').length;
  // A file can fail outside of its tests: an import error, or a beforeAll that threw and left its tests skipped.
  const brokenFiles = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = failedTests + brokenFiles;
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

export function sumCounts(counts: readonly SuiteCount[]): SuiteCount {
  return {
    passed: counts.reduce((sum, count) => sum + count.passed, 0),
    failed: counts.reduce((sum, count) => sum + count.failed, 0),
  };
}
