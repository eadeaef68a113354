import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { Agent } from '#crds/agent.ts';
import type { Model } from '#crds/model.ts';
import type { CanaryRollout, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import type { RolloutStep } from '#crds/rollout-release.ts';
import { GATE_ARGUMENTS, GateVersions } from '#domain/evaluation/gate-entry.ts';
import { type GateVerdict, writeGateVerdict } from '#domain/evaluation/gate-verdict.ts';
import { NO_OUTCOMES } from '#domain/rollout/rollout-observation.ts';
import { type PodSpec, restrictedViolations } from '#test/helm/pod-security.ts';
import { type Decision, NO_CHILDREN, type ObservedChildren } from '#operator/runtime/decision.ts';
import { decideCanaryRollout } from '../decide.ts';
import { observeCanaryRollout } from '../observe.ts';
import { summariseGatePod } from './gate-resources.ts';
import type { GoldenSetKeys } from '#operator/runtime/golden-set-config-map.ts';

const NOON = new Date('2026-01-01T12:00:00Z');
const at = (seconds: number): Date => new Date(NOON.getTime() + seconds * 1000);
const STABLE = 'a'.repeat(64);
const CANDIDATE = 'b'.repeat(64);
const GATE: RolloutStep = { gate: { agentRef: { name: 'tester' }, goldenSetRef: { name: 'hard-mails' } } };

const meta = (name: string) => ({
  namespace: 'mail',
  name,
  uid: `uid-${name}`,
  generation: 1,
  resourceVersion: '1',
});

function version(
  name: string,
  digest: string,
  goldenSet?: PromptVersion['spec']['goldenSet'],
): PromptVersion {
  const accepted = {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: '',
    lastTransitionTime: '',
  } as const;
  return {
    apiVersion: '',
    kind: 'PromptVersion',
    metadata: meta(name),
    spec: { prompt: 'email', text: `Text of ${name}`, digest, ...(goldenSet && { goldenSet }) },
    status: { conditions: [accepted] },
  };
}

interface Given {
  readonly steps?: readonly RolloutStep[];
  readonly isFirst?: boolean;
  readonly name?: string;
  readonly candidate?: PromptVersion;
}

/** Allows `small` for the cases and `judge` for grading. */
const TESTER: Agent = {
  apiVersion: '',
  kind: 'Agent',
  metadata: meta('tester'),
  spec: {
    replicas: 0,
    promptRef: { name: 'email' },
    modelPolicy: { allow: [{ name: 'small' }, { name: 'judge', weight: 0 }] },
  },
};

function model(name: string, ready: 'True' | 'False' | 'Unknown' = 'True'): Model {
  const condition = { type: 'Ready', status: ready, reason: '', message: '', lastTransitionTime: '' };
  return {
    apiVersion: '',
    kind: 'Model',
    metadata: meta(name),
    spec: { provider: 'OpenAICompatible', model: name, capabilities: ['Chat'] },
    status: { conditions: [{ ...condition, observedGeneration: 1 }] },
  };
}

/** A release that is passed through the operator's own observe and decide, with a cluster that the test plays. */
class Release {
  rollout: CanaryRollout;
  job: KubeObject | undefined;
  pods: KubeObject[] = [];
  configMap: KubeObject | undefined;
  problems: ObservedChildren['problems'] = [];
  last: Decision<CanaryRolloutStatus> | undefined;
  agent: Agent | 'unreadable' | undefined = TESTER;
  readonly models = new Map([
    ['mail/small', model('small')],
    ['mail/judge', model('judge')],
  ]);
  goldenSetKeys: GoldenSetKeys = 1;
  candidate: PromptVersion | undefined;
  #jobs = 0;

  constructor({ steps = [GATE], isFirst = false, name = 'email', candidate }: Given = {}) {
    this.candidate = candidate ?? version('email-new', CANDIDATE);
    this.rollout = {
      apiVersion: 'capataz.dev/v1alpha1',
      kind: 'CanaryRollout',
      metadata: meta(name),
      spec: { prompt: 'email', versionRef: { name: 'email-new' }, steps: [...steps] },
      status: isFirst ? {} : { stable: { name: 'email-old', digest: STABLE }, revision: 1 },
    };
  }

  /** As often as it takes until nothing changes. */
  settle(now = NOON): this {
    for (let pass = 0; pass < 8; pass += 1) this.pass(now);
    return this;
  }

  pass(now: Date): void {
    const live = new Map<string, KubeObject>();
    if (this.job !== undefined) live.set('Job', this.job);
    if (this.configMap !== undefined) live.set('ConfigMap', this.configMap);
    const children = { ...NO_CHILDREN, live, problems: this.problems };
    const versions: Readonly<Record<string, PromptVersion>> = {
      'mail/email-old': version('email-old', STABLE),
      ...(this.candidate && { 'mail/email-new': this.candidate }),
    };
    const observed = observeCanaryRollout(this.rollout, {
      getPromptVersion: (key) => versions[key],
      listPromptVersions: () => Object.values(versions),
      getPromptRepository: () => undefined,
      listFollowers: () => [],
      outcomesOf: () => NO_OUTCOMES,
      getAgent: () => this.agent,
      getModel: (key) => this.models.get(key),
      goldenSetKeys: this.goldenSetKeys,
      listGatePods: () => this.pods.map(summariseGatePod),
      podSettings: {
        agentImage: 'registry.example/capataz:0.1.0',
        agentImagePullPolicy: 'IfNotPresent',
        routerUrl: 'http://capataz-router.capataz-system.svc:8080',
        configurationUrl: '',
        ledgerUrl: undefined,
      },
      storedRevision: 0,
      random: () => 0.5,
    });
    this.last = decideCanaryRollout(observed, now, children);
    this.rollout = { ...this.rollout, status: this.last.status };
    for (const { resource, object } of this.last.children ?? []) {
      if (resource.kind === 'ConfigMap')
        this.configMap = { ...object, metadata: { ...object.metadata, uid: 'cm' } } as KubeObject;
      if (resource.kind !== 'Job' || this.problems.length > 0) continue;
      this.#jobs += 1;
      this.job = { ...object, metadata: { ...object.metadata, uid: `job-${this.#jobs}` } } as KubeObject;
    }
    if (this.last.unwanted?.some(({ kind }) => kind === 'Job') === true) this.job = undefined;
  }

  /** The kubelet says how the only container stands. */
  pod(state: object, podStatus: object = {}, jobUid = this.job?.metadata.uid ?? ''): void {
    const controller = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      name: 'rollout-email',
      uid: jobUid,
      controller: true,
    };
    this.pods = [
      {
        metadata: {
          ...meta('rollout-email-x'),
          labels: { 'capataz.dev/gate-of': 'email' },
          creationTimestamp: NOON.toISOString(),
          ownerReferences: [controller],
        },
        status: {
          containerStatuses: [{ name: 'evaluation', image: 'registry.example/capataz:0.1.0', state }],
          ...podStatus,
        },
      } as unknown as KubeObject,
    ];
  }

  ended(message: string, exitCode: number, more: object = {}): void {
    this.pod({ terminated: { exitCode, message, finishedAt: at(60).toISOString(), ...more } });
    if (!('status' in (this.job ?? {}))) this.jobEnds(exitCode === 0 ? 'Complete' : 'Failed');
  }

  jobEnds(type: 'Complete' | 'Failed', reason = '', now = at(60)): void {
    const condition = { type, status: 'True', reason, message: 'why', lastTransitionTime: now.toISOString() };
    this.job = { ...this.job, status: { conditions: [condition] } } as unknown as KubeObject;
  }

  get status(): CanaryRolloutStatus {
    return this.rollout.status ?? {};
  }
}

function verdict(changes: Partial<GateVerdict> = {}): string {
  const figures = (digest: string, passedBasisPoints: number) => ({
    digest,
    passed: 90,
    errors: 0,
    passedBasisPoints,
    schemaValidBasisPoints: 10_000,
    firstSchemaValidBasisPoints: 9_800,
    costNanoUsd: 1,
    p95LatencyMilliseconds: 100,
  });
  const none = { names: [], more: 0 };
  return writeGateVerdict({
    schemaVersion: 1,
    verdict: 'Passed',
    reasons: ['passed'],
    message: '95 of 100 cases passed.',
    goldenSet: { name: 'hard-mails', digest: 'c'.repeat(64), cases: 100 },
    repeats: 3,
    candidate: figures(CANDIDATE, 9_500),
    stable: figures(STABLE, 9_000),
    lowerBoundBasisPoints: 8_900,
    floorBasisPoints: 8_000,
    mcNemarP: 1,
    detectableDropBasisPoints: 700,
    worse: none,
    better: none,
    criticalRegressions: none,
    judge: null,
    costNanoUsd: 123,
    ...changes,
  });
}

interface JobSpec {
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: PodSpec;
  };
}
const podOf = (job: KubeObject | undefined): PodSpec =>
  (job as unknown as { spec: JobSpec }).spec.template.spec;

describe('the Job of a gate', () => {
  it('is one restricted pod as the Agent of the step, and runs a file that is there', async () => {
    const { job } = new Release().settle();
    await expect(stringify(job, { aliasDuplicateObjects: false })).toMatchFileSnapshot(
      '../golden/gate-job.yaml',
    );
    expect(restrictedViolations(podOf(job))).toEqual([]);
    expect(existsSync(join(import.meta.dirname, '../../..', GATE_ARGUMENTS[0]))).toBe(true);
  });

  it('is given both versions by the document that agents follow', () => {
    const { configMap } = new Release().settle();
    const { data } = configMap as unknown as { data: Record<string, string> };
    expect(GateVersions.parse(JSON.parse(data['rollout.json'] ?? ''))).toMatchObject({
      stable: { digest: STABLE, text: 'Text of email-old' },
      candidate: { digest: CANDIDATE, text: 'Text of email-new' },
    });
  });

  it('is given the candidate alone where nothing is stable, and agents are given nothing', () => {
    const release = new Release({ isFirst: true }).settle();
    const { data } = release.configMap as unknown as { data: Record<string, string> };
    expect(Object.keys(data)).toEqual(['candidate.json']);
    expect(GateVersions.parse(JSON.parse(data['candidate.json'] ?? ''))).toEqual({
      prompt: 'email',
      candidate: { version: 'email-new', digest: CANDIDATE, text: 'Text of email-new' },
    });
    expect(JSON.stringify(podOf(release.job))).toContain('"key":"candidate.json","path":"versions.json"');
    release.ended(verdict({ stable: null, mcNemarP: null }), 0);
    release.jobEnds('Complete');
    release.settle(at(61));
    expect(release.status).toMatchObject({ phase: 'Idle', stable: { digest: CANDIDATE } });
    expect(Object.keys((release.configMap as unknown as { data: object }).data)).toEqual(['rollout.json']);
  });

  it('takes the golden set that the PromptVersion was made with, when the step names none', () => {
    const goldenSet = { name: 'mails', digest: 'd'.repeat(64) };
    const release = new Release({
      steps: [{ gate: { agentRef: { name: 'tester' } } }],
      candidate: version('email-new', CANDIDATE, goldenSet),
    }).settle();
    expect(JSON.stringify(podOf(release.job))).toContain(`"name":"golden-set-mails-${'d'.repeat(12)}"`);
  });

  it('is written once, whatever is observed of it', () => {
    const release = new Release().settle();
    const first = release.job;
    release.pod({ running: {} });
    release.settle(at(30));
    expect(release.job).toBe(first);
    expect(release.last?.children?.map(({ resource }) => resource.kind)).toEqual(['ConfigMap']);
  });

  it('goes when its candidate is not wanted any more, for it would go on costing', () => {
    const release = new Release().settle();
    release.rollout = {
      ...release.rollout,
      spec: { ...release.rollout.spec, versionRef: { name: 'email-old' } },
    };
    release.settle(at(30));
    expect(release.status).toMatchObject({ phase: 'Idle', stable: { digest: STABLE } });
    expect(release.job).toBeUndefined();
  });

  it('is believed when it has ended as well as its pod, or it would be deleted with its log', () => {
    const release = new Release().settle();
    release.pod({ terminated: { exitCode: 0, message: verdict() } });
    release.settle(at(61));
    expect(release.status.gate).toMatchObject({ verdict: 'Running' });
    expect(release.job).toBeDefined();
  });

  it('stays when it has ended, for its log', () => {
    const release = new Release().settle();
    release.ended(verdict(), 0);
    release.jobEnds('Complete');
    release.settle(at(61));
    expect(release.status).toMatchObject({ phase: 'Idle', stable: { digest: CANDIDATE } });
    expect(release.job).toBeDefined();
  });
});

describe('a gate that cannot begin', () => {
  const JUDGED: RolloutStep = {
    gate: {
      agentRef: { name: 'tester' },
      goldenSetRef: { name: 'hard-mails' },
      judge: { modelRef: { name: 'judge' } },
    },
  };
  const allowing = (...allow: readonly string[]): Agent => ({
    ...TESTER,
    spec: { ...TESTER.spec, modelPolicy: { allow: allow.map((name) => ({ name })) } },
  });
  const isReconciling = ({ status }: Release): boolean =>
    status.conditions?.some(({ type }) => type === 'Reconciling') ?? false;

  const obstacles: readonly [
    string,
    { readonly spoil: (release: Release) => void; readonly mend: (release: Release) => void },
    string,
  ][] = [
    [
      'without its Agent',
      {
        spoil: (release) => (release.agent = undefined),
        mend: (release) => (release.agent = TESTER),
      },
      'Agent tester (spec.steps[0].gate.agentRef) does not exist in namespace mail',
    ],
    [
      'with an Agent that is being deleted',
      {
        spoil: (release) =>
          (release.agent = {
            ...TESTER,
            metadata: { ...TESTER.metadata, deletionTimestamp: NOON.toISOString() },
          }),
        mend: (release) => (release.agent = TESTER),
      },
      'Agent tester (spec.steps[0].gate.agentRef) does not exist',
    ],
    [
      'without a Model for its cases',
      {
        spoil: (release) => {
          release.agent = allowing('small', 'gone');
          release.models.set('mail/small', model('small', 'False'));
        },
        mend: (release) => {
          release.agent = TESTER;
          release.models.set('mail/small', model('small'));
        },
      },
      'has no Model that could answer: Model small is not ready (kubectl describe model small says why); Model gone does not exist.',
    ],
    [
      'without the ConfigMap of its cases',
      {
        spoil: (release) => (release.goldenSetKeys = 'absent'),
        mend: (release) => (release.goldenSetKeys = 1),
      },
      'ConfigMap hard-mails (spec.steps[0].gate.goldenSetRef) with the golden set does not exist in namespace mail: create it.',
    ],
    [
      'with a ConfigMap of several sets',
      {
        spoil: (release) => (release.goldenSetKeys = 2),
        mend: (release) => (release.goldenSetKeys = 1),
      },
      'must have exactly one key, a golden set; it has 2.',
    ],
    [
      'without its judge, or with one of another namespace',
      {
        spoil: (release) => release.models.delete('mail/judge'),
        mend: (release) => release.models.set('mail/judge', model('judge')),
      },
      'Model judge (spec.steps[0].gate.judge.modelRef) does not exist in namespace mail: create it there, or name another.',
    ],
    [
      'with a judge that its Agent may not ask',
      {
        spoil: (release) => (release.agent = allowing('small')),
        mend: (release) => (release.agent = allowing('small', 'judge')),
      },
      'is not in modelPolicy.allow of Agent tester, as which the gate asks it: add { name: judge, weight: 0 } there',
    ],
    [
      'with a judge that is not ready',
      {
        spoil: (release) => release.models.set('mail/judge', model('judge', 'False')),
        mend: (release) => release.models.set('mail/judge', model('judge', 'Unknown')),
      },
      'is not ready, so that nobody could grade: kubectl describe model judge says why.',
    ],
  ];
  it.each(obstacles)(
    '%s says so in a condition, makes no Job, and begins by itself when that is mended, however late',
    (_, { spoil, mend }, sentence) => {
      const release = new Release({ steps: [JUDGED] });
      spoil(release);
      release.settle();
      expect(release.job).toBeUndefined();
      expect(release.status).toMatchObject({ phase: 'Progressing', gate: { verdict: 'Running' } });
      for (const type of ['ResolvedRefs', 'Progressing']) {
        expect(release.status.conditions?.find((one) => one.type === type)?.message).toContain(sentence);
      }
      expect(release.status.conditions).toContainEqual(
        expect.objectContaining({ type: 'ResolvedRefs', status: 'False', reason: 'GateNotRunnable' }),
      );
      expect(isReconciling(release)).toBe(false);
      // Nothing is watched of a ConfigMap that is not there.
      expect(release.last?.recheckSeconds).toBeLessThanOrEqual(15);
      const muchLater = 100_000;
      release.settle(at(muchLater));
      expect(release.status).toMatchObject({ phase: 'Progressing', gate: { verdict: 'Running' } });
      mend(release);
      release.settle(at(muchLater + 1));
      expect(release.job).toBeDefined();
      expect(release.status.gate).toMatchObject({ verdict: 'Running', job: 'rollout-email' });
      expect(release.status.gate?.message).toBeUndefined();
      expect(release.status.conditions).toContainEqual(
        expect.objectContaining({ type: 'ResolvedRefs', status: 'True' }),
      );
      expect(isReconciling(release)).toBe(true);
    },
  );

  it.each<[string, Given, string]>([
    [
      'without cases',
      { steps: [{ gate: { agentRef: { name: 'tester' } } }] },
      'There are no cases: neither spec.steps[0].gate.goldenSetRef nor spec.goldenSet of PromptVersion email-new',
    ],
    ['under a name that is too long', { name: 'e'.repeat(56) }, 'may have a name of 55 characters'],
  ])('%s says so at once and makes no Job', (_, given, sentence) => {
    const release = new Release(given).settle();
    expect(release.job).toBeUndefined();
    expect(release.status.gate).toMatchObject({
      verdict: 'Running',
      message: expect.stringContaining(sentence),
    });
  });

  it('ends at the deadline of the release when nobody mends it', () => {
    const release = new Release();
    release.goldenSetKeys = 'absent';
    release.settle();
    const days = 86_400;
    release.settle(at(3 * days));
    expect(release.status).toMatchObject({ phase: 'RolledBack', decision: { reason: 'ProgressDeadline' } });
    expect(release.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'ResolvedRefs', status: 'True' }),
    );
  });

  it('leaves to its Job what it cannot see itself', () => {
    const release = new Release({ steps: [JUDGED] });
    release.goldenSetKeys = 'unknown';
    release.agent = 'unreadable';
    release.settle();
    expect(release.job).toBeDefined();
  });

  it('says what the API server has against its Job', () => {
    const release = new Release();
    release.problems = [
      { kind: 'refused', object: 'Job rollout-email', message: 'exceeded quota', isFinal: false },
    ];
    release.settle();
    expect(release.status.gate).toMatchObject({
      verdict: 'Running',
      message: expect.stringContaining('exceeded quota'),
    });
  });
});

describe('a gate that runs', () => {
  it('tells its judge to the program, and goes on when what it was begun with changes or vanishes', () => {
    const judge = { modelRef: { name: 'judge' }, votes: 5 };
    const release = new Release({
      steps: [{ gate: { agentRef: { name: 'tester' }, goldenSetRef: { name: 'hard-mails' }, judge } }],
    }).settle();
    const job = JSON.stringify(podOf(release.job));
    expect(job).toContain('{"name":"CAPATAZ_GATE_JUDGE_MODEL","value":"judge"}');
    expect(job).toContain('{"name":"CAPATAZ_GATE_JUDGE_VOTES","value":"5"}');
    const first = release.job;
    release.pod({ running: {} });
    release.goldenSetKeys = 'absent';
    release.agent = undefined;
    release.models.clear();
    release.settle(at(30));
    expect(release.job).toBe(first);
    expect(release.status.gate?.message).toBeUndefined();
    expect(release.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'ResolvedRefs', status: 'True' }),
    );
    const judged = { model: 'judge', served: ['judge'], votes: 5, graded: 300, agreementBasisPoints: 9_400 };
    release.ended(verdict({ judge: { ...judged, ownAnswers: 2, costNanoUsd: 100 } }), 0);
    release.settle(at(61));
    // What was edited meanwhile is told apart by the digest of what was read.
    expect(release.status.gate).toMatchObject({
      verdict: 'Passed',
      goldenSet: { name: 'hard-mails', digest: 'c'.repeat(64), cases: 100 },
      judge: { model: 'judge', agreementBasisPoints: 9_400, ownAnswers: 2, costNanoUsd: 100 },
      firstSchemaValidBasisPoints: 9_800,
    });
  });

  it('ends when its PromptVersion is deleted, and begins anew when it is back', () => {
    const release = new Release().settle();
    const { candidate } = release;
    release.candidate = undefined;
    release.settle(at(30));
    expect(release.job).toBeUndefined();
    expect(release.status).toMatchObject({ phase: 'Refused', stable: { digest: STABLE } });
    release.candidate = candidate;
    release.settle(at(60));
    expect(release.job?.metadata.uid).toBe('job-2');
    expect(release.status.gate).toMatchObject({ verdict: 'Running', startedAt: at(60).toISOString() });
  });

  it('whose Job gets no pod says where the reason stands', () => {
    const release = new Release().settle();
    release.job = {
      ...release.job,
      metadata: { ...release.job?.metadata, creationTimestamp: NOON.toISOString() },
    } as KubeObject;
    release.settle(at(10));
    expect(release.status.gate?.message).toBeUndefined();
    expect(release.last?.recheckSeconds).toBeLessThanOrEqual(30);
    release.settle(at(31));
    expect(release.status.gate?.message).toContain('kubectl describe job rollout-email says why');
    release.pod({ running: {} });
    release.settle(at(60));
    expect(release.status.gate?.message).toBeUndefined();
  });

  it.each<[string, object, object, string]>([
    [
      'an image that is not there',
      { waiting: { reason: 'ImagePullBackOff' } },
      {},
      'ImagePullBackOff of registry.example/capataz:0.1.0',
    ],
    [
      'no node',
      {},
      {
        containerStatuses: [],
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' },
        ],
      },
      'Unschedulable: 0/1 nodes',
    ],
  ])('says that it waits for %s', (_, state, podStatus, sentence) => {
    const release = new Release().settle();
    release.pod(state, podStatus);
    release.settle(at(30));
    expect(release.status.gate).toMatchObject({
      verdict: 'Running',
      message: expect.stringContaining(sentence),
    });
  });

  it('is passed with its figures in the status, and the release goes on', () => {
    const release = new Release({ steps: [GATE, { approve: {} }] }).settle();
    release.ended(verdict(), 0);
    release.settle(at(61));
    expect(release.status).toMatchObject({
      phase: 'AwaitingApproval',
      gate: {
        digest: CANDIDATE,
        job: 'rollout-email',
        verdict: 'Passed',
        message: '95 of 100 cases passed.',
        passedBasisPoints: 9_500,
        stablePassedBasisPoints: 9_000,
        detectableDropBasisPoints: 700,
        costNanoUsd: 123,
        startedAt: NOON.toISOString(),
        endedAt: at(60).toISOString(),
      },
    });
  });

  it('that fails rolls back and keeps the digest out', () => {
    const release = new Release().settle();
    release.ended(verdict({ verdict: 'Failed', reasons: ['worse_than_stable'], message: 'It is worse.' }), 1);
    release.jobEnds('Failed', 'BackoffLimitExceeded');
    release.settle(at(61));
    expect(release.status).toMatchObject({
      phase: 'RolledBack',
      stable: { digest: STABLE },
      rejected: [{ digest: CANDIDATE, reason: 'GateFailed' }],
    });
  });

  it('tells by name which cases went over, the lost ones first, as many as there is room for', () => {
    const release = new Release().settle();
    const worse = { names: Array.from({ length: 60 }, (_, at) => `a-mail-with-a-long-name-${at}`), more: 5 };
    const better = { names: ['mended'], more: 0 };
    release.ended(
      verdict({ verdict: 'Failed', reasons: ['worse_than_stable'], message: 'It is worse.', worse, better }),
      1,
    );
    release.jobEnds('Failed', 'BackoffLimitExceeded');
    release.settle(at(61));
    const message = release.status.gate?.message ?? '';
    expect(message).toMatch(/^It is worse\. Got worse: a-mail-with-a-long-name-0, .* and \d+ more\.$/);
    const named = message.match(/a-mail-with/g)?.length ?? 0;
    expect(named).toBeGreaterThan(15);
    expect(message).toContain(` and ${65 - named} more.`);
    expect(message.length).toBeLessThan(750);
  });

  it('that is inconclusive waits for a person, and is another Job when it is resumed', () => {
    const release = new Release().settle();
    const first = release.job?.metadata.annotations;
    release.ended(
      verdict({ verdict: 'Inconclusive', reasons: ['too_many_errors'], message: 'Too many errors.' }),
      2,
    );
    release.jobEnds('Failed', 'BackoffLimitExceeded');
    release.settle(at(61));
    expect(release.status).toMatchObject({ phase: 'Paused', paused: { reason: 'GateInconclusive' } });
    const annotations = { 'capataz.dev/command': JSON.stringify({ id: '1', verb: 'resume' }) };
    release.rollout = { ...release.rollout, metadata: { ...release.rollout.metadata, annotations } };
    release.settle(at(120));
    expect(release.job?.metadata.annotations).not.toEqual(first);
    expect(release.status).toMatchObject({
      phase: 'Progressing',
      gate: { verdict: 'Running', startedAt: at(120).toISOString() },
    });
    // What is left of the pod of the first Job says nothing of the second.
    release.ended(verdict(), 0);
    release.settle(at(180));
    expect(release.status).toMatchObject({ phase: 'Idle', stable: { digest: CANDIDATE } });
  });

  const errors: readonly [string, (release: Release) => void, string][] = [
    ['no message', (release) => release.ended('', 137), 'ended with exit code 137 and left no verdict'],
    [
      'a message that is no verdict',
      (release) => release.ended('Error: boom', 1),
      'left what is no verdict: "Error: boom"',
    ],
    [
      'a verdict that was cut',
      (release) => release.ended(verdict().slice(0, 300), 0),
      'left what is no verdict',
    ],
    ['too little memory', (release) => release.ended('', 137, { reason: 'OOMKilled' }), 'needed more memory'],
    [
      'a verdict with the exit code of another',
      (release) => release.ended(verdict(), 3),
      'says Passed, but ended with exit code 3',
    ],
    [
      'a verdict about another version',
      (release) =>
        release.ended(
          verdict({ candidate: { ...JSON.parse(verdict()).candidate, digest: 'e'.repeat(64) } }),
          0,
        ),
      `about the version with digest ${'e'.repeat(12)}`,
    ],
    [
      'a verdict about nothing',
      (release) => release.ended(verdict({ candidate: null }), 0),
      'is about no version',
    ],
    [
      'an error of the evaluation itself',
      (release) =>
        release.ended(
          verdict({
            verdict: 'Error',
            reasons: ['golden_set_invalid'],
            candidate: null,
            stable: null,
            message: 'ConfigMap hard-mails has no golden set.',
          }),
          3,
        ),
      'ConfigMap hard-mails has no golden set.',
    ],
    [
      'an eviction',
      (release) => {
        release.pod({}, { containerStatuses: [], reason: 'Evicted', message: 'The node was low on memory.' });
      },
      'was ended by its node (Evicted). The node was low on memory.',
    ],
    ['a pod that is gone', () => undefined, 'its pod is gone'],
    [
      'its deadline',
      (release) => release.jobEnds('Failed', 'DeadlineExceeded'),
      'did not end within 3600 s (gate.timeoutSeconds of step 1)',
    ],
  ];
  it.each(errors)('is an error by %s, never a pass, and waits for a person', (_, happens, sentence) => {
    const release = new Release().settle();
    release.jobEnds('Failed', 'BackoffLimitExceeded');
    happens(release);
    release.settle(at(120));
    expect(release.status.gate).toMatchObject({
      verdict: 'Error',
      message: expect.stringContaining(sentence),
    });
    expect(release.status).toMatchObject({
      phase: 'Paused',
      paused: { reason: 'GateError' },
      stable: { digest: STABLE },
    });
    // The Job is cleaned up some day, and what it came to stays.
    release.job = undefined;
    release.pods = [];
    release.settle(at(900_000 / 1000));
    expect(release.job).toBeUndefined();
    expect(release.status.gate).toMatchObject({ verdict: 'Error' });
  });

  it('believes no pod that its Job does not control', () => {
    const release = new Release().settle();
    release.pod({ terminated: { exitCode: 0, message: verdict() } }, {}, 'uid-of-another');
    release.settle(at(61));
    expect(release.status).toMatchObject({ phase: 'Progressing', gate: { verdict: 'Running' } });
  });

  it('waits a moment for the pod of a Job that has just ended, for they are watched apart', () => {
    const release = new Release().settle();
    release.jobEnds('Complete');
    release.settle(at(61));
    expect(release.status.gate).toMatchObject({ verdict: 'Running' });
    expect(release.last?.recheckSeconds).toBeLessThanOrEqual(30);
    release.ended(verdict(), 0);
    release.settle(at(62));
    expect(release.status).toMatchObject({ stable: { digest: CANDIDATE } });
  });

  it('is begun again when somebody deletes its Job', () => {
    const release = new Release().settle();
    release.job = undefined;
    release.settle(at(30));
    expect((release.job as KubeObject | undefined)?.metadata.uid).toBe('job-2');
    expect(release.status.gate).toMatchObject({ verdict: 'Running' });
  });
});
