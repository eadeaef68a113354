/**
 * Takes the series of objects that are gone out of a registry, or a cluster in which objects come and go would make every
 * scrape longer than the one before. A series goes when its object was already gone at the sweep before: so the last
 * figures are scraped at least once, and what was written late is found by the next sweep.
 */
import type { Registry } from 'prom-client';

type Labels = Readonly<Record<string, string | number>>;

/** Longer than scrapes are apart. */
export const SWEEP_MILLISECONDS = 300_000;

/** Labels of prom-client's own inside one series. */
const INNER_LABELS: ReadonlySet<string> = new Set(['le', 'quantile']);

export class DepartedSeries {
  readonly #registry: Registry;
  readonly #isCurrent: (labels: Labels) => boolean;
  #suspects: ReadonlySet<string> = new Set();

  /** `isCurrent` says whether all objects that the labels name still exist; yes when they name none. */
  constructor(registry: Registry, isCurrent: (labels: Labels) => boolean) {
    this.#registry = registry;
    this.#isCurrent = isCurrent;
  }

  async sweep(): Promise<void> {
    const suspects = new Set<string>();
    for (const { name, values } of await this.#registry.getMetricsAsJSON()) {
      const departed = new Map<string, Labels>();
      for (const { labels: all } of values) {
        const labels = outerLabels(all as Labels);
        if (!this.#isCurrent(labels)) departed.set(`${name} ${JSON.stringify(labels)}`, labels);
      }
      for (const [key, labels] of departed) {
        if (this.#suspects.has(key)) this.#registry.getSingleMetric(name)?.remove({ ...labels });
        else suspects.add(key);
      }
    }
    this.#suspects = suspects;
  }
}

function outerLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !INNER_LABELS.has(name)));
}
