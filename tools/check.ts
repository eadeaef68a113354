/**
 * `npm run check`: everything that can be said of the source without running it. All checks run, so that one
 * call shows all problems. `--fix` formats and repairs what the linter can.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const BIN = resolve(import.meta.dirname, '../node_modules/.bin');
const isFixing = process.argv.includes('--fix');

const CHECKS: readonly {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
}[] = [
  { name: 'format', command: `${BIN}/oxfmt`, arguments: isFixing ? ['.'] : ['--check', '.'] },
  { name: 'lint', command: `${BIN}/oxlint`, arguments: isFixing ? ['--fix'] : [] },
  { name: 'types', command: `${BIN}/tsc`, arguments: ['--project', '.'] },
  { name: 'types of the page', command: `${BIN}/tsc`, arguments: ['--project', 'services/console/page'] },
  { name: 'unused', command: process.execPath, arguments: [`${BIN}/knip`] },
  {
    name: 'generated',
    command: process.execPath,
    arguments: ['tools/generate-manifests.ts', ...(isFixing ? [] : ['--check'])],
  },
];

let failed = 0;
for (const check of CHECKS) {
  const { status } = spawnSync(check.command, check.arguments, { stdio: 'inherit' });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${check.name}`);
  failed += status === 0 ? 0 : 1;
}
process.exitCode = failed === 0 ? 0 : 1;
