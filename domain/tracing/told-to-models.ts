/**
 * Which models hear in which trace they are asked. A trace id ties together what one provider is asked for one user, in
 * one run or by several agents, and third parties have no need to know that. A model server inside the cluster is ours,
 * and its spans belong into the same tree. `tracestate` goes to none of them: it holds what others wrote.
 */
export const TRACE_TO_MODELS = ['none', 'cluster', 'all'] as const;
export type TraceToModels = (typeof TRACE_TO_MODELS)[number];

const CLUSTER_HOST = /^(?:127\.0\.0\.1|localhost|[^.]+\.[^.]+\.svc(?:\.cluster\.local)?)$/;

export function hearsTrace(endpoint: string, setting: TraceToModels): boolean {
  if (setting !== 'cluster') return setting === 'all';
  return URL.canParse(endpoint) && CLUSTER_HOST.test(new URL(endpoint).hostname);
}
