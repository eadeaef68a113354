import { describe, expect, it } from 'vitest';
import { type AccessQuestion, createAccessReviewer } from './access-reviewer.ts';
import type { KubeRequest } from './kube-client.ts';
import { type UserInfo, createUserReviewer } from './token-reviewer.ts';

const ANA: UserInfo = { username: 'ana', groups: ['auditors'], extra: {} };
const QUESTION: AccessQuestion = {
  verb: 'get',
  group: 'capataz.dev',
  resource: 'agents',
  subresource: 'runs',
  namespace: 'shop',
};

/** An API server that answers with the given and keeps what it was asked. */
function anApiServer(answer: () => unknown): {
  readonly asked: KubeRequest[];
  readonly request: (request: KubeRequest) => Promise<unknown>;
} {
  const asked: KubeRequest[] = [];
  return {
    asked,
    request: async (request) => {
      asked.push(request);
      return answer();
    },
  };
}

describe('a right', () => {
  it('is asked for once in a while, and again after that', async () => {
    let allowed = true;
    let now = 0;
    const api = anApiServer(() => ({ status: { allowed } }));
    const reviewer = createAccessReviewer(api, { monotonicMilliseconds: () => now });
    const answers = await Promise.all([reviewer.review(ANA, QUESTION), reviewer.review(ANA, QUESTION)]);
    expect(answers).toEqual(['allowed', 'allowed']);
    allowed = false;
    expect(await reviewer.review(ANA, QUESTION)).toBe('allowed');
    expect(api.asked).toHaveLength(1);
    expect(api.asked[0]?.body).toMatchObject({
      spec: {
        user: 'ana',
        groups: ['auditors'],
        resourceAttributes: { verb: 'get', resource: 'agents', subresource: 'runs', namespace: 'shop' },
      },
    });
    now = 10_000;
    expect(await reviewer.review(ANA, QUESTION)).toBe('denied');
  });

  it('of one user in one namespace says nothing about another', async () => {
    const api = anApiServer(() => ({ status: { allowed: true } }));
    const reviewer = createAccessReviewer(api);
    await reviewer.review(ANA, QUESTION);
    await reviewer.review(ANA, { ...QUESTION, namespace: 'bank' });
    await reviewer.review({ ...ANA, groups: [] }, QUESTION);
    expect(api.asked).toHaveLength(3);
  });

  it('is never granted by silence, nor by an answer that is none, and neither is remembered', async () => {
    let answer: () => unknown = () => {
      throw new Error('away');
    };
    const reviewer = createAccessReviewer(anApiServer(() => answer()));
    expect(await reviewer.review(ANA, QUESTION)).toBe('unavailable');
    answer = () => ({ status: { allowed: 'yes' } });
    expect(await reviewer.review(ANA, QUESTION)).toBe('unavailable');
    answer = () => ({ status: { allowed: true } });
    expect(await reviewer.review(ANA, QUESTION)).toBe('allowed');
  });
});

describe('the token of a person', () => {
  const review = async (user: object): Promise<unknown> => {
    const api = anApiServer(() => ({ status: { authenticated: true, user } }));
    const result = await createUserReviewer(api).review('opaque', 'capataz-ledger');
    expect(api.asked[0]?.body).toMatchObject({ spec: { token: 'opaque' } });
    return result;
  };

  it('is taken as the API server takes it', async () => {
    expect(await review({ username: 'ana', groups: ['auditors'] })).toEqual({
      ok: true,
      identity: { user: ANA },
    });
  });

  it('is not one of a ServiceAccount that was made for somebody else', async () => {
    expect(await review({ username: 'system:serviceaccount:shop:default' })).toEqual({
      ok: false,
      reason: 'wrongAudience',
    });
  });
});
