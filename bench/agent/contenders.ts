/** Starts the upstream and the agents, each as processes of its own, on free ports of 127.0.0.1. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentConfiguration } from '#domain/agent/agent-configuration.ts';
import { promptDigest, promptVersionName } from '#domain/prompts/prompt-digest.ts';
import { preparePython } from '#test/python/python-environment.ts';
import { agentToken } from '../laboratory/identity.ts';
import { Processes, freePorts, listening, ready } from '../laboratory/processes.ts';
import { startRouterProcess } from '../laboratory/router.ts';
import { PROMPT, SCENARIOS, type Scenario } from './workload.ts';

export interface Contender {
  readonly name: string;
  /** Where runs of a scenario are posted. */
  readonly runUrl: (scenario: Scenario) => string;
  /** The processes that serve a scenario: their memory and processor time count. */
  readonly processIds: (scenario: Scenario) => readonly number[];
}

export interface Contenders extends AsyncDisposable {
  readonly contenders: readonly Contender[];
}

export async function startContenders(): Promise<Contenders> {
  const processes = await Processes.create('bench-agent');
  try {
    const [upstream = 0] = await freePorts(1);
    await processes.startNode(['bench/laboratory/upstream.ts', String(upstream)]);
    await listening(upstream);
    const capataz = await startCapataz(processes, upstream);
    const python = await preparePython('bench-agent', join(import.meta.dirname, 'requirements.txt'));
    const one = await startPython(processes, python, upstream, 1);
    const two = await startPython(processes, python, upstream, 2);
    return {
      contenders: [capataz, one, two],
      [Symbol.asyncDispose]: () => processes[Symbol.asyncDispose](),
    };
  } catch (error) {
    await processes[Symbol.asyncDispose]();
    throw error;
  }
}

/** One agent-runtime for each scenario, as each Agent has pods of its own, and the router that they share. */
async function startCapataz(processes: Processes, upstream: number): Promise<Contender> {
  const router = await startRouterProcess(processes, upstream);
  const tokenPath = join(processes.directory, 'token');
  await writeFile(tokenPath, agentToken());
  const agents = new Map<Scenario, { readonly port: number; readonly processId: number }>();
  for (const scenario of SCENARIOS) {
    const [port = 0, metricsPort = 0] = await freePorts(2);
    const configurationPath = join(processes.directory, `${scenario.name}.json`);
    await writeFile(configurationPath, JSON.stringify(configurationOf(scenario)));
    const processId = await processes.startNode(['services/agent-runtime/main.ts'], {
      CAPATAZ_PORT: String(port),
      CAPATAZ_METRICS_PORT: String(metricsPort),
      CAPATAZ_ROUTER_URL: `http://127.0.0.1:${router.port}`,
      CAPATAZ_ROUTER_TOKEN_PATH: tokenPath,
      CAPATAZ_CONFIGURATION_PATH: configurationPath,
      CAPATAZ_DRAIN_SECONDS: '0',
    });
    await ready(metricsPort);
    agents.set(scenario, { port, processId });
  }
  return {
    name: 'capataz: agent-runtime + router',
    runUrl: (scenario) => `http://127.0.0.1:${agents.get(scenario)?.port}/v1/runs`,
    processIds: (scenario) => [agents.get(scenario)?.processId ?? 0, router.processId],
  };
}

function configurationOf({ tools }: Scenario): AgentConfiguration {
  const digest = promptDigest(PROMPT);
  return {
    revision: 1,
    agent: { namespace: 'bench', name: 'triage', uid: 'uid-triage', generation: 1 },
    prompt: { name: 'triage', version: promptVersionName('triage', digest), digest, text: PROMPT },
    tools,
    audit: { content: 'Digests', retentionDays: 30 },
    limits: { steps: 4, seconds: 30, outputRepairs: 1 },
  };
}

async function startPython(
  processes: Processes,
  python: string,
  upstream: number,
  workers: number,
): Promise<Contender> {
  const [port = 0] = await freePorts(1);
  const processId = await processes.start(
    python,
    `-m uvicorn python_agent:app --host 127.0.0.1 --port ${port} --workers ${workers} --loop uvloop --http httptools --no-access-log`
      .split(' ')
      .concat('--app-dir', import.meta.dirname),
    { UPSTREAM: `http://127.0.0.1:${upstream}/v1` },
  );
  await listening(port);
  const processIds = [processId, ...(await childrenOf(processId))];
  return {
    name: `FastAPI + LangGraph, ${workers} ${workers === 1 ? 'worker' : 'workers'}`,
    runUrl: ({ name }) => `http://127.0.0.1:${port}/${name}/v1/runs`,
    processIds: () => processIds,
  };
}

async function childrenOf(processId: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${processId}/task/${processId}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}
