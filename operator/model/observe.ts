/** Asks the router about a Model: it alone reads provider keys. */
import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { ModelProbe } from '#domain/routing/model-probe.ts';

/** Longer than the router's own wait for a provider. */
const TIMEOUT_SECONDS = 20;
const ANSWER_MAXIMUM_BYTES = 65_536;

export type ProbeAnswer =
  | { readonly kind: 'probed'; readonly probe: ModelProbe }
  /** The router could not be asked: nothing is known about the Model. */
  | { readonly kind: 'unanswered'; readonly message: string };

/** Never rejects, save when the signal aborts. */
export type AskRouter = (namespace: string, name: string, signal: AbortSignal) => Promise<ProbeAnswer>;

export function createRouterClient(options: {
  readonly routerUrl: string;
  /** Of the operator's projected token; read for every request, because the kubelet rotates it. */
  readonly tokenPath: string;
}): AskRouter {
  return async (namespace, name, signal) => {
    try {
      const token = (await readFile(options.tokenPath, 'utf8')).trim();
      const url = `${options.routerUrl}/internal/models/${namespace}/${name}/probe`;
      const response = await request(url, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_SECONDS * 1000)]),
      });
      if (response.statusCode !== 200) {
        await response.body.dump();
        return unanswered(`the router answered with status ${response.statusCode}`);
      }
      const length = Number(response.headers['content-length'] ?? 0);
      if (length > ANSWER_MAXIMUM_BYTES) {
        await response.body.dump();
        return unanswered('the router answered with too much');
      }
      const parsed = ModelProbe.safeParse(await response.body.json());
      return parsed.success
        ? { kind: 'probed', probe: parsed.data }
        : unanswered('the router answered with something that is not a probe');
    } catch (error) {
      signal.throwIfAborted();
      return unanswered(`the router could not be asked (${describe(error)})`);
    }
  };
}

function unanswered(message: string): ProbeAnswer {
  return { kind: 'unanswered', message };
}

/** A code such as ECONNREFUSED says enough and, unlike a message, does not change between two failures. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
