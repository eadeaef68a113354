/** A KindDefinition as the CustomResourceDefinition object that Kubernetes takes. */
import type { CelRule, KindDefinition } from '#crds/kind-definition.ts';
import { API_GROUP, API_VERSION } from '#crds/object-meta.ts';
import { type StructuralSchema, StructuralSchemaError, toStructuralSchema } from '#crds/structural-schema.ts';

/** All kinds of ours: `kubectl get capataz`. */
const CATEGORY = 'capataz';

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: CustomResourceDefinitionSpec;
}

interface CustomResourceDefinitionSpec {
  readonly group: string;
  readonly scope: 'Namespaced';
  readonly names: {
    readonly kind: string;
    readonly listKind: string;
    readonly plural: string;
    readonly singular: string;
    readonly shortNames?: readonly string[];
    readonly categories: readonly string[];
  };
  readonly versions: readonly CustomResourceDefinitionVersion[];
}

interface CustomResourceDefinitionVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly additionalPrinterColumns: readonly Readonly<Record<string, unknown>>[];
  readonly subresources: Readonly<Record<string, unknown>>;
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
}

/** Throws StructuralSchemaError when the kind cannot be stored by Kubernetes as it is declared. */
export function toCustomResourceDefinition(definition: KindDefinition): CustomResourceDefinition {
  const { kind, plural, shortNames } = definition;
  const schema = rootSchema(definition);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${API_GROUP}` },
    spec: {
      group: API_GROUP,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        ...(shortNames.length > 0 ? { shortNames } : {}),
        categories: [CATEGORY],
      },
      versions: [
        {
          name: API_VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: definition.printerColumns.map((column) => ({ ...column })),
          subresources: { status: {}, ...scaleSubresource(schema) },
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  };
}

function rootSchema(definition: KindDefinition): StructuralSchema {
  const { kind, description, rules = [] } = definition;
  const problems = rules.flatMap((rule) => metadataProblems(kind, rule));
  if (problems.length > 0) throw new StructuralSchemaError(problems);
  return {
    description,
    type: 'object',
    properties: {
      apiVersion: { description: `Always ${API_GROUP}/${API_VERSION}.`, type: 'string' },
      kind: { description: `Always ${kind}.`, type: 'string' },
      metadata: { type: 'object' },
      spec: toStructuralSchema(definition.spec, `${kind}.spec`),
      status: toStructuralSchema(definition.status, `${kind}.status`),
    },
    // Without it an object could lose its spec, and the rules on it that compare with the old one would not run.
    required: ['spec'],
    ...(rules.length > 0 ? { 'x-kubernetes-validations': rules } : {}),
  };
}

/** The API server owns the schema of metadata: rules may read its names and nothing else. */
function metadataProblems(kind: string, { rule }: CelRule): readonly string[] {
  const fields = [...rule.matchAll(/metadata\.(\w+)/g)].map(([, field]) => field ?? '');
  return fields
    .filter((field) => field !== 'name' && field !== 'generateName')
    .map(
      (field) =>
        `${kind}: the rule ${rule} reads metadata.${field}, but rules can read metadata.name and metadata.generateName only`,
    );
}

/** A kind that counts its replicas can be scaled by `kubectl scale` and by a HorizontalPodAutoscaler. */
function scaleSubresource({ properties }: StructuralSchema): Readonly<Record<string, unknown>> {
  const isScalable =
    properties?.['spec']?.properties?.['replicas'] !== undefined &&
    properties['status']?.properties?.['replicas'] !== undefined;
  if (!isScalable) return {};
  return {
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  };
}
