/** The script and the journal over HTTP, for tests that run the fake providers as a process of their own. */
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { FakeProviders } from './fake-providers.ts';
import { AnswerRule, FAKE_PROVIDERS, Fault } from './scenario.ts';

const Keys = z.strictObject({ provider: z.enum(FAKE_PROVIDERS), keys: z.array(z.string()) });

type Controlled = Pick<FakeProviders, 'journal' | 'addAnswer' | 'addFault' | 'setKeys' | 'clear'>;

/** GET /control/journal; POST /control/answers, /control/faults, /control/keys, /control/clear. */
export function handleControl(
  fakes: Controlled,
  method: string,
  path: string,
  body: unknown,
  response: ServerResponse,
): void {
  const routes: Readonly<Record<string, () => unknown>> = {
    'GET /control/journal': () => fakes.journal(),
    'POST /control/answers': () => fakes.addAnswer(AnswerRule.parse(body)),
    'POST /control/faults': () => fakes.addFault(Fault.parse(body)),
    'POST /control/keys': () => {
      const { provider, keys } = Keys.parse(body);
      fakes.setKeys(provider, keys);
    },
    'POST /control/clear': () => fakes.clear(),
  };
  const run = routes[`${method} ${path}`];
  const send = (status: number, value: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value ?? {}));
  };
  if (run === undefined) {
    send(404, { problem: `there is no ${method} ${path}` });
    return;
  }
  try {
    send(200, run());
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    send(400, { problem: z.prettifyError(error) });
  }
}
