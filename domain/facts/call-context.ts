/** Whom a call is for and where it comes from: what every fact of one request shares. */
import { RUN_PURPOSES, type RunPurpose } from '#domain/ledger/record-fields.ts';
import type { SpanContext } from '#domain/tracing/trace-context.ts';

/** One run of an agent, as its runtime tells it with each call. */
export interface RunReference {
  readonly id: string;
  /** Counts the thoughts of the run from 1. */
  readonly step?: number;
  /** Absent: production. */
  readonly purpose?: RunPurpose;
}

export interface PromptReference {
  /** metadata.name of the PromptVersion. */
  readonly name?: string;
  /** SHA-256 of its text in hexadecimal. */
  readonly digest?: string;
}

export interface CallContext {
  readonly requestId: string;
  /** The caller's own name of the request, where he gave one. */
  readonly callersRequestId?: string;
  readonly run?: RunReference;
  readonly prompt?: PromptReference;
  /**
   * The span that the fact tells of: of the request, or of the attempt. Where the router traces nothing it is the caller's
   * own; absent where he sent none.
   */
  readonly trace?: SpanContext;
  readonly caller: { readonly namespace: string; readonly agent: string };
  readonly operation: 'chat' | 'embeddings';
  /** `auto`, or the name of a Model that the caller's policy knows; absent for any other text. */
  readonly modelAsked?: string;
  readonly isStream: boolean;
}

export type Writable<Value> = { -readonly [Field in keyof Value]: Value[Field] };

/** The parts of a context that not every call has. */
export function copyOptionalContext(to: Writable<CallContext>, from: CallContext): void {
  if (from.callersRequestId !== undefined) to.callersRequestId = from.callersRequestId;
  if (from.run !== undefined) to.run = from.run;
  if (from.prompt !== undefined) to.prompt = from.prompt;
  if (from.trace !== undefined) to.trace = from.trace;
  if (from.modelAsked !== undefined) to.modelAsked = from.modelAsked;
}

/** Says that a run is none of production: a RunPurpose. */
export const RUN_PURPOSE_HEADER = 'x-capataz-run-purpose';

/** What a caller says about the run in headers. Whatever does not fit is dropped: it never costs the caller his answer. */
export function readCallHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Pick<CallContext, 'callersRequestId' | 'run' | 'prompt'> {
  const read = (name: string, pattern: RegExp): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' && pattern.test(value) ? value : undefined;
  };
  // Most callers say nothing, and the rest is looked at for each request.
  const callersRequestId = read('x-request-id', IDENTIFIER);
  const runId = read('x-capataz-run-id', IDENTIFIER);
  const step = read('x-capataz-step', STEP);
  const purpose = RUN_PURPOSES.find((each) => each === headers[RUN_PURPOSE_HEADER]);
  const name = read('x-capataz-prompt-version', OBJECT_NAME);
  const digest = read('x-capataz-prompt-digest', DIGEST);
  return {
    ...(callersRequestId !== undefined && { callersRequestId }),
    ...(runId !== undefined && {
      run: {
        id: runId,
        ...(step !== undefined && { step: Number(step) }),
        ...(purpose !== undefined && { purpose }),
      },
    }),
    ...((name !== undefined || digest !== undefined) && {
      prompt: { ...(name !== undefined && { name }), ...(digest !== undefined && { digest }) },
    }),
  };
}

const IDENTIFIER = /^[\w.:-]{1,128}$/;
const STEP = /^\d{1,6}$/;
const OBJECT_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const DIGEST = /^[0-9a-f]{64}$/;
