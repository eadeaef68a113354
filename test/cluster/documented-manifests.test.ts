/** An API server takes every manifest of the pages and of samples/ as it stands there: fields, bounds and rules. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS } from '#crds/kinds.ts';
import { DOCUMENTED_MANIFESTS } from '../architecture/documented-manifests.ts';
import { type ApiServer, startApiServerWithKinds } from './api-server.ts';

let apiServer: ApiServer;

beforeAll(async () => {
  apiServer = await startApiServerWithKinds();
});

afterAll(async () => {
  await apiServer.stop();
});

describe('the API server', () => {
  it.each(DOCUMENTED_MANIFESTS.map(({ where, object }) => [`${object.kind} in ${where}`, object] as const))(
    'takes the %s',
    async (_where, object) => {
      const plural = KINDS.find(({ kind }) => kind === object.kind)?.plural;
      const path = `/apis/capataz.dev/v1alpha1/namespaces/default/${plural}`;
      const reply = await apiServer.request('POST', `${path}?dryRun=All&fieldValidation=Strict`, object);
      expect(reply).toMatchObject({ message: '', warnings: '' });
    },
  );
});
