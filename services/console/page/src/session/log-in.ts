import type { SessionAnswer } from '#services/console/api/answers.ts';
import { RequestProblem } from '../server/request-problem.ts';
import { request } from '../server/request.ts';
import { session } from './session-state.ts';

export async function findSession(): Promise<void> {
  try {
    session.value = { kind: 'in', session: await request<SessionAnswer>('/v1/session') };
  } catch (error) {
    if (error instanceof RequestProblem && error.status === 401) return;
    if (session.peek().kind !== 'in') session.value = { kind: 'unreachable' };
  }
}

export async function logInWithToken(token: string): Promise<void> {
  const answer = await request<SessionAnswer>('/v1/session/token', { method: 'POST', body: { token } });
  session.value = { kind: 'in', session: answer };
}

export async function logOut(): Promise<void> {
  await request('/v1/session', { method: 'DELETE' }).catch(() => undefined);
  session.value = { kind: 'asking' };
  await findSession();
}
