import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KINDS } from '#crds/kinds.ts';
import { MODEL } from '#crds/model.ts';
import { toCustomResourceDefinition } from './custom-resource-definition.ts';
import { filesOutOfStep, generateFiles } from './generated-files.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'generated-files-'));
  for (const [path, text] of generateFiles()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('generated files', () => {
  it('are in step right after they were written', async () => {
    expect(await filesOutOfStep(root, generateFiles())).toEqual([]);
  });

  it('are out of step when one was edited, is missing, or belongs to a kind that is no more', async () => {
    await writeFile(join(root, 'docs/reference/kinds.md'), 'edited');
    await rm(join(root, 'crds/manifests/capataz.dev_agents.yaml'));
    await writeFile(join(root, 'crds/manifests/capataz.dev_robots.yaml'), 'kind: Robot');
    expect(await filesOutOfStep(root, generateFiles())).toEqual([
      'crds/manifests/capataz.dev_agents.yaml',
      'crds/manifests/capataz.dev_robots.yaml',
      'docs/reference/kinds.md',
    ]);
  });

  it('hold a manifest and a template of the chart for every kind', () => {
    const paths = [...generateFiles().keys()];
    for (const { plural } of KINDS) {
      expect(paths).toContain(`crds/manifests/capataz.dev_${plural}.yaml`);
      expect(paths).toContain(`helm/capataz/templates/custom-resource-definitions/${plural}.yaml`);
    }
  });

  it('keep braces in a description as text, where Helm would take them for a template', () => {
    const files = generateFiles([{ ...MODEL, description: 'Fills {{name}} in.' }]);
    const template = files.get('helm/capataz/templates/custom-resource-definitions/models.yaml');
    expect(template).toContain('Fills {{ "{{" }}name}} in.');
  });
});

describe('a rule over the whole object', () => {
  it('is refused when it reads metadata other than the name', () => {
    const rules = [{ rule: "self.metadata.labels['a'] == 'b'", message: 'never seen' }];
    expect(() => toCustomResourceDefinition({ ...MODEL, rules })).toThrow(
      "Model: the rule self.metadata.labels['a'] == 'b' reads metadata.labels, but rules can read metadata.name and metadata.generateName only",
    );
  });
});
