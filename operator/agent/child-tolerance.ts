/** What the operator leaves to others in the children of an Agent. Everything else that others add is undone. */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { DesiredObject } from '#adapters/kubernetes/object-writer.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import type { ChildTolerance, DesiredChild } from '../runtime/child-applier.ts';

/** `kubectl rollout restart` changes nothing but when the pods started; undoing it would restart them again. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
/** Written by the deployment controller, which would write it again. */
const DEPLOYMENT_ANNOTATION = /^deployment\.kubernetes\.io\//;
/** Given to the Service by the API server; they cannot be changed. */
const ALLOCATED_SERVICE_FIELDS = ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const;
/** Some distributions add pull secrets to every ServiceAccount; they grant nothing inside the cluster. */
const SERVICE_ACCOUNT_FIELDS = ['secrets', 'imagePullSecrets'] as const;

const TOLERATED_PATHS: Readonly<Record<string, readonly RegExp[]>> = {
  Deployment: [
    /^f:metadata > f:annotations > f:deployment\.kubernetes\.io\//,
    /^f:spec > f:template > f:metadata > f:annotations > f:kubectl\.kubernetes\.io\/restartedAt$/,
    // The value is compared, or the autoscaler's to choose; who set it does not matter.
    /^f:spec > f:replicas$/,
  ],
  ServiceAccount: [/^f:(secrets|imagePullSecrets)\b/],
};

export const AGENT_CHILD_TOLERANCE: ChildTolerance = {
  isTolerated: ({ kind }: ResourceKind, path) =>
    TOLERATED_PATHS[kind]?.some((pattern) => pattern.test(path)) ?? false,
  withTolerated,
};

type Fields = Readonly<Record<string, unknown>>;

function withTolerated({ resource, object }: DesiredChild, live: KubeObject): DesiredObject {
  const liveFields = live as unknown as Fields;
  switch (resource.kind) {
    case 'Service': {
      const allocated = pick(record(liveFields['spec']), ALLOCATED_SERVICE_FIELDS);
      return { ...object, spec: { ...allocated, ...record(object['spec']) } };
    }
    case 'ServiceAccount':
      return { ...pick(liveFields, SERVICE_ACCOUNT_FIELDS), ...object };
    case 'Deployment':
      return withDeploymentAnnotations(object, live, record(liveFields['spec']));
    default:
      return object;
  }
}

function withDeploymentAnnotations(object: DesiredObject, live: KubeObject, liveSpec: Fields): DesiredObject {
  const ofController = Object.fromEntries(
    Object.entries(live.metadata.annotations ?? {}).filter(([name]) => DEPLOYMENT_ANNOTATION.test(name)),
  );
  const spec = record(object['spec']);
  const template = record(spec['template']);
  const templateMetadata = record(template['metadata']);
  const liveAnnotations = record(record(record(liveSpec['template'])['metadata'])['annotations']);
  const annotations = {
    ...pick(liveAnnotations, [RESTARTED_AT]),
    ...record(templateMetadata['annotations']),
  };
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...ofController, ...object.metadata.annotations } },
    spec: { ...spec, template: { ...template, metadata: { ...templateMetadata, annotations } } },
  };
}

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function pick(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.filter((name) => name in fields).map((name) => [name, fields[name]]));
}
