/** Why there is no answer, with the sentence that the server said, if it said one. */

export class RequestProblem extends Error {
  /** 0: no answer came. */
  public readonly status: number;
  public readonly code: string;

  public constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A refusal is `{ code, message }`, by itself or below `error`. */
export function problemOf(status: number, answer: unknown): RequestProblem {
  const body = isRecord(answer) && isRecord(answer['error']) ? answer['error'] : answer;
  const field = (name: string): string => {
    const value = isRecord(body) ? body[name] : undefined;
    return typeof value === 'string' ? value : '';
  };
  return new RequestProblem(status, field('code'), field('message'));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
