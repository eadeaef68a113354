/**
 * What `npm run up` made in a cluster, and may therefore take away again. All of it carries one label; what does not
 * carry it is somebody else's, whatever it is called.
 */
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, parseAllDocuments } from 'yaml';
import type { ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';

const MADE_BY_LABEL = 'capataz.dev/made-by';
const MADE_BY_UP = 'npm-run-up';
export const MADE_BY_UP_SELECTOR = `${MADE_BY_LABEL}=${MADE_BY_UP}`;

export interface NamedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

export interface ApplyPlan {
  readonly apply: readonly NamedObject[];
  /** Objects of these names exist and are not ours: they stay as they are. */
  readonly leave: readonly NamedObject[];
}

export function isMadeByUp({ metadata }: NamedObject): boolean {
  return metadata.labels?.[MADE_BY_LABEL] === MADE_BY_UP;
}

export function labelAsOurs<Labelled extends NamedObject>(object: Labelled): Labelled {
  const labels = { ...object.metadata.labels, [MADE_BY_LABEL]: MADE_BY_UP };
  return { ...object, metadata: { ...object.metadata, labels } };
}

/** What may be applied without taking over an object that somebody else made. Pure. */
export function planApply(wanted: readonly NamedObject[], existing: readonly NamedObject[]): ApplyPlan {
  const foreign = new Set(existing.filter((object) => !isMadeByUp(object)).map(identity));
  return {
    apply: wanted.filter((object) => !foreign.has(identity(object))).map(labelAsOurs),
    leave: wanted.filter((object) => foreign.has(identity(object))),
  };
}

function identity({ apiVersion, kind, metadata }: NamedObject): string {
  return `${apiVersion}/${kind}/${metadata.name}`;
}

export function parseManifest(text: string): readonly NamedObject[] {
  return (parseAllDocuments(text) as readonly Document[])
    .map((document) => document.toJS() as NamedObject | null)
    .filter((object) => object !== null);
}

/** All objects of the files that match, for example `samples/*.yaml`. */
export async function readManifests(checkout: string, pattern: string): Promise<readonly NamedObject[]> {
  const objects: NamedObject[] = [];
  for await (const path of glob(pattern, { cwd: checkout })) {
    objects.push(...parseManifest(await readFile(join(checkout, path), 'utf8')));
  }
  return objects;
}

/** The objects of the manifest that exist now. */
export async function readExisting(
  access: ClusterAccess,
  namespace: string,
  objects: readonly NamedObject[],
): Promise<readonly NamedObject[]> {
  const text = await access.kubectl(
    ['get', '--namespace', namespace, '--ignore-not-found', '--output=json', '--filename=-'],
    { input: listOf(objects) },
  );
  if (text.trim() === '') return [];
  const read = JSON.parse(text) as NamedObject | { readonly items: readonly NamedObject[] };
  return 'items' in read ? read.items : [read];
}

export function listOf(items: readonly NamedObject[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
