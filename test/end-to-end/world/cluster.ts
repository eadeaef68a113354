/** The node that the end-to-end tests own, driven only by what a user has: npm run up, kubectl, helm, HTTP. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { type CommandResult, runCommand } from '#cluster/command-line/command.ts';
import { describeInstance } from '#cluster/instance/instance.ts';
import { ensureKubernetesBinary } from '#cluster/kubernetes/kubernetes-binary.ts';
import { eventually } from './eventually.ts';

const CHECKOUT = resolve(import.meta.dirname, '../../..');

/** Beside a node called `capataz` that the developer may be running. */
export const INSTANCE = describeInstance('capataz-test');

interface KubernetesObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Runs one of the repository's own commands for the test node and returns all it printed. */
export async function runClusterCommand(
  script: 'up' | 'down',
  ...scriptArguments: readonly string[]
): Promise<CommandResult> {
  const child = spawn('sh', ['cluster/bootstrap.sh', `cluster/${script}.ts`, ...scriptArguments], {
    cwd: CHECKOUT,
    env: { ...process.env, CAPATAZ_CLUSTER: INSTANCE.name },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errorOutput = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errorOutput += text;
    process.stderr.write(text);
  });
  const exitCode = await new Promise<number>((settle) => child.on('close', (code) => settle(code ?? 137)));
  return { exitCode, output, errorOutput };
}

export async function kubectl(kubectlArguments: readonly string[], input?: string): Promise<string> {
  const binary = await ensureKubernetesBinary();
  return runCommand(binary, ['kubectl', `--kubeconfig=${INSTANCE.kubeconfigPath}`, ...kubectlArguments], {
    ...(input === undefined ? {} : { input }),
    timeoutSeconds: 180,
  });
}

export async function apply(...objects: readonly unknown[]): Promise<void> {
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
}

/** The object, or undefined when it does not exist. */
export async function find(
  kind: string,
  name: string,
  namespace: string,
): Promise<KubernetesObject | undefined> {
  const text = await kubectl([
    'get',
    kind,
    name,
    '--namespace',
    namespace,
    '--ignore-not-found',
    '--output=json',
  ]);
  return text.trim() === '' ? undefined : (JSON.parse(text) as KubernetesObject);
}

export async function get(kind: string, name: string, namespace: string): Promise<KubernetesObject> {
  const found = await find(kind, name, namespace);
  if (found === undefined) {
    throw new Error(`There is no ${kind} ${namespace}/${name}.`);
  }
  return found;
}

export async function list(
  kind: string,
  namespace: string,
  selector?: string,
): Promise<readonly KubernetesObject[]> {
  const text = await kubectl([
    'get',
    kind,
    ...(namespace === '*' ? ['--all-namespaces'] : ['--namespace', namespace]),
    ...(selector === undefined ? [] : ['--selector', selector]),
    '--output=json',
  ]);
  return (JSON.parse(text) as { readonly items: readonly KubernetesObject[] }).items;
}

export function conditionOf(
  object: KubernetesObject | undefined,
  type: string,
): { readonly status: string; readonly reason: string; readonly message: string } | undefined {
  return object?.status?.conditions?.find((condition) => condition.type === type);
}

export async function untilReady(
  kind: string,
  name: string,
  namespace: string,
  timeoutSeconds = 120,
): Promise<KubernetesObject> {
  return eventually(
    `${kind} ${namespace}/${name} is Ready`,
    async () => {
      const object = await get(kind, name, namespace);
      const ready = conditionOf(object, 'Ready');
      if (ready?.status !== 'True') {
        throw new Error(
          `Ready is ${ready?.status ?? 'absent'}: ${ready?.reason ?? ''} ${ready?.message ?? ''}`,
        );
      }
      return object;
    },
    timeoutSeconds,
  );
}

/** Both of its pods at once, without a word. */
export async function killOperator(): Promise<void> {
  await kubectl([
    'delete',
    'pods',
    '--selector',
    'app.kubernetes.io/component=operator',
    '--namespace',
    'capataz-system',
    '--force',
    '--grace-period=0',
  ]);
}

/** Where the host reaches a Service of the node. */
export async function serviceUrl(name: string, namespace: string, port = 8080): Promise<string> {
  const service = await get('service', name, namespace);
  return `http://${String(service.spec?.['clusterIP'])}:${port}`;
}
