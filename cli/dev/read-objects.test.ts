import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ReadObjects, createObjectReader } from './read-objects.ts';

const AGENT = `apiVersion: capataz.dev/v1alpha1
kind: Agent
metadata: {name: greeter}
spec:
  promptRef: {name: greeter}
  modelPolicy: {allow: [{name: main}]}
`;

let folder = '';
let read: () => Promise<ReadObjects>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-objects-'));
  await save('agent.yaml', AGENT);
  read = createObjectReader([folder]);
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

async function save(name: string, text: string | Buffer): Promise<void> {
  await writeFile(join(folder, name), text);
}

const names = ({ objects }: ReadObjects): readonly string[] =>
  objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);

describe("the objects of an author's files", () => {
  it.each([
    [
      'a Secret with a number',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {key: 5}\n',
      7,
    ],
    ['a name that is a number', 'apiVersion: v1\nkind: Secret\nmetadata: {name: 5}\n', 7],
    ['half an Agent', AGENT.slice(0, 70), 7],
    ['bytes that are no text', Buffer.from('\xff\xfe', 'latin1'), 1],
  ])(
    'are what they were when a save holds %s, which is told once with its line',
    async (_name, text, line) => {
      expect(names(await read())).toEqual(['Agent/greeter']);
      await save('agent.yaml', typeof text === 'string' ? `${AGENT}---\n${text}` : text);
      const saved = await read();
      expect(names(saved)).toEqual(['Agent/greeter']);
      expect(saved.problems[0]?.line).toBeGreaterThanOrEqual(line);
      expect(await read()).toMatchObject({ problems: [], changed: [] });
    },
  );

  it('are none of other groups, whatever their kind is called', async () => {
    await save('other.yaml', 'apiVersion: example.com/v1\nkind: Agent\nmetadata: {name: other}\nspec: 5\n');
    await save('none.yaml', 'kind: Model\nmetadata: {name: other}\nspec: 5\n');
    await save('secret.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {key: a}\n');
    const all = await read();
    expect(names(all)).toEqual(['Agent/greeter', 'Secret/key']);
    expect(all.problems).toEqual([]);
  });

  it('are read on where a place cannot be looked into, which is told once', async () => {
    const both = createObjectReader([folder, join(folder, 'gone')]);
    const first = await both();
    expect(names(first)).toEqual(['Agent/greeter']);
    expect(first.problems).toMatchObject([{ path: join(folder, 'gone') }]);
    expect((await both()).problems).toEqual([]);
  });
});
