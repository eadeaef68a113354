import { type Document, isMap, isSeq, parseDocument, type YAMLSeq } from 'yaml';

import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import type { KubeconfigDocument } from './kubeconfig.ts';

/**
 * Adds and removes one context of a person's kubeconfig as text, so that all else in it, comments
 * included, stays as it was. Pure.
 */

const LISTS = ['clusters', 'users', 'contexts'] as const;

export function readCurrentContext(text: string): string | undefined {
  const current = parse(text).get('current-context');
  return typeof current === 'string' && current !== '' ? current : undefined;
}

export function mergeKubeconfig(text: string, added: KubeconfigDocument): string {
  const document = parse(text);
  if (!document.has('apiVersion')) document.set('apiVersion', added.apiVersion);
  if (!document.has('kind')) document.set('kind', added.kind);
  for (const list of LISTS) {
    for (const entry of added[list]) {
      const sequence = ensureSequence(document, list);
      removeNamed(sequence, entry.name);
      sequence.add(document.createNode(entry));
    }
  }
  document.set('current-context', added['current-context']);
  return document.toString({ lineWidth: 0 });
}

export function removeFromKubeconfig(
  text: string,
  name: string,
  previousContext: string | undefined,
): string {
  const document = parse(text);
  for (const list of LISTS) {
    const sequence: unknown = document.get(list);
    if (isSeq(sequence)) removeNamed(sequence, name);
  }
  if (document.get('current-context') === name) {
    const contexts: unknown = document.get('contexts');
    const isKnown = previousContext !== undefined && isSeq(contexts) && hasNamed(contexts, previousContext);
    document.set('current-context', isKnown ? previousContext : '');
  }
  return document.toString({ lineWidth: 0 });
}

/** True when nothing that anybody could want is left in the file. */
export function isKubeconfigEmpty(text: string): boolean {
  const document = parse(text);
  return LISTS.every((list) => {
    const sequence: unknown = document.get(list);
    return !isSeq(sequence) || sequence.items.length === 0;
  });
}

function parse(text: string): Document {
  const document = parseDocument(text.trim() === '' ? '{}' : text);
  if (document.errors.length > 0 || !isMap(document.contents)) {
    throw new ClusterError(
      'Your kubeconfig is not valid YAML: mend it, or point KUBECONFIG to another file.',
    );
  }
  // An empty file is parsed as {} and would be written back in that one-line style.
  document.contents.flow = false;
  return document;
}

function ensureSequence(document: Document, list: string): YAMLSeq {
  const existing: unknown = document.get(list);
  if (isSeq(existing)) {
    existing.flow = false;
    return existing;
  }
  const created = document.createNode([]) as YAMLSeq;
  document.set(list, created);
  return created;
}

const isNamed = (item: unknown, name: string): boolean => isMap(item) && item.get('name') === name;

function removeNamed(sequence: YAMLSeq, name: string): void {
  sequence.items = sequence.items.filter((item) => !isNamed(item, name));
}

function hasNamed(sequence: YAMLSeq, name: string): boolean {
  return sequence.items.some((item) => isNamed(item, name));
}
