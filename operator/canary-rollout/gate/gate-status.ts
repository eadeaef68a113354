/**
 * How the present gate stands: from its Job and the pods of it to what goes into the status. Passed is said only by a
 * whole verdict about this very candidate, with the exit code that belongs to it; whatever else ended a pod is an Error
 * with its reason, and what has not ended is Running with what it waits for.
 */
import { z } from 'zod';
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { GateStatus } from '#crds/rollout-progress.ts';
import { describeFlips } from '#domain/evaluation/describe-verdict.ts';
import { DEFAULT_GATE_SECONDS } from '#domain/evaluation/gate-entry.ts';
import { type GateVerdict, VERDICT_EXIT_CODES, readGateVerdict } from '#domain/evaluation/gate-verdict.ts';
import { type ChildProblem, describeChildProblem } from '#operator/runtime/decision.ts';
import { GATE_RUN_ANNOTATION, gateJobName } from './gate-job.ts';
import { GATE_JOBS, type GatePod } from './gate-resources.ts';
import type { GateRun } from './gate-run.ts';

const MESSAGE_MAXIMUM_LENGTH = 2_048;
/** Conditions and events repeat the message, behind a sentence of their own. */
const FLIPS_MAXIMUM_CHARACTERS = 700;
const QUOTED_CHARACTERS = 200;
const NAME_MAXIMUM_LENGTH = 253;
/** Jobs and pods are watched apart: of a Job that just ended the pod may not be known yet. */
const SETTLING_MILLISECONDS = 30_000;

const JobView = z.object({
  status: z
    .object({
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
            lastTransitionTime: z.string().optional(),
          }),
        )
        .optional(),
    })
    .optional(),
});

export interface JobEnd {
  /** `Complete` or `Failed`, or why more exactly. */
  readonly reason: string;
  readonly message: string;
  readonly at: string | undefined;
}

/** Undefined while it runs. */
export function jobEnd(job: KubeObject): JobEnd | undefined {
  const conditions = JobView.safeParse(job).data?.status?.conditions ?? [];
  const end = conditions.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  return (
    end && {
      reason: end.reason === undefined || end.reason === '' ? end.type : end.reason,
      message: end.message ?? '',
      at: end.lastTransitionTime,
    }
  );
}

export function isJobOfRun(job: KubeObject | undefined, { id }: GateRun): boolean {
  return job?.metadata.annotations?.[GATE_RUN_ANNOTATION] === id;
}

export interface GateScene {
  readonly rollout: CanaryRollout;
  readonly run: GateRun;
  /** Why there can be no Job now, as a sentence. */
  readonly obstacle: string | undefined;
  /** At the name of the Job, when it is the rollout's. */
  readonly job: KubeObject | undefined;
  /** Those that say to be of a gate of this rollout. */
  readonly pods: readonly GatePod[];
  readonly problems: readonly ChildProblem[];
}

/** What the status says of this run already, when it has ended: its Job is removed some day. */
export function endedGate({ status }: CanaryRollout, run: GateRun): GateStatus | undefined {
  const gate = status?.gate;
  const isOfRun = gate?.digest === run.candidate.digest && gate.startedAt === run.startedAt;
  return isOfRun && gate.verdict !== 'Running' ? gate : undefined;
}

/** Undefined until there is something to say: its Job is about to be made. */
export function gateStatus(scene: GateScene, now: Date): GateStatus | undefined {
  const { rollout, run, job } = scene;
  const ended = endedGate(rollout, run);
  if (ended !== undefined) return ended;
  if (job === undefined || !isJobOfRun(job, run)) return withoutJob(scene);
  const pod = decisivePod(scene.pods.filter(({ jobUid }) => jobUid === job.metadata.uid));
  const end = jobEnd(job);
  // Not before the Job has ended, though its pod may have a verdict: one that is still running when the release has gone on
  // is one that nobody wants any more, and would be deleted with its log.
  return end === undefined
    ? sayer(run).runs(job.metadata.name, pod === undefined ? troubleWithoutPod(job, now) : troubleOf(pod))
    : ofEndedJob(scene, job, { end, pod }, now);
}

/** What keeps it from beginning can be mended, and then it begins: that ends at the deadline of the release only. */
function withoutJob(scene: GateScene): GateStatus | undefined {
  const why = scene.obstacle ?? refusal(scene);
  return why === undefined ? undefined : sayer(scene.run).waits(why);
}

/** That which has a verdict, or else the newest. */
function decisivePod(pods: readonly GatePod[]): GatePod | undefined {
  const [newest] = pods.toSorted((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
  return pods.find((pod) => verdictOf(pod) !== undefined) ?? newest;
}

function ofEndedJob(
  { rollout, run }: GateScene,
  job: KubeObject,
  { end, pod }: { readonly end: JobEnd; readonly pod: GatePod | undefined },
  now: Date,
): GateStatus {
  const say = sayer(run);
  const { name } = job.metadata;
  const endedAt = end.at ?? now.toISOString();
  if (end.reason === 'DeadlineExceeded') {
    const seconds = run.gate.timeoutSeconds ?? DEFAULT_GATE_SECONDS;
    const trouble = troubleOf(pod) ?? rollout.status?.gate?.message ?? '';
    const why = `The evaluation did not end within ${seconds} s (gate.timeoutSeconds of step ${run.stepIndex + 1}). ${trouble}`;
    return say.error(why.trim(), endedAt, name);
  }
  if (pod?.terminated !== undefined || pod?.end !== undefined) return fromPod(pod, say, name, now);
  if (now.getTime() - Date.parse(end.at ?? '') < SETTLING_MILLISECONDS) return say.runs(name, undefined);
  const why = `Job ${name} ended (${end.reason}${end.message === '' ? '' : `: ${end.message}`}), and its pod is gone, so that its verdict is not known.`;
  return say.error(why, endedAt, name);
}

export const SETTLING_SECONDS = SETTLING_MILLISECONDS / 1000;

/** Why the API server did not take the Job. */
function refusal({ rollout, problems }: GateScene): string | undefined {
  const object = `${GATE_JOBS.kind} ${gateJobName(rollout.metadata.name)}`;
  const problem = problems.find((one) => one.object === object);
  return problem && describeChildProblem(problem);
}

function fromPod(pod: GatePod, say: Sayer, job: string, now: Date): GateStatus {
  const { terminated, end } = pod;
  const at = terminated?.finishedAt ?? now.toISOString();
  const verdict = verdictOf(pod);
  if (terminated !== undefined && verdict !== undefined)
    return say.verdict(verdict, terminated.exitCode, at, job);
  const name = `Pod ${pod.metadata.name}`;
  if (terminated?.reason === 'OOMKilled') {
    return say.error(`${name} needed more memory than it may have: split the golden set.`, at, job);
  }
  if (end !== undefined) {
    return say.error(`${name} was ended by its node (${end.reason}). ${end.message}`.trim(), at, job);
  }
  const left = (terminated?.message ?? '').trim();
  const said =
    left === ''
      ? 'left no verdict'
      : `left what is no verdict: ${JSON.stringify(left.slice(0, QUOTED_CHARACTERS))}`;
  return say.error(
    `${name} ended with exit code ${terminated?.exitCode ?? 'unknown'} and ${said}. See kubectl logs job/${job}.`,
    at,
    job,
  );
}

function verdictOf({ terminated }: GatePod): GateVerdict | undefined {
  return terminated?.message === undefined ? undefined : readGateVerdict(terminated.message);
}

export function isWithoutPod({ metadata: { uid } }: KubeObject, pods: readonly GatePod[]): boolean {
  return !pods.some(({ jobUid }) => jobUid === uid);
}

/** A quota or an admission policy refuses pods to the Job controller, and only an event says so. */
function troubleWithoutPod(
  { metadata: { name, creationTimestamp } }: KubeObject,
  now: Date,
): string | undefined {
  const isNew = !(now.getTime() - Date.parse(creationTimestamp ?? '') >= SETTLING_MILLISECONDS);
  return isNew
    ? undefined
    : `Job ${name} has no pod: kubectl describe job ${name} says why (often a quota or a policy of the namespace). It goes on by itself when that is mended.`;
}

function troubleOf(pod: GatePod | undefined): string | undefined {
  return pod?.trouble === undefined ? undefined : `Pod ${pod.metadata.name}: ${pod.trouble}.`;
}

interface Sayer {
  readonly waits: (why: string) => GateStatus;
  readonly runs: (job: string, trouble: string | undefined) => GateStatus;
  readonly error: (why: string, at: string, job?: string) => GateStatus;
  readonly verdict: (verdict: GateVerdict, exitCode: number, at: string, job: string) => GateStatus;
}

function cut(message: string): string {
  return message.slice(0, MESSAGE_MAXIMUM_LENGTH);
}

function sayer({ candidate, startedAt }: GateRun): Sayer {
  const base = { digest: candidate.digest, startedAt };
  const error: Sayer['error'] = (why, at, job) => ({
    ...base,
    ...(job !== undefined && { job }),
    verdict: 'Error',
    message: cut(why),
    endedAt: at,
  });
  return {
    error,
    waits: (why) => ({ ...base, verdict: 'Running', message: cut(why) }),
    runs: (job, trouble) => ({
      ...base,
      job,
      verdict: 'Running',
      ...(trouble !== undefined && { message: cut(trouble) }),
    }),
    verdict: (verdict, exitCode, at, job) => {
      const doubt = doubtAbout(verdict, exitCode, candidate);
      return doubt === undefined
        ? {
            ...base,
            job,
            verdict: verdict.verdict,
            message: withFlips(verdict),
            ...figuresOf(verdict),
            endedAt: at,
          }
        : error(doubt, at, job);
    },
  };
}

/** What went over is what a person asks for next. */
function withFlips(verdict: GateVerdict): string {
  return cut(`${verdict.message} ${describeFlips(verdict, FLIPS_MAXIMUM_CHARACTERS)}`.trim());
}

/** Why a verdict is not believed. */
function doubtAbout(
  { verdict, candidate }: GateVerdict,
  exitCode: number,
  { name, digest }: GateRun['candidate'],
): string | undefined {
  const isAboutNothing = candidate === null && (verdict === 'Passed' || verdict === 'Failed');
  if (isAboutNothing || (candidate !== null && candidate.digest !== digest)) {
    const what =
      candidate === null ? 'no version' : `the version with digest ${candidate.digest.slice(0, 12)}`;
    return `The verdict ${verdict} is about ${what}, and not about ${name}.`;
  }
  return VERDICT_EXIT_CODES[verdict] === exitCode
    ? undefined
    : `The evaluation says ${verdict}, but ended with exit code ${exitCode}, which does not belong to it.`;
}

function figuresOf({
  candidate,
  stable,
  detectableDropBasisPoints,
  goldenSet,
  judge,
  costNanoUsd,
}: GateVerdict): Partial<GateStatus> {
  const first = candidate?.firstSchemaValidBasisPoints;
  return {
    ...(goldenSet !== null && {
      goldenSet: { ...goldenSet, name: goldenSet.name.slice(0, NAME_MAXIMUM_LENGTH) },
    }),
    ...(first !== undefined && { firstSchemaValidBasisPoints: first }),
    ...(judge !== null && { judge: statusOfJudge(judge) }),
    ...(candidate !== null && { passedBasisPoints: candidate.passedBasisPoints }),
    ...(stable !== null && { stablePassedBasisPoints: stable.passedBasisPoints }),
    ...(detectableDropBasisPoints !== null && { detectableDropBasisPoints }),
    ...(costNanoUsd !== null && { costNanoUsd }),
  };
}

function statusOfJudge({
  model,
  agreementBasisPoints,
  ownAnswers,
  costNanoUsd,
}: NonNullable<GateVerdict['judge']>): NonNullable<GateStatus['judge']> {
  return {
    model: model.slice(0, NAME_MAXIMUM_LENGTH),
    ownAnswers,
    ...(agreementBasisPoints !== null && { agreementBasisPoints }),
    ...(costNanoUsd !== null && { costNanoUsd }),
  };
}
