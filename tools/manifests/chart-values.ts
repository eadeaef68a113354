/**
 * The values of the chart. From it comes helm/capataz/values.schema.json, by which Helm refuses a misspelt value
 * before anything is installed; helm/capataz/values.yaml carries the defaults.
 */
import { z } from 'zod';
import { LOG_LEVELS } from '#telemetry/logger.ts';

const Quantity = z.union([
  z.string().regex(/^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/),
  z.number().min(0),
]);
const Amounts = z.strictObject({ cpu: Quantity.optional(), memory: Quantity.optional() });
const Resources = z
  .strictObject({ requests: Amounts.optional(), limits: Amounts.optional() })
  .describe('Processor time and memory of each pod.');

const StringMap = z.record(z.string(), z.string());
/** Objects of Kubernetes, passed on as they are: the API server checks them. */
const Passed = z.looseObject({});

const image = {
  repository: z.string().min(1).describe('Registry and repository.'),
  tag: z.string().describe('Tag.'),
  digest: z
    .string()
    .regex(/^(sha256:[a-f0-9]{64})?$/)
    .describe('sha256:... pins the image; the tag is then ignored.'),
  pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).describe('When the image is pulled.'),
};

const pods = {
  replicas: z.int().min(0).max(100).describe('How many pods.'),
  resources: Resources,
  environment: z
    .record(z.string(), z.string())
    .describe('More environment variables; docs/reference/configuration.md lists them.'),
  podAnnotations: StringMap.describe('Added to each pod.'),
  podLabels: StringMap.describe('Added to each pod.'),
  priorityClassName: z.string().describe('PriorityClass of the pods.'),
  nodeSelector: StringMap.describe('Labels of the nodes that the pods may run on.'),
  tolerations: z.array(Passed).describe('Taints that the pods bear.'),
  affinity: Passed.describe('Affinity of the pods, beside the spread over nodes and zones.'),
};

const { replicas: _, ...withoutReplicas } = pods;

const Storage = z
  .strictObject({
    size: z
      .string()
      .regex(/^[0-9]+(\.[0-9]+)?(M|G|T|Mi|Gi|Ti)$/)
      .describe('Size of the volume.'),
    storageClassName: z.string().max(253).describe("The cluster's default when empty."),
  })
  .describe('The volume.');

const LabelSelector = z.strictObject({
  matchLabels: StringMap.optional(),
  matchExpressions: z.array(Passed).optional(),
});
const Peer = z.strictObject({
  namespaceSelector: LabelSelector.optional(),
  podSelector: LabelSelector.optional(),
  ipBlock: Passed.optional(),
});

const NetworkPolicy = z
  .strictObject({
    enabled: z.boolean().describe('Whether NetworkPolicies are made for the pods of this release.'),
    dns: z.strictObject({ to: z.array(Peer).describe('Where names are resolved, on port 53.') }),
    kubernetesApi: z.strictObject({
      cidrs: z.array(z.string()).describe('Addresses of the API server; everywhere when empty.'),
      ports: z.array(z.int().min(1).max(65535)).min(1).describe('Ports of the API server.'),
    }),
    prometheus: z.strictObject({ from: z.array(Peer).describe('Who may read metrics, on port 9090.') }),
    collector: z.strictObject({
      to: z.array(Peer).describe('Where the router sends its spans; nowhere when empty.'),
      ports: z.array(z.int().min(1).max(65535)).min(1).describe('Ports of the collector.'),
    }),
    router: z.strictObject({
      providers: z.strictObject({
        cidrs: z.array(z.string()).describe('Addresses of model providers.'),
        exceptCidrs: z.array(z.string()).describe('Addresses inside of those that are never called.'),
        ports: z.array(z.int().min(1).max(65535)).describe('Ports of model providers.'),
      }),
      additionalEgress: z
        .array(Passed)
        .describe('More NetworkPolicyEgressRules, for example to a model Service of this cluster.'),
    }),
    promptRepositories: z.strictObject({
      git: z.strictObject({
        cidrs: z.array(z.string()).describe('Addresses of git servers and of their APIs.'),
        ports: z.array(z.int().min(1).max(65535)).describe('Ports of git servers and of their APIs.'),
      }),
      webhooksFrom: z.array(Peer).describe('Who may call webhooks, on port 8080.'),
      additionalEgress: z
        .array(Passed)
        .describe('More NetworkPolicyEgressRules, for example to a git server of this cluster.'),
    }),
    console: z.strictObject({
      from: z.array(Peer).describe('Who may open the console, on port 8080.'),
      additionalEgress: z
        .array(Passed)
        .describe('More NetworkPolicyEgressRules: to the provider of OpenID Connect.'),
    }),
    observer: z.strictObject({
      receivers: z
        .array(Passed)
        .describe('NetworkPolicyEgressRules to where notifications go: webhooks, chat, mail.'),
    }),
    ledger: z.strictObject({
      readers: z.array(Peer).describe('Who may read the ledger and its witness, on port 8080.'),
      additionalEgress: z
        .array(Passed)
        .describe('More NetworkPolicyEgressRules, for example to PostgreSQL or a SIEM.'),
    }),
  })
  .describe('Who may talk to whom. Every other connection of these pods is refused.');

export const ChartValues = z
  .strictObject({
    global: Passed.optional().describe('Set by a parent chart; not used.'),
    fullnameOverride: z.string().max(40).describe('Beginning of all names, in place of the release name.'),
    image: z.strictObject(image).describe('The image of all parts and of the agents.'),
    imagePullSecrets: z
      .array(z.strictObject({ name: z.string() }))
      .describe('Secrets of the release namespace with which the image is pulled.'),
    logLevel: z.enum(LOG_LEVELS).describe('What is logged: this level and graver ones.'),
    watchNamespace: z
      .string()
      .max(63)
      .describe('The one namespace that is looked after; all namespaces when empty.'),
    crds: z
      .strictObject({
        install: z.boolean().describe('Whether this release installs the CustomResourceDefinitions.'),
        keep: z.boolean().describe('Whether they, and with them all Agents, outlive the release.'),
      })
      .describe('The CustomResourceDefinitions of capataz.dev.'),
    operator: z.strictObject(pods).describe('Turns Agents into running pods. One replica leads.'),
    router: z
      .strictObject({
        ...pods,
        drainSeconds: z.int().min(1).max(3600).describe('How long running answers may go on after SIGTERM.'),
        secretNamespaces: z
          .array(z.string())
          .describe('Namespaces whose Secrets may be read; all when empty.'),
        certificateAuthorities: z
          .string()
          .max(253)
          .describe('ConfigMap of the release namespace whose ca.crt the router trusts for endpoints.'),
      })
      .describe('The one door to all models.'),
    promptRepositories: z
      .strictObject({
        enabled: z.boolean().describe('Whether git repositories are followed.'),
        secretNamespaces: z
          .array(z.string())
          .describe('Namespaces whose Secrets may be read, by name; all when empty.'),
        maximumMebibytes: z.int().min(1).max(65_536).describe('Largest repository that is fetched.'),
        cacheSize: z
          .string()
          .regex(/^[0-9]+(\.[0-9]+)?(M|G|T|Mi|Gi|Ti)$/)
          .describe('Room for what is fetched of all repositories.'),
        ...withoutReplicas,
      })
      .describe('Follows git repositories; one pod.'),
    ledger: z
      .strictObject({
        enabled: z.boolean().describe('Whether what agents do is recorded.'),
        driver: z.enum(['sqlite', 'postgres']).describe('Where records are kept.'),
        ...pods,
        storage: Storage,
        postgres: z.strictObject({
          existingSecret: z
            .string()
            .max(253)
            .describe('Secret of the release namespace with the connection string.'),
          secretKey: z.string().min(1).max(253).describe('Its key.'),
        }),
        keys: z.strictObject({
          existingSecret: z
            .string()
            .max(253)
            .describe('Secret with signing-key and text-key; made once when empty.'),
        }),
        retentionDays: z
          .int()
          .min(1)
          .max(3650)
          .describe('After so many days the bodies of records are dropped.'),
        spoolMebibytes: z
          .int()
          .min(8)
          .max(65_536)
          .describe('What each pod that tells the ledger may keep on disk while it is away.'),
        reader: z.strictObject({
          enabled: z
            .boolean()
            .describe('Whether there is a ServiceAccount as which the command capataz reads.'),
        }),
        sinks: z.array(Passed).max(16).describe('Where security events go; docs/reference/siem.md.'),
        sinkSecret: z.string().max(253).describe('Secret with what sinks need, mounted for the ledger.'),
        witness: z
          .strictObject({
            enabled: z.boolean().describe('Whether it runs.'),
            namespace: z
              .string()
              .max(63)
              .describe('Its namespace; the one of the release with -witness when empty.'),
            keys: z.string().max(4096).describe('Keys of the witness; the first one met when empty.'),
            logKeys: z.string().max(4096).describe('Keys of the ledger; the first one met when empty.'),
            createNamespace: z.boolean().describe('Whether the chart makes that namespace.'),
            storage: Storage,
            ...withoutReplicas,
          })
          .describe("Countersigns the ledger's checkpoints with a key of its own."),
      })
      .describe('The audit of all that agents do.'),
    observer: z
      .strictObject({
        enabled: z.boolean().describe('Whether it runs. It needs the ledger.'),
        timeZone: z.string().min(1).max(64).describe('Whose hours, weeks and months; an IANA name.'),
        historyDays: z.int().min(1).max(400).describe('How much of the ledger is looked at.'),
        notifications: z
          .strictObject({
            secret: z
              .string()
              .max(253)
              .describe('Secret with what receivers need, mounted for the observer.'),
            consoleUrl: z.string().max(2_048).describe('Where people open the console.'),
            receivers: z.array(Passed).max(16).describe('Who is told; docs/operations/notifications.md.'),
          })
          .describe('Who is told of what needs somebody.'),
        falseAlarmsPerWeek: z
          .number()
          .gt(0)
          .max(1_000)
          .describe('How often a week drift may be told falsely, of all agents together.'),
        storage: Storage,
        ...pods,
      })
      .describe('Says of each agent whether what it does is usual for it.'),
    console: z
      .strictObject({
        enabled: z.boolean().describe('Whether it runs.'),
        url: z.string().max(2_048).describe('Where people open it.'),
        ingress: z
          .strictObject({
            enabled: z.boolean().describe('Whether an Ingress is made.'),
            className: z.string().max(253).describe('Class of the Ingress.'),
            host: z.string().max(253).describe('Name that people open.'),
            tlsSecret: z.string().max(253).describe('Secret with the certificate.'),
            annotations: StringMap.describe('Of the Ingress.'),
          })
          .describe('An Ingress to the console.'),
        sessionKeys: z
          .strictObject({
            existingSecret: z.string().max(253).describe('Secret with session-keys. Made when empty.'),
          })
          .describe('What seals sessions.'),
        secret: z.string().max(253).describe('Secret with what its doors need, mounted for the console.'),
        person: z
          .strictObject({ enabled: z.boolean().describe('Whether there is such a ServiceAccount.') })
          .describe('A ServiceAccount as which somebody may log in, for trying it out.'),
        ...pods,
      })
      .describe('What people open in a browser.'),
    localModel: z
      .strictObject({ enabled: z.boolean().describe('Whether it runs.'), ...pods })
      .describe('A small model on the CPU, so that everything works without a key.'),
    metrics: z
      .strictObject({
        scrapeAnnotations: z.boolean().describe('Whether pods carry the prometheus.io/scrape annotations.'),
        podMonitor: z.strictObject({
          enabled: z.boolean().describe('Whether PodMonitors (Prometheus Operator) are made.'),
          labels: StringMap.describe('Labels by which Prometheus picks the PodMonitors.'),
          intervalSeconds: z.int().min(1).describe('How often metrics are read.'),
        }),
        serviceMonitor: z.strictObject({
          enabled: z
            .boolean()
            .describe('Whether the parts of the release are read by a ServiceMonitor (Prometheus Operator).'),
          labels: StringMap.describe('Labels by which Prometheus picks the ServiceMonitor.'),
          intervalSeconds: z.int().min(1).describe('How often metrics are read.'),
        }),
        prometheusRule: z.strictObject({
          enabled: z.boolean().describe('Whether a PrometheusRule (Prometheus Operator) is made.'),
          labels: StringMap.describe('Labels by which Prometheus picks the rules.'),
          availabilityObjective: z
            .number()
            .min(0.5)
            .max(0.99999)
            .describe('Share of the requests of a namespace that are answered in 30 days.'),
          latencyObjectiveSeconds: z
            .number()
            .min(0.01)
            .max(81.92)
            .describe('95 of 100 requests take no longer.'),
          runbookBaseUrl: z
            .string()
            .regex(/^https?:\/\/\S+$/)
            .describe('Page whose sections say what to do about each alert.'),
        }),
        dashboards: z.strictObject({
          enabled: z.boolean().describe('Whether ConfigMaps with dashboards of Grafana are made.'),
          labels: StringMap.describe('Labels by which the sidecar of Grafana picks them.'),
        }),
      })
      .describe('How Prometheus finds the pods, and when it alarms.'),
    tracing: z
      .strictObject({
        otlpEndpoint: z
          .string()
          .regex(/^(https?:\/\/.+)?$/)
          .describe("Base URL of a collector's OTLP over HTTP; nothing is traced when empty."),
        sampledRatio: z
          .number()
          .min(0)
          .max(1)
          .describe('Which part of the traces is kept where the caller has not decided it.'),
        headersSecret: z
          .string()
          .max(253)
          .describe('Secret of the release namespace whose key headers the router shows the collector.'),
      })
      .describe('Spans of the router and the agents.'),
    networkPolicy: NetworkPolicy,
    admissionPolicy: z
      .strictObject({
        enabled: z.boolean().describe('Whether the API server holds the operator to the objects of agents.'),
      })
      .describe('A ValidatingAdmissionPolicy for what the operator writes.'),
    podDisruptionBudgets: z
      .strictObject({
        enabled: z.boolean().describe('Whether a drain takes at most one pod of a part at a time.'),
      })
      .describe('PodDisruptionBudgets of operator and router.'),
  })
  .describe('Values of the chart capataz.');
export type ChartValues = z.infer<typeof ChartValues>;

/** The text of helm/capataz/values.schema.json. */
export function chartValuesSchema(): string {
  const schema = z.toJSONSchema(ChartValues, { target: 'draft-7', io: 'input', reused: 'inline' });
  return `${JSON.stringify(withoutRequired(schema), undefined, 2)}\n`;
}

/** The defaults of values.yaml fill in what is not given, also when a value is taken away by null. */
function withoutRequired(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutRequired);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).filter(([key, value]) => key !== 'required' || !Array.isArray(value));
  return Object.fromEntries(
    entries
      // z.int() writes its own safe-integer bounds; they say nothing to a user.
      .filter(([, value]) => Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER)
      .map(([key, value]) => [key, withoutRequired(value)]),
  );
}
