import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { SAMPLE_AGENT, SAMPLE_NAMESPACE } from './samples.ts';

const QUESTION_TIMEOUT_SECONDS = 180;
const PORT_FORWARD_TIMEOUT_SECONDS = 30;
const AGENT_PORT = 8080;
const AGENT_SERVICE = `agent-${SAMPLE_AGENT}`;

export interface AgentEndpoint {
  readonly url: string;
  readonly close: () => void;
}

export interface FirstAnswer {
  readonly status: number;
  /** What JSON it was, or else the text. */
  readonly answer: unknown;
}

/** A real message of the SpamAssassin corpus, in the very request that README.md shows with curl. */
export async function readSampleEmail(checkout: string): Promise<string> {
  const text = await readFile(join(checkout, 'samples/mails/spam-1.json'), 'utf8');
  const request = JSON.parse(text) as { readonly input: { readonly email: string } };
  return request.input.email;
}

export async function openAgent(access: ClusterAccess): Promise<AgentEndpoint> {
  if (!access.isRouted) return forwardPort(access);
  const address = await access.kubectl([
    'get',
    'service',
    AGENT_SERVICE,
    '--namespace',
    SAMPLE_NAMESPACE,
    '--output=jsonpath={.spec.clusterIP}',
  ]);
  return { url: `http://${address.trim()}:${AGENT_PORT}`, close: () => undefined };
}

/** Another cluster's services are not routed here, so kubectl carries the one question over. */
async function forwardPort(access: ClusterAccess): Promise<AgentEndpoint> {
  const [program = 'kubectl', ...flags] = access.kubectlCommand;
  const child = spawn(
    program,
    [...flags, 'port-forward', '--namespace', SAMPLE_NAMESPACE, `service/${AGENT_SERVICE}`, `:${AGENT_PORT}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const close = (): void => void child.kill();
  const timer = setTimeout(close, PORT_FORWARD_TIMEOUT_SECONDS * 1000);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const port = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port !== undefined) return { url: `http://127.0.0.1:${port}`, close };
    }
  } finally {
    clearTimeout(timer);
  }
  throw new ClusterError(
    `kubectl port-forward to the service ${AGENT_SERVICE} did not start within ${PORT_FORWARD_TIMEOUT_SECONDS} s.`,
  );
}

/** What the agent said, be it an answer or a refusal; throws where it said nothing. */
export async function askFirstQuestion(agentUrl: string, email: string): Promise<FirstAnswer> {
  const url = `${agentUrl}/v1/runs`;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input: { email } }),
      signal: AbortSignal.timeout(QUESTION_TIMEOUT_SECONDS * 1000),
    });
    return { status: response.status, answer: parseAnswer(await response.text()) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClusterError(
      `The agent at ${url} did not answer the first question: ${reason}. Look at kubectl -n ${SAMPLE_NAMESPACE} logs -l capataz.dev/agent=${SAMPLE_AGENT}.`,
    );
  }
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
