/** What the observer knows, as it last said it: a copy that is whole again after each `isWhole`. */
import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import type { NamespaceSummary } from '#domain/observation/fleet-summary.ts';
import type { ObservedNews } from '#domain/observation/observed-news.ts';

/** `agent/NAMESPACE/NAME`, `now`. `namespace` undefined: of the platform. */
export interface ObservedChange {
  readonly topic: string;
  readonly namespace: string | undefined;
}

export class ObservedFleet {
  readonly rows = new Map<string, AgentRow>();
  attention: readonly AttentionItem[] = [];
  namespaces: readonly NamespaceSummary[] = [];
  asOfMicroseconds: number | null = null;
  /** Why the observer itself says that it is not current. */
  problem: string | null = null;

  readonly #written = new Map<string, string>();

  /** What is another now. */
  apply(news: ObservedNews): readonly ObservedChange[] {
    const changes: ObservedChange[] = [];
    const kept = new Set(news.rows.map(keyOf));
    const gone = news.isWhole
      ? [...this.rows.values()].filter((row) => !kept.has(keyOf(row)))
      : news.removedRows;
    for (const row of gone) {
      if (this.rows.delete(keyOf(row))) changes.push(changeOf(row));
    }
    for (const row of news.rows) {
      this.rows.set(keyOf(row), row);
      changes.push(changeOf(row));
    }
    this.attention = news.attention;
    this.namespaces = news.namespaces;
    this.asOfMicroseconds = news.asOfMicroseconds;
    this.problem = news.problem;
    return [...changes, ...this.#changesOfNow()];
  }

  /** Attention and sums come whole each time: which of them are another is found by their text. */
  #changesOfNow(): readonly ObservedChange[] {
    const before = new Map(this.#written);
    this.#written.clear();
    const touched = new Set<string | undefined>();
    const note = (key: string, value: object, namespaces: readonly (string | undefined)[]): void => {
      const text = JSON.stringify(value);
      this.#written.set(key, text);
      if (before.get(key) !== text) for (const namespace of namespaces) touched.add(namespace);
      before.delete(key);
    };
    for (const item of this.attention) {
      const namespaces = namespacesOf(item);
      note(`item/${item.id}/${namespaces.join()}`, item, namespaces.length === 0 ? [undefined] : namespaces);
    }
    for (const summary of this.namespaces) note(`sum/${summary.namespace}`, summary, [summary.namespace]);
    // What is gone is another as well.
    for (const [key, text] of before) {
      const [kind] = key.split('/', 1);
      const value = JSON.parse(text) as AttentionItem & NamespaceSummary;
      const namespaces = kind === 'sum' ? [value.namespace] : namespacesOf(value);
      for (const namespace of namespaces.length === 0 ? [undefined] : namespaces) touched.add(namespace);
    }
    return [...touched].map((namespace) => ({ topic: 'now', namespace }));
  }
}

export function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

/** Every namespace that an item speaks of. */
export function namespacesOf({ agents, subject, runs }: AttentionItem): readonly string[] {
  return [
    ...new Set([
      ...agents.map(({ namespace }) => namespace),
      ...(subject === null ? [] : [subject.namespace]),
      ...runs.map(({ namespace }) => namespace),
    ]),
  ];
}

function changeOf(row: { readonly namespace: string; readonly name: string }): ObservedChange {
  return { topic: `agent/${keyOf(row)}`, namespace: row.namespace };
}
