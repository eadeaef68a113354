/**
 * Names of the OpenTelemetry GenAI semantic conventions (v1.38.0, status Development; now kept in
 * open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-metrics.md), in the form in which Prometheus carries
 * them: dots become underscores, seconds become the suffix `_seconds`, `{token}` becomes nothing.
 */

/** gen_ai.client.token.usage: tokens of one call as the provider counts them. */
export const CLIENT_TOKEN_USAGE = 'gen_ai_client_token_usage';
/** gen_ai.client.operation.duration: one call to a provider, as the router saw it. */
export const CLIENT_OPERATION_DURATION = 'gen_ai_client_operation_duration_seconds';
/** gen_ai.server.request.duration: one request, as the caller of the router saw it, retries included. */
export const SERVER_REQUEST_DURATION = 'gen_ai_server_request_duration_seconds';
/** gen_ai.server.time_to_first_token: from the request to the first content; streams only. */
export const SERVER_TIME_TO_FIRST_TOKEN = 'gen_ai_server_time_to_first_token_seconds';
/** gen_ai.server.time_per_output_token: after the first one; streams only. */
export const SERVER_TIME_PER_OUTPUT_TOKEN = 'gen_ai_server_time_per_output_token_seconds';

/** Attributes. */
export const OPERATION_NAME = 'gen_ai_operation_name';
export const PROVIDER_NAME = 'gen_ai_provider_name';
export const REQUEST_MODEL = 'gen_ai_request_model';
export const TOKEN_TYPE = 'gen_ai_token_type';
/** Absent in OpenTelemetry when all went well; in Prometheus an empty label is the same as none. */
export const ERROR_TYPE = 'error_type';

/** Bucket boundaries that the conventions ask for. */
export const TOKEN_BUCKETS = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];
export const DURATION_BUCKETS_SECONDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
export const TIME_TO_FIRST_TOKEN_BUCKETS_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
export const TIME_PER_OUTPUT_TOKEN_BUCKETS_SECONDS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5,
];
