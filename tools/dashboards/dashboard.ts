/** Dashboards of Grafana in the few words that ours need: rows of panels, each with its questions to Prometheus. */

export interface Dashboard {
  /** Fixed: a link to it stays right, and an upgrade replaces it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Whether it can be narrowed to some namespaces, as `$namespace`. */
  readonly hasNamespaces: boolean;
  readonly rows: readonly Row[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title: string;
  readonly description?: string;
  readonly kind: 'timeseries' | 'stat' | 'table';
  /** A unit of Grafana's: `currencyUSD`, `s`, `percentunit`, `reqps`, `short`, `bytes`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** From here on it is red. */
  readonly alarmFrom?: number;
}

export interface Query {
  readonly expr: string;
  /** `{{label}}` stands for the value of a label. */
  readonly legend: string;
}

const QUERY_NAMES = ['A', 'B', 'C'];
const SCREEN_WIDTH = 24;
const PANEL_HEIGHT = 8;
const STAT_HEIGHT = 4;
/** Of dashboards as Grafana 11 and later write them; older ones are read too. */
const SCHEMA_VERSION = 39;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** JSON for Grafana's sidecar or its import. */
export function renderDashboard({ uid, title, description, hasNamespaces, rows }: Dashboard): string {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: SCREEN_WIDTH, h: 1 },
      panels: [],
    });
    y += 1;
    const width = Math.floor(SCREEN_WIDTH / row.panels.length);
    const height = row.panels.every(({ kind }) => kind === 'stat') ? STAT_HEIGHT : PANEL_HEIGHT;
    for (const [index, panel] of row.panels.entries()) {
      panels.push({
        id: panels.length + 1,
        gridPos: { x: index * width, y, w: width, h: height },
        ...renderPanel(panel),
      });
    }
    y += height;
  }
  const dashboard = {
    uid,
    title,
    description,
    tags: ['capataz'],
    schemaVersion: SCHEMA_VERSION,
    editable: false,
    timezone: 'browser',
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [DATASOURCE_VARIABLE, ...(hasNamespaces ? [NAMESPACE_VARIABLE] : [])] },
    annotations: { list: [] },
    panels,
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}

const DATASOURCE_VARIABLE = {
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
  current: {},
  hide: 0,
};

const NAMESPACE_VARIABLE = {
  name: 'namespace',
  label: 'Namespace',
  type: 'query',
  datasource: DATASOURCE,
  query: { query: 'label_values(capataz_requests_total, namespace)', refId: 'namespace' },
  refresh: 2,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
};

function renderPanel({ title, description, kind, unit, queries, alarmFrom }: Panel): object {
  const steps = [
    { color: 'green', value: null },
    ...(alarmFrom === undefined ? [] : [{ color: 'red', value: alarmFrom }]),
  ];
  return {
    type: kind,
    title,
    ...(description === undefined ? {} : { description }),
    datasource: DATASOURCE,
    fieldConfig: {
      defaults: { unit, min: 0, thresholds: { mode: 'absolute', steps } },
      overrides: [],
    },
    options:
      kind === 'timeseries'
        ? { legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] } }
        : {},
    targets: queries.map(({ expr, legend }, index) => ({
      refId: QUERY_NAMES[index],
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(kind === 'timeseries' ? {} : { instant: true }),
      ...(kind === 'table' ? { format: 'table' } : {}),
    })),
  };
}
