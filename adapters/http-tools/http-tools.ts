/**
 * Tools that are asked over HTTP: the arguments go there as JSON with the call's id as `idempotency-key`, and what comes
 * back is text for the model. A call is sent once and never repeated, because nobody knows what a call that broke off has
 * done. Redirects are not followed. Services of the cluster may be asked; the pod itself and metadata services may not.
 */
import { Agent } from 'undici';
import type { HttpToolConfiguration } from '#domain/agent/agent-configuration.ts';
import { TOOL_RESULT_MAXIMUM_CHARACTERS } from '#domain/conversation/call-tools.ts';
import type { Tool, ToolContext, ToolResult } from '#domain/conversation/tool.ts';
import { writeTraceparent } from '#domain/tracing/trace-context.ts';
import {
  BlockedAddressError,
  guardedLookup,
  isBlockedAddress,
} from '../model-providers/blocked-addresses.ts';

const CONNECT_MILLISECONDS = 5_000;
const CONNECTIONS_PER_ORIGIN = 64;
/** Four is the most that a character takes in UTF-8. */
const ANSWER_MAXIMUM_BYTES = 4 * TOOL_RESULT_MAXIMUM_CHARACTERS;
const ANSWER_HEADERS_MAXIMUM_BYTES = 32_768;
const CUT = '\n[cut: the answer of the tool is longer]';
/** Of the body of a refusal: enough for what is wrong with the arguments. */
const REFUSAL_MAXIMUM_CHARACTERS = 2_000;

export interface HttpTools {
  readonly tool: (configuration: HttpToolConfiguration) => Tool;
  /** Ends the calls under way. */
  readonly close: () => Promise<void>;
}

export interface HttpToolsOptions {
  /** For a runtime on a developer's machine, in front of tools on the same machine. */
  readonly allowLoopback: boolean;
}

export function createHttpTools({ allowLoopback }: HttpToolsOptions): HttpTools {
  const policy = { allowLoopback };
  const agent = new Agent({
    connect: { timeout: CONNECT_MILLISECONDS, lookup: guardedLookup(policy) },
    connections: CONNECTIONS_PER_ORIGIN,
    maxHeaderSize: ANSWER_HEADERS_MAXIMUM_BYTES,
    // The tool's own limit ends the waiting.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    tool: ({ url, ...tool }) => ({
      ...tool,
      run: async (given, context) => {
        // A literal address is connected to without any lookup.
        if (isBlockedAddress(new URL(url).hostname, policy)) return BLOCKED;
        return ask(agent, url, given, context);
      },
    }),
    close: async () => agent.destroy(),
  };
}

const BLOCKED: ToolResult = { ok: false, problem: 'the tool has an address that tools may not have' };

async function ask(agent: Agent, url: string, given: unknown, context: ToolContext): Promise<ToolResult> {
  const { origin, pathname, search } = new URL(url);
  try {
    const response = await agent.request({
      origin,
      path: pathname + search,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/*;q=0.9, */*;q=0.1',
        'accept-encoding': 'identity',
        'idempotency-key': context.callId,
        // No tracestate: it holds what others wrote.
        ...(context.trace !== undefined && { traceparent: writeTraceparent(context.trace) }),
      },
      body: JSON.stringify(given),
      signal: context.signal,
    });
    const { statusCode, headers } = response;
    const text = await readText(response.body);
    if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
      return {
        ok: false,
        problem: `the tool answered with ${statusCode} and compressed, which it was not asked for`,
      };
    }
    if (statusCode >= 200 && statusCode < 300) return { ok: true, text };
    const reason = statusCode >= 300 && statusCode < 400 ? ', and redirects are not followed' : '';
    const said = text.slice(0, REFUSAL_MAXIMUM_CHARACTERS).trim();
    return {
      ok: false,
      problem: `the tool answered with ${statusCode}${reason}${said === '' ? '' : `: ${said}`}`,
    };
  } catch (error) {
    context.signal.throwIfAborted();
    if (isBlocked(error)) return BLOCKED;
    return {
      ok: false,
      problem:
        'the tool could not be reached, or the connection to it broke: it may or may not have done what it was asked for',
    };
  }
}

function isBlocked(error: unknown): boolean {
  return (
    error instanceof BlockedAddressError ||
    (error instanceof Error && error.cause instanceof BlockedAddressError)
  );
}

/** Reads no more than it may: what is left is never taken from the connection. */
async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ANSWER_MAXIMUM_BYTES) break;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return bytes <= ANSWER_MAXIMUM_BYTES && text.length <= TOOL_RESULT_MAXIMUM_CHARACTERS
    ? text
    : `${text.slice(0, TOOL_RESULT_MAXIMUM_CHARACTERS - CUT.length)}${CUT}`;
}
