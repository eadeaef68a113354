/** The pod that serves the sample's repository on the node, with its volume and its address. Pure. */
import type { NamedObject } from '#cluster/capataz/made-by-up.ts';

export const REPOSITORY_NAME = 'sample-prompts';
const PORT = 8080;

export interface ServerFiles {
  /** The text of serve-repository.ts. */
  readonly server: string;
  /** The prompts with which the repository begins, by file name. */
  readonly prompts: Readonly<Record<string, string>>;
}

export function describeRepositoryServer(
  image: string,
  files: ServerFiles,
): readonly (NamedObject & Readonly<Record<string, unknown>>)[] {
  const metadata = { name: REPOSITORY_NAME, labels: { 'app.kubernetes.io/name': REPOSITORY_NAME } };
  const selector = { 'app.kubernetes.io/name': REPOSITORY_NAME };
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { ...files.prompts, 'serve-repository.mts': files.server },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata,
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '256Mi' } } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector, ports: [{ name: 'http', port: 80, targetPort: PORT }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        strategy: { type: 'Recreate' },
        selector: { matchLabels: selector },
        template: {
          metadata: { labels: selector },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            // A server that is asked to end does so at once; as the first process it must not be waited for.
            terminationGracePeriodSeconds: 5,
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 65532,
              runAsGroup: 65532,
              fsGroup: 65532,
              seccompProfile: { type: 'RuntimeDefault' },
            },
            containers: [
              {
                name: 'git-server',
                image,
                args: ['/etc/prompts/serve-repository.mts'],
                ports: [{ name: 'http', containerPort: PORT }],
                readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 2 },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
                resources: { requests: { cpu: '10m', memory: '48Mi' }, limits: { memory: '256Mi' } },
                volumeMounts: [
                  { name: 'prompts', mountPath: '/etc/prompts', readOnly: true },
                  { name: 'repositories', mountPath: '/var/lib/git' },
                  { name: 'temporary', mountPath: '/tmp' },
                ],
              },
            ],
            volumes: [
              { name: 'prompts', configMap: { name: REPOSITORY_NAME } },
              { name: 'repositories', persistentVolumeClaim: { claimName: REPOSITORY_NAME } },
              { name: 'temporary', emptyDir: { sizeLimit: '64Mi' } },
            ],
          },
        },
      },
    },
  ];
}
