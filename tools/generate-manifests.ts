/**
 * Writes every generated file: `node tools/generate-manifests.ts`. With `--check` it writes nothing and fails with
 * the list of files that are not in step.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { filesOutOfStep, generateFiles, strayFiles } from './manifests/generated-files.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const files = generateFiles();

if (values.check) {
  const outOfStep = await filesOutOfStep(root, files);
  if (outOfStep.length > 0) {
    console.error('These files are not what their sources generate. Run: node tools/generate-manifests.ts');
    for (const path of outOfStep) console.error(`  ${path}`);
    process.exitCode = 1;
  }
} else {
  for (const path of await strayFiles(root, files)) await rm(join(root, path), { recursive: true });
  for (const [path, text] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  console.log(`${files.size} files written.`);
}
