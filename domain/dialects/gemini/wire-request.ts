/** Where requests to Gemini go. The key travels in a header: as a query parameter it would stand in every log on the way. */
import type { ProviderRequest, ProviderTarget } from '../dialect.ts';

export function postToModel(target: ProviderTarget, method: string, body: object): ProviderRequest {
  return {
    method: 'POST',
    url: `${target.endpoint}/${modelPath(target.model)}:${method}`,
    headers: { 'content-type': 'application/json', ...headersOf(target) },
    body: JSON.stringify(body),
  };
}

export function writeGeminiProbeRequest(target: ProviderTarget): ProviderRequest {
  return { method: 'GET', url: `${target.endpoint}/models?pageSize=1`, headers: headersOf(target) };
}

/** A name with a folder of its own, such as `tunedModels/mine`, stays as it is. */
export function modelPath(model: string): string {
  const path = model.includes('/') ? model : `models/${model}`;
  return path.split('/').map(encodeURIComponent).join('/');
}

function headersOf(target: ProviderTarget): Record<string, string> {
  return target.apiKey === undefined ? {} : { 'x-goog-api-key': target.apiKey };
}
