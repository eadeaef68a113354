import { describe, expect, it } from 'vitest';
import { countReport, sumCounts } from './test-count.ts';

function report(...files: readonly { status: string; tests: readonly string[] }[]): string {
  return JSON.stringify({
    testResults: files.map((file) => ({
      status: file.status,
      assertionResults: file.tests.map((status) => ({ status })),
    })),
  });
}

describe('countReport', () => {
  it('counts passed and failed tests over all files', () => {
    const text = report(
      { status: 'passed', tests: ['passed', 'passed'] },
      { status: 'failed', tests: ['failed', 'passed'] },
    );
    expect(countReport(text, 1)).toEqual({ passed: 3, failed: 1 });
  });

  it('counts a file that broke before its first test as a failure', () => {
    expect(countReport(report({ status: 'failed', tests: [] }), 1)).toEqual({ passed: 0, failed: 1 });
  });

  it('counts a file whose set-up threw and skipped its tests as a failure', () => {
    expect(countReport(report({ status: 'failed', tests: ['skipped', 'skipped'] }), 1)).toEqual({
      passed: 0,
      failed: 1,
    });
  });

  it('counts a run that left no report as a failure', () => {
    expect(countReport(undefined, 0)).toEqual({ passed: 0, failed: 1 });
  });

  it('counts a non-zero exit as a failure when every test passed', () => {
    expect(countReport(report({ status: 'passed', tests: ['passed'] }), 1)).toEqual({ passed: 1, failed: 1 });
  });
});

describe('sumCounts', () => {
  it('adds up the suites', () => {
    expect(
      sumCounts([
        { passed: 2, failed: 0 },
        { passed: 3, failed: 1 },
      ]),
    ).toEqual({ passed: 5, failed: 1 });
  });
});
