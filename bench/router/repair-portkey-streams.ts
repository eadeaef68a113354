/**
 * Preloaded into the Portkey that serves the streams. @portkey-ai/gateway 1.15.2 answers every stream with status 500
 * ("TypeError: immutable") under the @hono/node-server that npm installs with it, because it writes to the headers that
 * fetch returned. A copy with headers of its own, made once for a request, is all it needs.
 */
const originalFetch = globalThis.fetch;
const OriginalResponse = globalThis.Response;

globalThis.fetch = async (...request: Parameters<typeof fetch>): Promise<Response> => {
  const { body, status, statusText, headers } = await originalFetch(...request);
  return new OriginalResponse(body, { status, statusText, headers: new Headers(headers) });
};
