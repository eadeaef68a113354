/** Every manifest that a reader may copy: those of samples/, and those in the pages, whole or as a piece of one. */
import { parseAllDocuments } from 'yaml';
import { STEP_KINDS } from '#crds/rollout-release.ts';
import { API_GROUP_VERSION } from '#crds/object-meta.ts';
import { PAGES, codeBlocksOf } from './markdown-pages.ts';
import { REPOSITORY_FILES, textOf } from './source-files.ts';

export interface DocumentedManifest {
  /** Path and line. */
  readonly where: string;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string };
    readonly spec?: unknown;
  };
}

/** Kinds of Kubernetes itself that stand beside ours in the pages. */
const BUILT_IN = new Set(['v1', 'rbac.authorization.k8s.io/v1', 'admissionregistration.k8s.io/v1']);

interface Source {
  readonly where: string;
  readonly text: string;
}

/** Of YAML that is no manifest, such as values of the chart. */
const IS_MANIFEST = /^(?:apiVersion|spec):|^ *- (?:gate|setExposure):/m;

const SAMPLES: readonly Source[] = REPOSITORY_FILES.filter(
  (path) => /^samples\/.*\.ya?ml$/.test(path) && !path.startsWith('samples/ci/'),
).map((path) => ({ where: `${path}:1`, text: textOf(path) ?? '' }));

const YAML_OF_PAGES: readonly Source[] = PAGES.flatMap((page) =>
  codeBlocksOf(page).flatMap(({ language, text, line }) => {
    const where = `${page}:${line}`;
    if (language === 'yaml') return [{ where, text }];
    return [...text.matchAll(/<<YAML\n([\s\S]*?)\nYAML$/gm)].map(([, piped = '']) => ({
      where,
      text: piped,
    }));
  }),
);

/** `gate: { agentRef: { name: email-tester } }` in a table or a sentence. */
const STEPS_IN_PROSE: readonly Source[] = PAGES.flatMap((page) =>
  (textOf(page) ?? '')
    .split('\n')
    .flatMap((text, index) =>
      [...text.matchAll(/`((\w+): \{[^`]*\})`/g)]
        .filter(([, , kind]) => STEP_KINDS.some((one) => one === kind))
        .map(([, step = '']) => ({ where: `${page}:${index + 1}`, text: `- ${step}` })),
    ),
);

/** Everything that says it is YAML, also what is of other kinds than ours. */
export const DOCUMENTED_YAML: readonly Source[] = [...SAMPLES, ...YAML_OF_PAGES, ...STEPS_IN_PROSE];

const MANIFESTS: readonly DocumentedManifest[] = DOCUMENTED_YAML.filter(({ text }) =>
  IS_MANIFEST.test(text),
).flatMap(({ where, text }) =>
  // What a reader fills in.
  parseAllDocuments(text.replaceAll('<digest>', '0123456789ab')).flatMap((document) => {
    const object = whole(document.toJS());
    return object === undefined ? [] : [{ where, object }];
  }),
);

/** Of our kinds. */
export const DOCUMENTED_MANIFESTS = MANIFESTS.filter(({ object }) => object.apiVersion === API_GROUP_VERSION);

export const BUILT_IN_MANIFESTS = MANIFESTS.filter(({ object }) => BUILT_IN.has(object.apiVersion));

/** Undefined for what is no object. What has no kind is a piece of a CanaryRollout: its steps, or its spec. */
function whole(document: unknown): DocumentedManifest['object'] | undefined {
  if (Array.isArray(document)) {
    return rollout({ prompt: 'triage', versionRef: { name: 'triage-0123456789ab' }, steps: document });
  }
  const { apiVersion, spec } = document as { readonly apiVersion?: string; readonly spec?: unknown };
  if (apiVersion === undefined) return spec === undefined ? undefined : rollout(spec);
  return document as DocumentedManifest['object'];
}

function rollout(spec: unknown): DocumentedManifest['object'] {
  return { apiVersion: API_GROUP_VERSION, kind: 'CanaryRollout', metadata: { name: 'triage' }, spec };
}
