import { request } from 'node:https';
import type { ApiServerIdentity } from './api-server-probe.ts';

export interface ApiResponse {
  readonly statusCode: number;
  readonly body: unknown;
}

/** One call of the Kubernetes API with a client certificate; rejects only where no answer came. */
export function callApiServer(
  identity: ApiServerIdentity,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<ApiResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<ApiResponse>();
  const call = request(
    `${identity.server}${path}`,
    {
      method,
      ca: identity.authorityCertificate,
      cert: identity.clientCertificate,
      key: identity.clientKey,
      timeout: 10_000,
      headers: { 'content-type': 'application/json' },
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve({ statusCode: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) });
        } catch (error) {
          reject(error);
        }
      });
    },
  );
  call.on('timeout', () => call.destroy(new Error(`${method} ${path} got no answer in 10 s`)));
  call.on('error', reject);
  call.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
