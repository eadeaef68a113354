/** Who opens the console in the tests: people with a token of a ServiceAccount, and what each may do where. */
import type { World } from '#test/cluster/operator/operator-world.ts';

export const CONSOLE_AUDIENCE = 'capataz-console';
const NAMESPACE = 'people-of-the-console';
const RBAC = 'rbac.authorization.k8s.io';

const LOOK = [
  { resources: ['agents', 'canaryrollouts', 'models'], verbs: ['get'] },
  { resources: ['agents/costs', 'agents/runs', 'agents/securityevents', 'agents/audit'], verbs: ['get'] },
];
const READ_TEXTS = [{ resources: ['agents/texts'], verbs: ['get'] }];
const RELEASE = [
  {
    resources: ['promote', 'approve', 'abort', 'rollback', 'retry', 'pause', 'resume'].map(
      (verb) => `canaryrollouts/${verb}`,
    ),
    verbs: ['update'],
  },
];
const SILENCE = [{ resources: ['agents/silence'], verbs: ['update'] }];

export const PEOPLE = {
  /** Looks at everything, changes nothing. */
  director: { rules: [...LOOK, ...READ_TEXTS], namespace: undefined },
  /** Releases everywhere. */
  releaser: { rules: [...LOOK, ...RELEASE, ...SILENCE], namespace: undefined },
  /** Looks at one namespace, and knows of no other. */
  shopkeeper: { rules: LOOK, namespace: 'shop' },
  /** Has a token and no right at all. */
  stranger: { rules: [], namespace: 'shop' },
} as const;
export type PersonName = keyof typeof PEOPLE;
export const PERSON_NAMES = Object.keys(PEOPLE) as readonly PersonName[];

/** As the API server knows them. */
export function personUser(name: PersonName): string {
  return `system:serviceaccount:${NAMESPACE}:${name}`;
}

/** What each pastes to log in. The namespaces are there already. */
export async function createPeople(world: World): Promise<Readonly<Record<PersonName, string>>> {
  await world.createNamespace(NAMESPACE);
  const tokens = await Promise.all(
    PERSON_NAMES.map(async (name) => {
      await createPerson(world, name);
      return [name, await world.token(NAMESPACE, name, CONSOLE_AUDIENCE)] as const;
    }),
  );
  return Object.fromEntries(tokens) as Record<PersonName, string>;
}

async function createPerson(world: World, name: PersonName): Promise<void> {
  const { rules, namespace } = PEOPLE[name];
  await world.createServiceAccount(NAMESPACE, name);
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const base = `/apis/${RBAC}/v1${namespace === undefined ? '' : `/namespaces/${namespace}`}`;
  const metadata = { name: `person-${name}` };
  const post = (path: string, body: object) => world.kube.request({ method: 'POST', path, body });
  await post(`${base}/${kind.toLowerCase()}s`, {
    metadata,
    rules: rules.map(({ resources, verbs }) => ({ apiGroups: ['capataz.dev'], resources, verbs })),
  });
  await post(`${base}/${kind.toLowerCase()}bindings`, {
    metadata,
    subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
    roleRef: { apiGroup: RBAC, kind, name: metadata.name },
  });
}
