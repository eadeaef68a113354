/**
 * The restricted profile of the Pod Security Standards
 * (https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted), as far as Linux pods go.
 */

interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly procMount?: string;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly seccompProfile?: { readonly type: string };
  readonly sysctls?: readonly unknown[];
}

interface Container {
  readonly name: string;
  readonly securityContext?: SecurityContext;
  readonly ports?: readonly { readonly hostPort?: number }[];
}

export interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext?: SecurityContext;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
}

const ALLOWED_VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** What keeps a pod out of a namespace with `pod-security.kubernetes.io/enforce: restricted`, one phrase each. */
export function restrictedViolations(pod: PodSpec): readonly string[] {
  const containers = [...pod.containers, ...(pod.initContainers ?? [])];
  return [...podViolations(pod), ...containers.flatMap((container) => containerViolations(container, pod))];
}

function podViolations(pod: PodSpec): readonly string[] {
  const volumes = (pod.volumes ?? []).filter(
    (volume) => !Object.keys(volume).every((key) => key === 'name' || ALLOWED_VOLUMES.has(key)),
  );
  return [
    ...[pod.hostNetwork, pod.hostPID, pod.hostIPC]
      .filter(Boolean)
      .map(() => 'shares a namespace of the node'),
    ...volumes.map(({ name }) => `volume ${name} is of a forbidden type`),
    ...((pod.securityContext?.sysctls ?? []).length > 0 ? ['sets sysctls'] : []),
  ];
}

function containerViolations(container: Container, pod: PodSpec): readonly string[] {
  const own = container.securityContext ?? {};
  const effective = { ...pod.securityContext, ...own };
  const seccomp = effective.seccompProfile?.type;
  const checks: readonly (readonly [boolean, string])[] = [
    [effective.runAsNonRoot === true, 'may run as root'],
    [effective.runAsUser !== 0, 'runs as root'],
    [seccomp === 'RuntimeDefault' || seccomp === 'Localhost', 'has no seccomp profile'],
    [own.allowPrivilegeEscalation === false, 'may gain privileges'],
    [own.privileged !== true, 'is privileged'],
    [own.capabilities?.drop?.includes('ALL') === true, 'keeps capabilities'],
    [(own.capabilities?.add ?? []).every((name) => name === 'NET_BIND_SERVICE'), 'adds capabilities'],
    [(own.procMount ?? 'Default') === 'Default', 'has an unmasked /proc'],
    [(container.ports ?? []).every(({ hostPort }) => hostPort === undefined), 'takes a port of the node'],
  ];
  return checks
    .filter(([holds]) => !holds)
    .map(([, violation]) => `container ${container.name} ${violation}`);
}

/** Pods that differ from a restricted one in one thing each. A real API server must refuse them, too. */
export const POD_MUTATIONS: Readonly<Record<string, (pod: PodSpec) => PodSpec>> = {
  'the network of the node': (pod) => ({ ...pod, hostNetwork: true }),
  'the processes of the node': (pod) => ({ ...pod, hostPID: true }),
  'a folder of the node': (pod) => ({
    ...pod,
    volumes: [...(pod.volumes ?? []), { name: 'node', hostPath: { path: '/' } }],
  }),
  'a user that may be root': (pod) => withPodContext(pod, { runAsNonRoot: false }),
  'the user root': (pod) => withPodContext(pod, { runAsUser: 0 }),
  'no seccomp profile': (pod) => withPodContext(pod, { seccompProfile: { type: 'Unconfined' } }),
  'privilege escalation': (pod) => withContext(pod, { allowPrivilegeEscalation: true }),
  'a privileged container': (pod) => withContext(pod, { privileged: true, allowPrivilegeEscalation: true }),
  'capabilities that are not dropped': (pod) => withContext(pod, { capabilities: {} }),
  'an added capability': (pod) => withContext(pod, { capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }),
  'a port of the node': (pod) => ({
    ...pod,
    containers: pod.containers.map((container) =>
      Object.assign({}, container, { ports: [{ containerPort: 1, hostPort: 1 }] }),
    ),
  }),
};

function withPodContext(pod: PodSpec, change: SecurityContext): PodSpec {
  return { ...pod, securityContext: { ...pod.securityContext, ...change } };
}

function withContext(pod: PodSpec, change: SecurityContext): PodSpec {
  return {
    ...pod,
    containers: pod.containers.map((container) =>
      Object.assign({}, container, { securityContext: { ...container.securityContext, ...change } }),
    ),
  };
}
