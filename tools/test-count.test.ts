import { describe, expect, it } from 'vitest';
import { countReport, sumCounts } from './test-count.ts';

function report(...files: readonly { status: string; message?: string; tests: readonly string[] }[]): string {
  return JSON.stringify({
    testResults: files.map((file, place) => ({
      name: `file-${place}.test.ts`,
      status: file.status,
      message: file.message,
      assertionResults: file.tests.map((status, number) => ({
        fullName: `test ${number}`,
        status,
        failureMessages: status === 'failed' ? ['AssertionError: expected 1 to be 2\n    at line 3'] : [],
      })),
    })),
  });
}

describe('countReport', () => {
  it('counts passed and failed tests over all files', () => {
    const text = report(
      { status: 'passed', tests: ['passed', 'passed'] },
      { status: 'failed', tests: ['failed', 'passed'] },
    );
    expect(countReport(text, 1)).toMatchObject({ passed: 3, failed: 1 });
  });

  it('counts a file that broke before its first test as a failure', () => {
    expect(countReport(report({ status: 'failed', tests: [] }), 1)).toMatchObject({ passed: 0, failed: 1 });
  });

  it('counts a file whose set-up threw and skipped its tests as a failure', () => {
    expect(countReport(report({ status: 'failed', tests: ['skipped', 'skipped'] }), 1)).toMatchObject({
      passed: 0,
      failed: 1,
    });
  });

  it('counts a run that left no report as a failure', () => {
    expect(countReport(undefined, 0)).toMatchObject({ passed: 0, failed: 1 });
  });

  it('counts a non-zero exit as a failure when every test passed', () => {
    expect(countReport(report({ status: 'passed', tests: ['passed'] }), 1)).toMatchObject({
      passed: 1,
      failed: 1,
    });
  });

  it('names each failed test with its file and its message', () => {
    const text = report(
      { status: 'failed', tests: ['passed', 'failed'] },
      { status: 'failed', message: 'Cannot find package "left"', tests: [] },
    );
    expect(countReport(text, 1).failures).toEqual([
      'file-0.test.ts: test 1\n    AssertionError: expected 1 to be 2\n        at line 3',
      'file-1.test.ts\n    Cannot find package "left"',
    ]);
  });

  it('says so when nothing is named as failed and yet the run ended badly', () => {
    expect(countReport(report({ status: 'passed', tests: ['passed'] }), 1).failures[0]).toContain(
      'ended with 1',
    );
    expect(countReport(undefined, 0).failures).toHaveLength(1);
  });
});

describe('sumCounts', () => {
  it('adds up the suites', () => {
    expect(
      sumCounts([
        { passed: 2, failed: 0, failures: [] },
        { passed: 3, failed: 1, failures: ['one'] },
      ]),
    ).toEqual({ passed: 5, failed: 1, failures: ['one'] });
  });
});
