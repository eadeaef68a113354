/** Puts the loop together: files -> objects -> router, local model and one agent, until the program is asked to end. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { apiUrlProblem } from '#crds/http-url.ts';
import { ModelPrice } from '#crds/model.ts';
import { agentChildName } from '#domain/agent/agent-names.ts';
import { parsePrompt } from '#domain/prompts/parse-prompt.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandError } from '../exit-codes.ts';
import { visible } from '../terminal/visible-text.ts';
import { type LogLine, type Service, startService } from './child-process.ts';
import { type OtherEndpoint, type Served, chooseServed, objectsForRouter } from './choose-served.ts';
import { startObjectServer } from './object-server.ts';
import { type ReadObjects, createObjectReader } from './read-objects.ts';
import { createRunTeller } from './tell-runs.ts';

export interface DevFlags {
  readonly agent?: string;
  readonly port: number;
  readonly endpoint?: string;
  readonly model?: string;
  readonly price?: string;
  readonly keyVariable?: string;
  readonly modelsDirectory?: string;
}

const POLL_MILLISECONDS = 250;
const READY_SECONDS = 60;
const TOKEN_SECONDS = 30 * 24 * 3_600;

export async function runDev(
  paths: readonly string[],
  flags: DevFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal, signal } = context;
  const write = (line: string): void => terminal.write(`${line}\n`);
  const other = otherEndpoint(flags, context.environment);
  const read = createObjectReader(paths);
  // What is named must be there; what is found in it may come and go.
  for (const path of paths) await stat(path);
  const files = await read();
  tellProblems(files, write);
  const first = chooseServed(files.objects, flags.agent);
  if (!first.ok) throw new CommandError('notFound', first.problem);
  const { namespace, name } = first.agent.metadata;

  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'capataz-dev-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  // Also where a second signal, or a reader of our output who has gone, ends the program at once.
  process.once('exit', removeFolder);
  stack.defer(() => {
    process.removeListener('exit', removeFolder);
    removeFolder();
  });
  const username = `system:serviceaccount:${namespace}:${agentChildName(name)}`;
  const token = makeToken(username, context.epochMilliseconds());
  const server = stack.use(await startObjectServer(token, username));
  const tokenPath = join(folder, 'token');
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(tokenPath, token, { mode: 0o600 });
  await writeFile(kubeconfig, kubeconfigFor(server.url, token), { mode: 0o600 });

  // Those that were begun end at the same time, whether or not they are up.
  const begun: Promise<Service>[] = [];
  stack.defer(async () => {
    await Promise.allSettled(begun.map(async (service) => await (await service)[Symbol.asyncDispose]()));
  });
  const start = (
    service: 'router' | 'agent-runtime' | 'local-model',
    environment: Readonly<Record<string, string>>,
    onLine: (line: LogLine) => void = () => undefined,
  ): Promise<Service> => {
    const starting = startService({
      name: service,
      environment: { ...inherited(context.environment), ...environment },
      signal,
      onLine: (line) => {
        tellFault(service, line, write);
        onLine(line);
      },
    });
    begun.push(starting);
    return starting;
  };

  const modelsDirectory =
    first.needsLocalModel && other === undefined ? await localModelFiles(flags, context, write) : undefined;
  const [router, localModel] = await Promise.all([
    start('router', {
      CAPATAZ_PORT: '0',
      CAPATAZ_KUBECONFIG: kubeconfig,
      CAPATAZ_ALLOW_LOOPBACK_ENDPOINTS: 'true',
    }),
    modelsDirectory === undefined
      ? undefined
      : start('local-model', { CAPATAZ_PORT: '0', CAPATAZ_MODELS_DIRECTORY: modelsDirectory }),
  ]);
  const places = {
    ...(localModel === undefined ? {} : { localModelUrl: `http://127.0.0.1:${localModel.port}/v1` }),
    ...(other === undefined ? {} : { other }),
  };
  let revision = 0;
  let lastConfiguration = '';
  const serve = (objects: ReadObjects['objects'], served: Extract<Served, { ok: true }>): boolean => {
    server.setObjects(objectsForRouter(objects, served, places));
    const content = JSON.stringify(served.configuration);
    if (content === lastConfiguration) return false;
    lastConfiguration = content;
    revision += 1;
    server.setConfiguration(JSON.stringify({ revision, ...served.configuration }));
    return true;
  };
  serve(files.objects, first);

  const agent = await start(
    'agent-runtime',
    {
      CAPATAZ_PORT: String(flags.port),
      CAPATAZ_ROUTER_URL: `http://127.0.0.1:${router.port}`,
      CAPATAZ_ROUTER_TOKEN_PATH: tokenPath,
      CAPATAZ_CONFIGURATION_URL: `${server.url}/v1/configuration`,
      CAPATAZ_CONFIGURATION_TOKEN_PATH: tokenPath,
      CAPATAZ_ALLOW_LOOPBACK_TOOLS: 'true',
    },
    createRunTeller(write),
  );
  const services = [router, agent, ...(localModel === undefined ? [] : [localModel])];
  await Promise.all(services.map((service) => service.ready(READY_SECONDS)));

  const address = `http://127.0.0.1:${agent.port}`;
  write(visible(`agent ${name} answers at ${address}`));
  write(visible(`  prompt  ${promptLine(first)}`));
  write(
    visible(`  models  ${other === undefined ? first.models.join(', ') : `${other.model} at ${other.url}`}`),
  );
  const input = await inputToTry(first);
  write(visible(`  try     curl -s ${address}/v1/runs -H 'content-type: application/json' -d '${input}'`));
  write('  save a prompt or a manifest and it is live; Ctrl-C ends all of it');

  const reloads = async (): Promise<void> => {
    while (!signal.aborted) {
      await sleep(POLL_MILLISECONDS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const now = await read().catch((error: unknown) => {
        write(visible(`the files cannot be read: ${error instanceof Error ? error.message : String(error)}`));
      });
      if (now === undefined) continue;
      tellProblems(now, write);
      if (now.changed.length === 0) continue;
      const served = chooseServed(now.objects, name);
      if (!served.ok) write(visible(`kept what was served: ${served.problem}`));
      else if (serve(now.objects, served)) write(visible(`reloaded  prompt ${promptLine(served)}`));
    }
  };
  await Promise.race([reloads(), ...services.map(({ ended }) => ended)]).catch((error: unknown) => {
    // Ctrl-C reaches the children too, and one of them may be the first to end.
    if (!signal.aborted) throw error;
  });
}

function otherEndpoint(
  flags: DevFlags,
  environment: CommandContext['environment'],
): OtherEndpoint | undefined {
  const { endpoint, model, price: priceText, keyVariable } = flags;
  if ([endpoint, model, priceText, keyVariable].every((flag) => flag === undefined)) return undefined;
  if (endpoint === undefined || model === undefined) {
    throw new CommandError('usage', 'Give --endpoint and --model together.');
  }
  const problem = apiUrlProblem(endpoint);
  if (problem !== undefined) throw new CommandError('usage', `--endpoint "${endpoint}" ${problem}.`);
  const price = priceOf(priceText);
  if (keyVariable === undefined) return { url: endpoint, model, price };
  const key = environment[keyVariable];
  if (key === undefined || key === '')
    throw new CommandError('usage', `The variable ${keyVariable} is not set.`);
  return { url: endpoint, model, price, key };
}

/** Said by a person, and never guessed: the price in a manifest is that of another server. */
function priceOf(text: string | undefined): ModelPrice {
  if (text === undefined) {
    throw new CommandError(
      'usage',
      'Say what a million tokens cost there with --price INPUT,OUTPUT in US dollars (--price 0 for a machine of yours): an unknown price is never free.',
    );
  }
  const [input, output = input, ...more] = text.split(',').map((part) => part.trim());
  const { data } = ModelPrice.safeParse({
    inputUsdPerMillionTokens: input,
    outputUsdPerMillionTokens: output,
  });
  const isWhole = more.length === 0 && (text.includes(',') || Number(input) === 0);
  if (data !== undefined && isWhole) return data;
  throw new CommandError(
    'usage',
    `--price takes US dollars for a million input tokens and output tokens, such as 0.15,0.60, or 0; not ${visible(text)}.`,
  );
}

/** The models of the chart, fetched once (200 MB) into the cache of this user. */
async function localModelFiles(
  { modelsDirectory }: DevFlags,
  { environment, signal }: CommandContext,
  write: (line: string) => void,
): Promise<string> {
  const given = modelsDirectory ?? environment['CAPATAZ_MODELS_DIRECTORY'];
  if (given !== undefined) return given;
  const cache = environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const directory = join(cache, 'capataz', 'local-models');
  await mkdir(directory, { recursive: true });
  write(visible(`the local model is looked for in ${directory}; the first time 200 MB are fetched`));
  const script = join(import.meta.dirname, '..', '..', 'services', 'local-model', 'prepare-models.sh');
  try {
    await promisify(execFile)('bash', [script, directory], { signal });
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    throw new CommandError(
      'unreachable',
      `The local model cannot be prepared (use --endpoint instead): ${stderr.trim()}`,
    );
  }
  return directory;
}

function promptLine({ configuration: { prompt } }: Extract<Served, { ok: true }>): string {
  return `${prompt?.name ?? ''} ${prompt?.digest.slice(0, 12) ?? ''}`;
}

/** Every variable of the prompt, with a text that can be replaced. */
async function inputToTry({ configuration }: Extract<Served, { ok: true }>): Promise<string> {
  const parsed = await parsePrompt(configuration.prompt?.text ?? '');
  const variables = parsed.ok ? parsed.prompt.variables : [];
  const input = Object.fromEntries(variables.map((variable) => [variable, '...']));
  return JSON.stringify({ input }).replaceAll("'", String.raw`'\''`);
}

function tellProblems({ problems }: ReadObjects, write: (line: string) => void): void {
  for (const { path, line, problem } of problems) {
    write(visible(`${path}:${line}: ${problem} (what was served before goes on)`));
  }
}

const FAULTS = new Set<unknown>(['warn', 'error', 'fatal', 40, 50, 60]);

function tellFault(service: string, line: LogLine, write: (line: string) => void): void {
  if (!FAULTS.has(line['level'])) return;
  const why = line['problem'] ?? line['reason'] ?? '';
  write(
    visible(
      `${service}: ${String(line['msg'])} ${typeof why === 'string' ? why : JSON.stringify(why)}`.trim(),
    ),
  );
}

/** Proxies, certificates and paths of this machine; nothing that would set up a service. */
function inherited(environment: CommandContext['environment']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || name.startsWith('CAPATAZ_') || name.startsWith('OTEL_') ? [] : [[name, value]],
    ),
  );
}

/** In the shape of a projected token; only our own server judges it, and it compares the whole. */
function makeToken(subject: string, epochMilliseconds: number): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(epochMilliseconds / 1000) + TOKEN_SECONDS;
  const claims = { sub: subject, aud: ['capataz-router'], exp };
  return `${encode({ alg: 'RS256', kid: 'dev' })}.${encode(claims)}.${randomBytes(32).toString('base64url')}`;
}

function kubeconfigFor(server: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'dev', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'dev', user: { token } }],
    contexts: [{ name: 'dev', context: { cluster: 'dev', user: 'dev' } }],
    'current-context': 'dev',
  });
}
