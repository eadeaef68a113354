/**
 * Real HTTP servers of OpenAI, Anthropic and Gemini on 127.0.0.1, in one: true wire formats, checked keys and
 * requests, answers and faults by script, and a journal of what came in and what it would have cost.
 */
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANTHROPIC_WIRE } from './anthropic-wire.ts';
import { handleControl } from './control-routes.ts';
import { GEMINI_WIRE } from './gemini-wire.ts';
import { OPENAI_WIRE } from './openai-wire.ts';
import {
  type AnswerRule,
  type FakeAnswer,
  type FakeProvider,
  type Fault,
  type JournalEntry,
  Scenario,
} from './scenario.ts';
import { type Usage, type Wire, type WireRoute, isRefusal } from './wire.ts';

export interface FakeProvidersOptions {
  /** Address to listen on; 127.0.0.1 when not given. Pods of a test node cannot reach that one. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly keys?: Partial<Record<FakeProvider, readonly string[]>>;
  /** Names of the models there are; without it, every name is one. */
  readonly models?: readonly string[];
}

export interface FakeProviders {
  readonly url: string;
  /** What a Model object names as its endpoint, version included. */
  readonly endpoints: Readonly<Record<FakeProvider, string>>;
  readonly journal: () => readonly JournalEntry[];
  readonly addAnswer: (rule: AnswerRule) => void;
  readonly addFault: (fault: Fault) => void;
  readonly setKeys: (provider: FakeProvider, keys: readonly string[]) => void;
  /** Forgets answers, faults and journal; keys stay. */
  readonly clear: () => void;
  readonly close: () => Promise<void>;
}

export const DEFAULT_KEYS: Readonly<Record<FakeProvider, string>> = {
  OpenAI: 'fake-openai-key',
  Anthropic: 'fake-anthropic-key',
  Gemini: 'fake-gemini-key',
};

const WIRES: readonly Wire[] = [OPENAI_WIRE, ANTHROPIC_WIRE, GEMINI_WIRE];
const LARGEST_BODY_BYTES = 32 * 1024 * 1024;

export async function startFakeProviders(options: FakeProvidersOptions = {}): Promise<FakeProviders> {
  const scenario = new Scenario({
    OpenAI: options.keys?.OpenAI ?? [DEFAULT_KEYS.OpenAI],
    Anthropic: options.keys?.Anthropic ?? [DEFAULT_KEYS.Anthropic],
    Gemini: options.keys?.Gemini ?? [DEFAULT_KEYS.Gemini],
  });
  let journal: JournalEntry[] = [];
  let served = 0;
  const fakes = {
    journal: () => journal,
    addAnswer: (rule: AnswerRule) => scenario.addAnswer(rule),
    addFault: (fault: Fault) => scenario.addFault(fault),
    setKeys: (provider: FakeProvider, keys: readonly string[]) => scenario.setKeys(provider, keys),
    clear: () => {
      scenario.clear();
      journal = [];
    },
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const body = await readBody(request);
    if (url.pathname.startsWith('/control/')) {
      handleControl(fakes, request.method ?? 'GET', url.pathname, body, response);
      return;
    }
    const wire = WIRES.find(({ prefix }) => url.pathname.startsWith(`/${prefix}/`));
    if (wire === undefined) {
      sendJson(response, 404, { error: 'no provider speaks at this path' });
      return;
    }
    served += 1;
    const path = url.pathname.slice(wire.prefix.length + 1);
    const outcome = await answer({
      scenario,
      options,
      wire,
      path,
      body,
      request,
      response,
      id: `f${served}`,
    });
    journal.push({
      provider: wire.provider,
      method: request.method ?? '',
      path: `${path}${url.search}`,
      headers: plainHeaders(request),
      body,
      ...outcome,
    });
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const host = options.host ?? '127.0.0.1';
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    ...fakes,
    url,
    endpoints: {
      OpenAI: `${url}/openai/v1`,
      Anthropic: `${url}/anthropic/v1`,
      Gemini: `${url}/gemini/v1beta`,
    },
    close: () => closeServer(server),
  };
}

interface Exchange {
  readonly scenario: Scenario;
  readonly options: FakeProvidersOptions;
  readonly wire: Wire;
  readonly path: string;
  readonly body: unknown;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: string;
}
type Outcome = Partial<JournalEntry>;

async function answer(exchange: Exchange): Promise<Outcome> {
  const { scenario, wire, path, body, request } = exchange;
  const route = wire.route(request.method ?? '', path);
  if (route === undefined) return refuse(exchange, 404, `Unknown request URL: ${request.method} ${path}`);
  if (!scenario.acceptsKey(wire.provider, wire.keyOf(request.headers))) {
    return refuse(exchange, 401, 'API key not valid. Please pass a valid API key.');
  }
  const model = modelOf(route, body);
  const fault = scenario.takeFault(wire.provider, model);
  const failed = await applyFault(exchange, fault);
  if (failed !== undefined) return { ...failed, ...(model !== undefined && { model }) };
  const refusal = wire.refuseHeaders(request.headers, body);
  if (refusal !== undefined) return refuse(exchange, refusal.status, refusal.message);
  if (route.kind === 'models') return sendModels(exchange);
  if (model !== undefined && exchange.options.models?.includes(model) === false) {
    return refuse(exchange, 404, `The model ${model} does not exist.`);
  }
  return route.kind === 'chat' ? answerChat(exchange, route, fault) : answerEmbeddings(exchange, route);
}

/** Undefined when the request is still to be answered. */
async function applyFault(exchange: Exchange, fault: Fault | undefined): Promise<Outcome | undefined> {
  const { response } = exchange;
  if (fault?.delaySeconds !== undefined) {
    await sleep(fault.delaySeconds * 1000, undefined, { ref: false });
    if (response.destroyed) return { aborted: true };
  }
  if (fault?.reset === true) {
    response.socket?.resetAndDestroy();
    return {};
  }
  if (fault?.status !== undefined) {
    for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
    return refuse(exchange, fault.status, fault.message ?? `Fault of status ${fault.status}.`);
  }
  if (fault?.garbage === true) {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>It works!</body></html>');
    return { status: 200 };
  }
  return undefined;
}

async function answerChat(exchange: Exchange, route: WireRoute, fault: Fault | undefined): Promise<Outcome> {
  const { scenario, wire, body, response, id } = exchange;
  const asked = wire.readChat(body, route);
  if (isRefusal(asked)) return refuse(exchange, asked.status, asked.message);
  const given = scenario.takeAnswer(asked);
  const written = wire.writeAnswer(asked, given, given.usage ?? madeUpUsage(body, given), id);
  const common = { model: asked.model, stream: asked.stream, status: 200, usage: written.usage };
  if (asked.stream) {
    return { ...common, ...(await sendEvents(exchange, written.events, given, fault)) };
  }
  if (fault?.after !== undefined) {
    // Of a body that is no stream, half of it is what comes before the cut.
    const text = JSON.stringify(written.body);
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.write(text.slice(0, text.length / 2), () => response.socket?.resetAndDestroy());
    return common;
  }
  sendJson(response, 200, written.body);
  return common;
}

async function sendEvents(
  { response, wire }: Exchange,
  events: readonly string[],
  given: FakeAnswer,
  fault: Fault | undefined,
): Promise<Outcome> {
  let eventsSent = 0;
  const outcome = (): Outcome => ({ eventsSent, aborted: response.destroyed && !response.writableFinished });
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  response.flushHeaders();
  for (const event of events) {
    if (eventsSent === fault?.after?.events) {
      const aborted = await breakOff(response, wire, fault.after.ending);
      return { eventsSent, aborted };
    }
    if (given.eventDelaySeconds !== undefined) {
      await sleep(given.eventDelaySeconds * 1000, undefined, { ref: false });
    }
    if (response.destroyed) return outcome();
    // Back-pressure: a client that does not read must not make this process hold the answer.
    if (!response.write(event)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    eventsSent += 1;
  }
  response.end();
  return { eventsSent };
}

/** Whether the client went away first, which only a stalled stream waits for. */
async function breakOff(
  response: ServerResponse,
  wire: Wire,
  how: NonNullable<Fault['after']>['ending'],
): Promise<boolean> {
  switch (how) {
    case 'reset':
      // Let what was written reach the client before the reset overtakes it.
      await sleep(20);
      response.socket?.resetAndDestroy();
      return false;
    case 'error':
      response.end(wire.errorEvent('Overloaded'));
      return false;
    case 'garbage':
      response.end('data: {"half": \n\n');
      return false;
    case 'end':
      response.end();
      return false;
    case 'stall':
      break;
  }
  if (!response.destroyed) await once(response, 'close');
  return true;
}

function answerEmbeddings(exchange: Exchange, route: WireRoute): Outcome {
  const asked = exchange.wire.readEmbeddings(exchange.body, route);
  if (isRefusal(asked)) return refuse(exchange, asked.status, asked.message);
  const { model, texts, base64 } = asked;
  const tokens = tokensOf(texts.join(''));
  const body = exchange.wire.writeEmbeddings(model, texts.map(embeddingOf), tokens, base64);
  sendJson(exchange.response, 200, body);
  const usage = { inputTokens: tokens, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0 };
  return { model, status: 200, usage };
}

function sendModels({ wire, options, response }: Exchange): Outcome {
  sendJson(response, 200, wire.models(options.models ?? ['fake-model']));
  return { status: 200 };
}

function refuse({ wire, response }: Exchange, status: number, message: string): Outcome {
  const body = wire.errorBody(status, message);
  // Gemini's body may know better: it calls a wrong key a bad request.
  const own = wire.provider === 'Gemini' && status === 401 ? 400 : status;
  sendJson(response, own, body);
  return { status: own };
}

function modelOf(route: WireRoute, body: unknown): string | undefined {
  if (route.model !== undefined) return route.model;
  const named = typeof body === 'object' && body !== null && 'model' in body ? body.model : undefined;
  return typeof named === 'string' ? named : undefined;
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

function madeUpUsage(body: unknown, { text = '', toolCalls = [] }: FakeAnswer): Usage {
  return {
    inputTokens: tokensOf(JSON.stringify(body)),
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: tokensOf(text) + tokensOf(JSON.stringify(toolCalls)),
  };
}

/** Equal texts have equal embeddings, and different ones nearly never. Whole eighths survive 32-bit floats. */
function embeddingOf(text: string): readonly number[] {
  const sums = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const [place, character] of Array.from(text).entries()) {
    const slot = (place + (character.codePointAt(0) ?? 0)) % sums.length;
    sums[slot] = (sums[slot] ?? 0) + 1;
  }
  return sums.map((sum) => (sum % 64) / 8);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += (piece as Buffer).byteLength;
    if (bytes > LARGEST_BODY_BYTES) throw new RangeError('body too large');
    pieces.push(piece as Buffer);
  }
  const text = Buffer.concat(pieces).toString('utf8');
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
