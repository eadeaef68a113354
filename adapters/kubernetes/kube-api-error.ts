/** What the API server said when it refused, as far as a caller may act on it. */
import { z } from 'zod';

const Status = z.object({
  kind: z.literal('Status'),
  message: z.string().optional(),
  reason: z.string().optional(),
  code: z.int().optional(),
  details: z.object({ retryAfterSeconds: z.number().optional() }).optional(),
});

export class KubeApiError extends Error {
  override readonly name = 'KubeApiError';
  /** The HTTP status, or the code of a watch's ERROR event. */
  readonly status: number;
  /** `reason` of the Status object, for example AlreadyExists or Conflict. */
  readonly reason: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: string,
    status: number,
    reason: string | undefined,
    retryAfterSeconds: number | undefined,
  ) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Reads a Status object (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/). */
export function kubeApiErrorFromStatus(body: unknown, httpStatus: number, what: string): KubeApiError {
  const parsed = Status.safeParse(body);
  if (!parsed.success) {
    return new KubeApiError(`${what}: HTTP ${httpStatus}`, httpStatus, undefined, undefined);
  }
  const { message, reason, code, details } = parsed.data;
  return new KubeApiError(
    `${what}: ${message ?? `HTTP ${httpStatus}`}`,
    code ?? httpStatus,
    reason,
    details?.retryAfterSeconds,
  );
}

export function isNotFound(error: unknown): boolean {
  return error instanceof KubeApiError && error.status === 404;
}

/** Somebody else wrote first, or the object at this name is another one: look again, it is not a failure. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubeApiError && error.status === 409;
}
