/**
 * Agents whose runs are told to the ledger as a runtime tells them: by its own records and its own client, with the token of
 * the agent's pod, and with the arm that the stored document says at that moment.
 */
import { hash, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LedgerWriter, createLedgerWriter } from '#adapters/ledger-client/ledger-writer.ts';
import { RunRecords } from '#domain/conversation/run-records.ts';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';
import { chooseArm } from '#domain/rollout/choose-arm.ts';
import type { RolloutArm, RolloutDocument } from '#domain/rollout/rollout-document.ts';
import { AGENTS, PODS } from '#operator/agent/resources.ts';
import { createLogger } from '#telemetry/logger.ts';
import { createAgent } from './objects.ts';
import { type AnyObject, type World, eventually } from './operator-world.ts';

/** How a run went; by default it succeeds with an answer that fits. */
export interface Conduct {
  readonly hasFailed?: boolean;
  readonly firstAnswerFits?: boolean;
  readonly costNanoUsd?: number;
  readonly callsUnknownTool?: boolean;
  /** As its caller calls it; without one the run is a session of its own. */
  readonly session?: string;
}

export interface ToldRun extends Conduct {
  readonly arm: RolloutArm;
  readonly digest: string;
}

export interface TellingAgent {
  readonly name: string;
  readonly uid: string;
  /** Told, and not taken by the ledger yet. */
  readonly untaken: () => number;
  readonly run: (document: RolloutDocument, conductOf: (arm: RolloutArm) => Conduct) => ToldRun;
  readonly close: () => Promise<void>;
}

interface Where {
  readonly namespace: string;
  readonly name: string;
  readonly ledgerUrl: string;
  /** For its token and its spool. */
  readonly directory: string;
}

/** No node runs its pod, but the API server knows it: what is told with its token is witnessed. */
export async function startTellingAgent(
  world: World,
  { namespace, name, ledgerUrl, directory }: Where,
): Promise<TellingAgent> {
  await createAgent(world, namespace, name);
  const pod: AnyObject = await eventually(async () => {
    const pods = await world.list(PODS, namespace);
    const own = pods.find(({ metadata }) => metadata.name.startsWith(`agent-${name}-`));
    if (own === undefined) throw new Error(`${namespace}/${name} has no pod yet.`);
    return own;
  }, 60);
  const { uid, generation } = (await world.get(AGENTS, namespace, name)).metadata;
  const folder = join(directory, `${namespace}-${name}`);
  const tokenPath = join(folder, 'token');
  const spoolFolder = join(folder, 'spool');
  await mkdir(spoolFolder, { recursive: true });
  await writeFile(tokenPath, await world.token(namespace, `agent-${name}`, LEDGER_AUDIENCE, pod));
  let taken = 0;
  const writer = await createLedgerWriter({
    url: ledgerUrl,
    tokenPath,
    spoolFolder,
    maximumBytes: 67_108_864,
    source: { process: 'agent-runtime', instance: pod.metadata.name },
    namespace,
    logger: createLogger('agent-runtime', 'silent'),
    metrics: {
      records: (fate, count) => {
        if (fate !== 'acknowledged') throw new Error(`${count} records of ${namespace}/${name} are ${fate}.`);
        taken += count;
      },
      textCut: () => undefined,
      deliveryFailed: () => undefined,
      observe: () => undefined,
    },
    newId: randomUUID,
    now: () => performance.now(),
    epochMilliseconds: Date.now,
    random: Math.random,
  });
  const counting = countedWriter(writer);
  return {
    name,
    uid,
    untaken: () => counting.told() - taken,
    run: (document, conductOf) => {
      const runId = randomUUID();
      const { rollout, exposure, stable, candidate = stable } = document;
      // Asked before the arm is known only for its session, which depends on no arm.
      const { session } = conductOf('stable');
      const arm = chooseArm(exposure, { agentUid: uid, session: session ?? runId });
      const { version, digest } = arm === 'candidate' ? candidate : stable;
      const conduct = conductOf(arm);
      const records = new RunRecords({
        writer: counting.writer,
        namespace,
        agent: { name, uid, generation },
        prompt: { name: rollout.name, arm, version, digest },
        runId,
        ...(session !== undefined && { session: hash('sha256', session).slice(0, 32) }),
        content: 'None',
        retentionDays: 0,
        commitmentKey: '',
        now: () => new Date(),
        monotonicMilliseconds: () => performance.now(),
      });
      tellRun(records, runId, conduct);
      return { ...conduct, arm, digest };
    },
    close: () => writer.close(5_000),
  };
}

function countedWriter(writer: LedgerWriter): { readonly writer: LedgerWriter; readonly told: () => number } {
  let told = 0;
  const write: LedgerWriter['write'] = (draft, texts) => {
    told += 1;
    writer.write(draft, texts);
  };
  return { writer: { ...writer, write }, told: () => told };
}

function tellRun(records: RunRecords, runId: string, conduct: Conduct): void {
  const {
    hasFailed = false,
    firstAnswerFits = true,
    costNanoUsd = 1_000,
    callsUnknownTool = false,
  } = conduct;
  records.begun({ input: '{}', callerRequestId: '', tools: [], limits: { steps: 8, seconds: 60 } });
  if (callsUnknownTool) {
    const end = { outcome: 'unknown_tool', text: '', durationMilliseconds: 0 } as const;
    records.recorder.toolResult({ step: 1, callId: `${runId}-call`, tool: 'format_disk' }, end);
  }
  const figures = {
    runId,
    steps: 1,
    repairs: 0,
    usage: null,
    costNanoUsd,
    effects: 0,
    models: ['local'],
    durationMilliseconds: 1,
  };
  records.ended(
    hasFailed
      ? { ...figures, status: 'failed', reason: 'model_refused', message: 'It failed.' }
      : { ...figures, status: 'succeeded', output: {}, firstAnswerFits },
  );
}
