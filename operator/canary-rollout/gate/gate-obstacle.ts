/**
 * Why a gate cannot begin, as one sentence: what of its inputs is missing or not usable, and how to mend it. It is no
 * verdict and uses up none of the evaluation's time: the gate begins by itself when the obstacle is gone.
 */
import type { Agent } from '#crds/agent.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { Model } from '#crds/model.ts';
import { currentConditionStatus } from '#adapters/kubernetes/read-kind.ts';
import { gateJobName, hasRoomForGateJob } from './gate-job.ts';
import type { GateRun } from './gate-run.ts';
import type { GoldenSetKeys } from '#operator/runtime/golden-set-config-map.ts';

export interface GateInputs {
  /** `unreadable`: it is there, and its own condition says what is wrong with it. */
  readonly agent: Agent | 'unreadable' | undefined;
  readonly goldenSet: GoldenSetInput | undefined;
  /** In the namespace of the rollout, by name. */
  readonly findModel: (name: string) => Model | undefined;
}

export interface GoldenSetInput {
  /** Of the ConfigMap. */
  readonly name: string;
  readonly keys: GoldenSetKeys;
}

/** Undefined when it can begin. */
export function gateObstacle(
  { metadata: { name, namespace } }: CanaryRollout,
  run: GateRun,
  inputs: GateInputs,
): string | undefined {
  const place = `spec.steps[${run.stepIndex}].gate`;
  if (!hasRoomForGateJob(name)) {
    return `A CanaryRollout with a gate may have a name of 55 characters, for its Job is called ${gateJobName('<name>')}: create it under a shorter one.`;
  }
  return (
    obstacleOfAgent(run, inputs, { place, namespace }) ??
    obstacleOfGoldenSet(run, inputs, { place, namespace }) ??
    obstacleOfJudge(run, inputs, { place, namespace })
  );
}

interface Where {
  /** Of the gate in the spec. */
  readonly place: string;
  readonly namespace: string;
}

function obstacleOfAgent(
  { gate: { agentRef } }: GateRun,
  { agent, findModel }: GateInputs,
  { place, namespace }: Where,
): string | undefined {
  if (agent === undefined || (agent !== 'unreadable' && agent.metadata.deletionTimestamp !== undefined)) {
    return `Agent ${agentRef.name} (${place}.agentRef) does not exist in namespace ${namespace}: create it, with replicas: 0 when it is for the gate alone.`;
  }
  if (agent === 'unreadable') return undefined;
  const problems = agent.spec.modelPolicy.allow.map(({ name }) => problemOfModel(name, findModel));
  return problems.includes(undefined)
    ? undefined
    : `Agent ${agentRef.name} (${place}.agentRef) has no Model that could answer: ${problems.join('; ')}.`;
}

/** Of one that was not looked at yet nothing bad is known. */
function problemOfModel(name: string, findModel: GateInputs['findModel']): string | undefined {
  const model = findModel(name);
  if (model === undefined) return `Model ${name} does not exist`;
  return currentConditionStatus(model, 'Ready') === 'False'
    ? `Model ${name} is not ready (kubectl describe model ${name} says why)`
    : undefined;
}

function obstacleOfGoldenSet(
  { gate, candidate }: GateRun,
  { goldenSet }: GateInputs,
  { place, namespace }: Where,
): string | undefined {
  if (goldenSet === undefined) {
    return `There are no cases: neither ${place}.goldenSetRef nor spec.goldenSet of PromptVersion ${candidate.name} names a golden set.`;
  }
  const { name, keys } = goldenSet;
  const namedBy =
    gate.goldenSetRef === undefined
      ? `spec.goldenSet of PromptVersion ${candidate.name}`
      : `${place}.goldenSetRef`;
  if (keys === 'absent') {
    return `ConfigMap ${name} (${namedBy}) with the golden set does not exist in namespace ${namespace}: create it.`;
  }
  return keys === 'unknown' || keys === 1
    ? undefined
    : `ConfigMap ${name} (${namedBy}) must have exactly one key, a golden set; it has ${keys}.`;
}

/** The router lets an Agent ask the Models of its policy and no others, and a gate asks as its Agent. */
function obstacleOfJudge(
  { gate: { agentRef, judge } }: GateRun,
  { agent, findModel }: GateInputs,
  { place, namespace }: Where,
): string | undefined {
  if (judge === undefined) return undefined;
  const { name } = judge.modelRef;
  const what = `Model ${name} (${place}.judge.modelRef)`;
  if (findModel(name) === undefined) {
    return `${what} does not exist in namespace ${namespace}: create it there, or name another.`;
  }
  const isAllowed =
    agent === undefined ||
    agent === 'unreadable' ||
    agent.spec.modelPolicy.allow.some((allowed) => allowed.name === name);
  if (!isAllowed) {
    return `${what} is not in modelPolicy.allow of Agent ${agentRef.name}, as which the gate asks it: add { name: ${name}, weight: 0 } there, and it grades without being chosen for the cases.`;
  }
  return problemOfModel(name, findModel) === undefined
    ? undefined
    : `${what} is not ready, so that nobody could grade: kubectl describe model ${name} says why.`;
}
