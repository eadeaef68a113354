/**
 * Every code with which an attempt, a request or a run can fail: one spelling and one meaning from the provider to the
 * caller, in answers, facts, metrics, logs and traces. The reference page of errors is held to this table.
 */

import { ATTEMPT_FAILURES, type FailureDescription, PROVIDER_FAILURES } from './attempt-failures.ts';

export { ATTEMPT_FAILURES, PROVIDER_FAILURES } from './attempt-failures.ts';
export type { ErrorType, ProviderFailureCode, AttemptFailureCode } from './attempt-failures.ts';

/** What every process of ours may refuse by itself. */
export const REQUEST_FAILURES = {
  invalid_request: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'The body does not fit. The message names the field, and `param` where one is to blame.',
  },
  body_too_large: { status: 413, type: 'invalid_request_error', meaning: 'The body is too large.' },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request_error',
    meaning: 'The body must be JSON, and said to be.',
  },
  unknown_path: { status: 404, type: 'not_found_error', meaning: 'There is nothing at this path.' },
  shutting_down: { status: 503, type: 'api_error', meaning: 'This replica is going; another one answers.' },
} as const satisfies Record<string, FailureDescription>;

const AUDIT_UNAVAILABLE = {
  status: 503,
  type: 'api_error',
  meaning: 'The spool for the ledger is full: nothing is begun that could not be recorded.',
} as const satisfies FailureDescription;

/** What the router alone refuses. */
const ROUTER_REFUSALS = {
  unauthenticated: {
    status: 401,
    type: 'authentication_error',
    meaning:
      'No valid ServiceAccount token of the audience `capataz-router`. The message says what is wrong with it.',
  },
  not_an_agent: {
    status: 403,
    type: 'permission_error',
    meaning: 'The ServiceAccount is not the one of an agent (`agent-NAME`).',
  },
  unknown_agent: {
    status: 403,
    type: 'permission_error',
    meaning: 'The ServiceAccount is called like the one of an agent, and there is no such Agent.',
  },
  not_the_platform: {
    status: 403,
    type: 'permission_error',
    meaning: "`/internal` is for the platform's own ServiceAccounts.",
  },
  token_review_unavailable: {
    status: 503,
    type: 'api_error',
    meaning: 'The API server did not answer, so the token could not be checked.',
  },
  model_not_allowed: {
    status: 403,
    type: 'permission_error',
    meaning: "The Model is not in the Agent's `modelPolicy.allow`.",
  },
  no_eligible_model: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'No allowed Model can take the request. The message gives the reason for each.',
  },
  no_model_available: {
    status: 503,
    type: 'api_error',
    meaning: 'A Model could take the request, and its key is missing or refused.',
  },
  audit_unavailable: AUDIT_UNAVAILABLE,
  invalid_deadline: {
    status: 400,
    type: 'invalid_request_error',
    meaning: 'The header `x-capataz-deadline-ms` is not a whole number of milliseconds.',
  },
} as const satisfies Record<string, FailureDescription>;

/** All that the router tells. */
export const ROUTER_FAILURES = {
  ...ROUTER_REFUSALS,
  ...REQUEST_FAILURES,
  ...ATTEMPT_FAILURES,
} as const;

/** What the pod of an agent refuses before there is a run. */
const AGENT_REFUSALS = {
  variables_invalid: {
    status: 400,
    type: 'invalid_request_error',
    meaning: '`input` does not fit the variables of the prompt. The message names each.',
  },
  too_many_runs: {
    status: 429,
    type: 'rate_limit_error',
    meaning: 'This pod has as many runs as it may have.',
  },
  unconfigured: {
    status: 503,
    type: 'api_error',
    meaning: 'The agent has no configuration yet. `kubectl describe agent NAME` says why.',
  },
  configuration_not_understood: {
    status: 503,
    type: 'api_error',
    meaning:
      'The agent is told a limit that its image does not know. The image is older than the operator: update it, or take the field out of the Agent.',
  },
  audit_unavailable: AUDIT_UNAVAILABLE,
} as const satisfies Record<string, FailureDescription>;
/** Why no run is started for a request that is right. */
export type AgentAdmissionCode =
  | 'too_many_runs'
  | 'unconfigured'
  | 'configuration_not_understood'
  | 'shutting_down'
  | 'audit_unavailable';

/** Where a run ends by its own limits, or with an answer that is none. */
export const RUN_FAILURES = {
  budget: {
    status: 402,
    type: 'invalid_request_error',
    meaning: 'The next step could cost more than `spec.limits.usdPerRun` leaves.',
  },
  cost_unknown: {
    status: 402,
    type: 'invalid_request_error',
    meaning: 'There is a limit on cost, and the cost of a call is not known.',
  },
  steps: { status: 422, type: 'invalid_request_error', meaning: '`spec.limits.steps` is used up.' },
  seconds: { status: 504, type: 'timeout_error', meaning: '`spec.limits.seconds` is used up.' },
  no_progress: {
    status: 422,
    type: 'invalid_request_error',
    meaning: 'The model asked for the same tool with the same arguments again and again.',
  },
  output_invalid: {
    status: 422,
    type: 'invalid_request_error',
    meaning: 'No answer fitted `spec.output.schema`, in as many repairs as are allowed.',
  },
  output_cut: {
    status: 422,
    type: 'invalid_request_error',
    meaning: 'The answer was longer than `spec.limits.outputTokens`.',
  },
  model_refused: {
    status: 422,
    type: 'invalid_request_error',
    meaning: 'The model refuses to answer.',
  },
  not_recorded: {
    status: 503,
    type: 'api_error',
    meaning:
      "A record could not be kept. The ledger did not confirm the intent of a tool call, and the tool, which has an effect, did not run; or the records of a run that has ended found no room on the pod's disk, and its answer counts for nothing.",
  },
} as const satisfies Record<string, FailureDescription>;

/** All that an agent tells of itself; failures of its model calls keep the code of the router. */
export const AGENT_FAILURES = {
  ...REQUEST_FAILURES,
  ...AGENT_REFUSALS,
  ...RUN_FAILURES,
} as const;

/** All that the local model tells. What it cannot do has the code that the router gives to the same in a provider. */
export const LOCAL_MODEL_FAILURES = {
  queue_full: {
    status: 429,
    type: 'rate_limit_error',
    meaning: 'All places are taken and as many requests wait as may. `Retry-After` says when to ask again.',
  },
  ...REQUEST_FAILURES,
  model_not_found: PROVIDER_FAILURES.model_not_found,
  context_length_exceeded: PROVIDER_FAILURES.context_length_exceeded,
  unsupported: PROVIDER_FAILURES.unsupported,
  cancelled: ATTEMPT_FAILURES.cancelled,
  internal_error: ATTEMPT_FAILURES.internal_error,
} as const satisfies Record<string, FailureDescription>;
export type LocalModelFailureCode = keyof typeof LOCAL_MODEL_FAILURES;

/** What the ledger refuses. Codes of single records in the answer to a batch are those of record-batch.ts. */
export const LEDGER_FAILURES = {
  unauthenticated: {
    status: 401,
    type: 'authentication_error',
    meaning:
      'No valid ServiceAccount token of the audience `capataz-ledger`, nor a token of a person. The message says what is wrong with it.',
  },
  not_a_teller: {
    status: 403,
    type: 'permission_error',
    meaning: 'Neither an agent (`agent-NAME`) nor one of `CAPATAZ_PLATFORM_WRITERS`.',
  },
  not_allowed: {
    status: 403,
    type: 'permission_error',
    meaning: 'The caller lacks a right on a subresource of `agents`. The message names it and where.',
  },
  token_review_unavailable: ROUTER_REFUSALS.token_review_unavailable,
  access_review_unavailable: {
    status: 503,
    type: 'api_error',
    meaning: "The API server did not answer, so the caller's rights could not be checked.",
  },
  run_not_found: {
    status: 404,
    type: 'not_found_error',
    meaning: 'There is no such run where the caller may look.',
  },
  record_not_found: {
    status: 404,
    type: 'not_found_error',
    meaning: 'There is no such record, or its body was pruned.',
  },
  log_not_found: {
    status: 404,
    type: 'not_found_error',
    meaning: 'The namespace has no tree, or the tree has nothing there yet.',
  },
  idempotency_conflict: {
    status: 409,
    type: 'invalid_request_error',
    meaning: 'The Idempotency-Key was used for other feedback.',
  },
  too_many_records: {
    status: 429,
    type: 'rate_limit_error',
    meaning: 'As many records are under way as fit. Sending the same again is safe.',
  },
  too_many_questions: {
    status: 503,
    type: 'api_error',
    meaning: 'As many requests are being answered as may be, of all or of this caller.',
  },
  too_many_streams: {
    status: 429,
    type: 'rate_limit_error',
    meaning: 'As many live streams are open as may be.',
  },
  ledger_full: {
    status: 503,
    type: 'api_error',
    meaning: 'The volume is full: the ledger is read-only until there is room.',
  },
  ledger_fenced: {
    status: 503,
    type: 'api_error',
    meaning: 'Another process has taken over the store: this one is read-only.',
  },
  ledger_tampered: {
    status: 503,
    type: 'api_error',
    meaning:
      'The store is behind or apart from what the witness has seen: read-only until an operator accepts the loss.',
  },
  store_failed: {
    status: 503,
    type: 'api_error',
    meaning: 'The store failed. Sending the same again is safe: it is written once.',
  },
  checkpoint_pending: {
    status: 503,
    type: 'api_error',
    meaning: 'The record is newer than the last checkpoint. The next one comes within seconds.',
  },
  texts_unavailable: {
    status: 503,
    type: 'api_error',
    meaning: 'Texts cannot be sealed or opened, because the key for it is not here.',
  },
  ...REQUEST_FAILURES,
  internal_error: ATTEMPT_FAILURES.internal_error,
} as const satisfies Record<string, FailureDescription>;

/** What the console refuses to its page. */
export const CONSOLE_FAILURES = {
  unauthenticated: {
    status: 401,
    type: 'authentication_error',
    meaning: 'There is no session, or it has ended, or the login was refused. The message says why.',
  },
  not_same_origin: {
    status: 403,
    type: 'permission_error',
    meaning:
      "The request does not come from the console's own page, or changes something without the session's `x-capataz-csrf`.",
  },
  too_many_logins: {
    status: 429,
    type: 'rate_limit_error',
    meaning: 'More than ten logins in a minute from one address.',
  },
  identity_too_large: {
    status: 403,
    type: 'permission_error',
    meaning:
      'The name and groups of the person have more than 6,000 bytes, which is more than a session holds.',
  },
  token_review_unavailable: ROUTER_REFUSALS.token_review_unavailable,
  access_review_unavailable: LEDGER_FAILURES.access_review_unavailable,
  not_allowed: {
    status: 403,
    type: 'permission_error',
    meaning: 'The person lacks a right. The message names it and where.',
  },
  not_found: {
    status: 404,
    type: 'not_found_error',
    meaning: 'There is nothing of this name where the person may look.',
  },
  object_changed: {
    status: 409,
    type: 'invalid_request_error',
    meaning: 'The rollout is about another version than the one that the person saw.',
  },
  command_not_possible: {
    status: 409,
    type: 'invalid_request_error',
    meaning: 'The rollout is in no phase in which the command would be obeyed. The message says why.',
  },
  idempotency_conflict: {
    status: 409,
    type: 'invalid_request_error',
    meaning: 'The id of the command was used for another command.',
  },
  ledger_unavailable: {
    status: 503,
    type: 'api_error',
    meaning: 'The ledger does not answer, or there is none. Of a command nothing was done.',
  },
  kubernetes_unavailable: {
    status: 503,
    type: 'api_error',
    meaning: 'The API server does not answer, or did not take the command. Giving it again is safe.',
  },
  too_many_questions: {
    status: 503,
    type: 'api_error',
    meaning: 'As many requests are being answered as may be, of all or of this person.',
  },
  too_many_streams: {
    status: 429,
    type: 'rate_limit_error',
    meaning: 'As many live streams are open as may be, of all or of this session.',
  },
  ...REQUEST_FAILURES,
  internal_error: ATTEMPT_FAILURES.internal_error,
} as const satisfies Record<string, FailureDescription>;

/** What the observer refuses. */
export const OBSERVER_FAILURES = {
  unauthenticated: {
    status: 401,
    type: 'authentication_error',
    meaning:
      'No valid ServiceAccount token of the audience `capataz-observer`. The message says what is wrong with it.',
  },
  not_a_reader: {
    status: 403,
    type: 'permission_error',
    meaning: 'The ServiceAccount is not in `CAPATAZ_OBSERVER_READERS`.',
  },
  token_review_unavailable: ROUTER_REFUSALS.token_review_unavailable,
  agent_not_seen: {
    status: 404,
    type: 'not_found_error',
    meaning: 'There is no such Agent, or nothing was ever recorded of it.',
  },
  too_many_streams: LEDGER_FAILURES.too_many_streams,
  ...REQUEST_FAILURES,
  internal_error: ATTEMPT_FAILURES.internal_error,
} as const satisfies Record<string, FailureDescription>;

export const FAILURES = {
  ...CONSOLE_FAILURES,
  ...OBSERVER_FAILURES,
  ...LEDGER_FAILURES,
  ...ROUTER_FAILURES,
  ...AGENT_FAILURES,
  ...LOCAL_MODEL_FAILURES,
} as const satisfies Record<string, FailureDescription>;
export type FailureCode = keyof typeof FAILURES;
