/**
 * `npm test`: every suite from the fastest to the slowest, one after the other because two cores are shared with
 * a whole Kubernetes node, then what failed, by name, and the sum as `N passed, N failed` alone on the last line.
 *
 * Usage: node tools/test.ts [unit|postgres|cluster|browser|end-to-end ...]
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SUITES, type SuiteCount, countReport, sumCounts } from './test-count.ts';

const VITEST = resolve(import.meta.dirname, '../node_modules/vitest/vitest.mjs');

async function runSuite(suite: string, reportDirectory: string): Promise<SuiteCount> {
  const reportFile = join(reportDirectory, `${suite}.json`);
  const startedAt = performance.now();
  console.log(`\n== ${suite} tests ==`);
  const exitCode = await new Promise<number>((settle) => {
    const child = spawn(
      process.execPath,
      [
        VITEST,
        'run',
        '--project',
        suite,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${reportFile}`,
      ],
      { stdio: 'inherit' },
    );
    child.on('error', () => settle(1));
    child.on('exit', (code) => settle(code ?? 1));
  });
  const report = await readFile(reportFile, 'utf8').catch(() => undefined);
  const count = countReport(report, exitCode);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`== ${suite}: ${count.passed} passed, ${count.failed} failed in ${seconds} s ==`);
  return count;
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !SUITES.some((suite) => suite === name));
  if (unknown.length > 0) {
    console.error(`There is no test suite called ${unknown.join(', ')}: choose from ${SUITES.join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  const reportDirectory = await mkdtemp(join(tmpdir(), 'capataz-test-'));
  const counts: SuiteCount[] = [];
  for (const suite of SUITES) {
    if (wanted.length === 0 || wanted.includes(suite)) {
      counts.push(await runSuite(suite, reportDirectory));
    }
  }
  await rm(reportDirectory, { recursive: true });
  const total = sumCounts(counts);
  if (total.failures.length > 0) {
    console.log(`\n== what failed ==\n${total.failures.join('\n')}`);
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

await main();
