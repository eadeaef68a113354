/**
 * The whole of Capataz on a whole node, as its users meet it: `npm run up`, kubectl, curl, `npm run down`. The tests
 * run in order and share the node; each leaves it as it found it, or says what it leaves.
 *
 * One thing only is not real: a provider that costs money. It is a server on the host that speaks OpenAI's true
 * wire format, reached through a Service like any other endpoint.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeCanaryOnTheNode } from './canary/canary-on-the-node.ts';
import { describeSampleRepositoryOnTheNode } from './canary/sample-repository-on-the-node.ts';
import { describeLedgerOnTheNode } from './ledger/ledger-on-the-node.ts';
import { describeMonitoringOnTheNode } from './monitoring/monitoring-on-the-node.ts';
import { prepareCapataz } from './world/capataz.ts';
import { readHostTraces } from './world/host-traces.ts';
import {
  INSTANCE,
  apply,
  conditionOf,
  find,
  get,
  killOperator,
  kubectl,
  list,
  runClusterCommand,
  serviceUrl,
  untilReady,
} from './world/cluster.ts';
import { eventually } from './world/eventually.ts';
import { helm } from './world/helm.ts';
import { agent, canaryRollout, namespaceObject, promptText, promptVersion, secret } from './world/objects.ts';
import { type PaidProvider, startPaidProvider } from './world/paid-provider.ts';
import { ask, askThroughRestarts, askWithoutPause } from './world/runs.ts';

const TEAM = 'team-clerks';
const FIRST = promptVersion('clerk', promptText('first'), TEAM);
const SECOND = promptVersion('clerk', promptText('second'), TEAM);
const AGENT_POLICY = { promptRef: { name: 'clerk' }, modelPolicy: { allow: [{ name: 'paid' }] } };

let firstUp: Awaited<ReturnType<typeof runClusterCommand>>;
let provider: PaidProvider;
let tracesBefore: Awaited<ReturnType<typeof readHostTraces>>;

beforeAll(async () => {
  // A node left over from a run that was killed would hide a broken `up`.
  await runClusterCommand('down');
  tracesBefore = await readHostTraces(INSTANCE);
  firstUp = await runClusterCommand('up');
  if (firstUp.exitCode !== 0) throw new Error(`npm run up failed: ${firstUp.errorOutput.slice(-2000)}`);
  provider = await startPaidProvider(INSTANCE.addresses.hostAddress, ['key-one']);
  await apply(namespaceObject(TEAM));
  await apply(
    ...provider.modelOf(TEAM),
    FIRST,
    SECOND,
    canaryRollout('clerk', FIRST.metadata.name, TEAM),
    agent('clerk', TEAM, { ...AGENT_POLICY, replicas: 2 }),
  );
  await untilReady('agent', 'clerk', TEAM);
});

afterAll(async () => {
  await provider?.stop();
  await runClusterCommand('down');
});

describe('npm run up', () => {
  it('ends with a real mail classified by a real model on a real cluster', async () => {
    expect(firstUp.output).toMatch(/"category":\s*"(spam|ham)"/);
    const pods = await list('pods', 'default', 'capataz.dev/agent=email-classifier');
    expect(pods.length).toBeGreaterThan(0);
    const models = await list('models.capataz.dev', 'default');
    expect(models.map((model) => conditionOf(model, 'Ready')?.status)).not.toContain('False');
  });
});

describeSampleRepositoryOnTheNode(() => firstUp.output);

describe('an Agent', () => {
  it('runs under the restricted profile with an identity that may do nothing', async () => {
    const rights = await kubectl([
      'auth',
      'can-i',
      '--list',
      `--as=system:serviceaccount:${TEAM}:agent-clerk`,
      '--as-group=system:serviceaccounts',
      '--as-group=system:authenticated',
      '--namespace',
      TEAM,
    ]);
    const anyone = await kubectl([
      'auth',
      'can-i',
      '--list',
      `--as=system:serviceaccount:${TEAM}:no-such-account`,
      '--as-group=system:serviceaccounts',
      '--as-group=system:authenticated',
      '--namespace',
      TEAM,
    ]);
    expect(rights.split('\n').toSorted()).toEqual(anyone.split('\n').toSorted());
    const [pod] = await list('pods', TEAM, 'capataz.dev/agent=clerk');
    expect(pod?.spec?.['automountServiceAccountToken']).toBe(false);
  });

  it('answers with the prompt version, the digest and the cost of the run', async () => {
    const answer = await ask(await serviceUrl('agent-clerk', TEAM), { question: 'who are you?' });
    expect(answer.statusCode, JSON.stringify(answer.body)).toBe(200);
    expect(answer.body.status).toBe('succeeded');
    expect(answer.body.prompt?.version).toBe(FIRST.metadata.name);
    expect(answer.body.costNanoUsd).toBeGreaterThan(0);
  });

  it('refuses a question whose variables do not fit the prompt, in one sentence', async () => {
    const answer = await ask(await serviceUrl('agent-clerk', TEAM), { wrong: 1 });
    expect(answer.statusCode).toBe(400);
    expect(answer.body.error?.message).toMatch(/question/);
  });

  it('loses no answer while one of its pods is deleted under load', async () => {
    const url = await serviceUrl('agent-clerk', TEAM);
    const asking = askWithoutPause(url, 4, (count) => ({ question: `number ${count}` }));
    await sleep(1000);
    const [pod] = await list('pods', TEAM, 'capataz.dev/agent=clerk');
    await kubectl([
      'delete',
      'pod',
      pod?.metadata.name ?? '',
      '--namespace',
      TEAM,
      '--wait=true',
      '--timeout=120s',
    ]);
    await untilReady('agent', 'clerk', TEAM);
    const { answers, failures } = await asking.stop();
    expect(failures).toEqual([]);
    expect(answers.filter((answer) => answer.statusCode !== 200)).toEqual([]);
    expect(answers.length).toBeGreaterThan(20);
  });

  it('is back after all its pods were killed at once, without anyone doing anything', async () => {
    await kubectl([
      'delete',
      'pods',
      '--selector',
      'capataz.dev/agent=clerk',
      '--namespace',
      TEAM,
      '--force',
      '--grace-period=0',
    ]);
    const url = await serviceUrl('agent-clerk', TEAM);
    await eventually(
      'the agent answers again',
      async () => {
        expect((await ask(url, { question: 'are you back?' })).statusCode).toBe(200);
      },
      120,
    );
  });

  it('gets a deleted child back and an edited child mended, additions included', async () => {
    const deployment = await get('deployment', 'agent-clerk', TEAM);
    await kubectl(['delete', 'service', 'agent-clerk', '--namespace', TEAM]);
    await kubectl(['set', 'env', 'deployment/agent-clerk', 'INTRUDER=1', '--namespace', TEAM]);
    await kubectl(['label', 'configmap', 'agent-clerk', 'intruder=1', '--namespace', TEAM]);
    await eventually('everything is as the operator wants it', async () => {
      expect(await find('service', 'agent-clerk', TEAM)).toBeDefined();
      const now = await get('deployment', 'agent-clerk', TEAM);
      expect(now.spec?.['template']).toEqual(deployment.spec?.['template']);
      expect((await get('configmap', 'agent-clerk', TEAM)).metadata.labels).not.toHaveProperty('intruder');
    });
    await untilReady('agent', 'clerk', TEAM);
  });

  it('says in a condition what is wrong with it, and recovers when that is mended', async () => {
    await apply(agent('lost', TEAM, { ...AGENT_POLICY, promptRef: { name: 'no-such-rollout' } }));
    await eventually('the agent says what is missing', async () => {
      const condition = conditionOf(await get('agent', 'lost', TEAM), 'ResolvedRefs');
      expect(condition?.status).toBe('False');
      expect(condition?.message).toContain('no-such-rollout');
    });
    expect(await find('deployment', 'agent-lost', TEAM)).toBeUndefined();
    await apply(agent('lost', TEAM, AGENT_POLICY));
    await untilReady('agent', 'lost', TEAM);
  });

  it('leaves nothing behind when it is deleted', async () => {
    await kubectl(['delete', 'agent', 'lost', '--namespace', TEAM]);
    await eventually(
      'all children are gone',
      async () => {
        const kinds =
          'deployments,replicasets,pods,services,endpointslices,configmaps,serviceaccounts,poddisruptionbudgets,horizontalpodautoscalers,roles,rolebindings';
        expect(await list(kinds, TEAM, 'capataz.dev/agent=lost')).toEqual([]);
        expect(await find('serviceaccount', 'agent-lost', TEAM)).toBeUndefined();
      },
      120,
    );
  });
});

describe('a prompt', () => {
  it('changes in every pod without a restart when the rollout points to another version', async () => {
    const podsBefore = await list('pods', TEAM, 'capataz.dev/agent=clerk');
    const patchedAt = performance.now();
    await apply(canaryRollout('clerk', SECOND.metadata.name, TEAM));
    for (const pod of podsBefore) {
      const url = `http://${String(pod.status?.['podIP'])}:8080/v1/agent`;
      await eventually(
        'the pod serves the second version',
        async () => {
          const { body } = await request(url);
          expect(JSON.stringify(await body.json())).toContain(SECOND.metadata.name);
        },
        30,
        20,
      );
    }
    // Printed, not asserted: the time of kubectl itself is in it.
    console.info(
      `prompt flip: all ${podsBefore.length} pods in ${Math.round(performance.now() - patchedAt)} ms, kubectl apply included`,
    );
    const answer = await ask(await serviceUrl('agent-clerk', TEAM), { question: 'who are you?' });
    expect(answer.body.prompt?.version).toBe(SECOND.metadata.name);
    const podsAfter = await list('pods', TEAM, 'capataz.dev/agent=clerk');
    expect(podsAfter.map((pod) => pod.metadata.uid).toSorted()).toEqual(
      podsBefore.map((pod) => pod.metadata.uid).toSorted(),
    );
  });

  it('stays at the previous version while the wanted one cannot be served', async () => {
    const broken = promptVersion(
      'clerk',
      promptText('third').replace('{{question}}', '{{#if question}}'),
      TEAM,
    );
    await apply(broken, canaryRollout('clerk', broken.metadata.name, TEAM));
    await eventually('the rollout says that the previous version serves', async () => {
      const ready = conditionOf(await get('canaryrollout', 'clerk', TEAM), 'Ready');
      expect(ready?.reason).toBe('PreviousStableServing');
    });
    const answer = await ask(await serviceUrl('agent-clerk', TEAM), { question: 'who are you?' });
    expect(answer.body.prompt?.version).toBe(SECOND.metadata.name);
    await apply(canaryRollout('clerk', SECOND.metadata.name, TEAM));
    await untilReady('canaryrollout', 'clerk', TEAM);
  });
});

describe('a provider key', () => {
  it('is replaced under load without one failed answer, and the old one is not used again', async () => {
    provider.acceptKeys(['key-one', 'key-two']);
    const asking = askWithoutPause(await serviceUrl('agent-clerk', TEAM), 2, (count) => ({
      question: `number ${count}`,
    }));
    await sleep(500);
    await apply(secret('provider-key', TEAM, 'key-two'));
    await eventually(
      'the new key is used',
      async () => {
        expect(provider.keysUsed().at(-1)).toBe('key-two');
      },
      30,
    );
    await sleep(2000);
    provider.acceptKeys(['key-two']);
    const seen = provider.keysUsed().length;
    await sleep(2000);
    const { answers, failures } = await asking.stop();
    expect(failures).toEqual([]);
    expect(answers.filter((answer) => answer.statusCode !== 200)).toEqual([]);
    expect(provider.keysUsed().slice(seen)).not.toContain('key-one');
    expect(provider.keysUsed().length).toBeGreaterThan(seen);
  });

  it('that is refused shows on the Model, and disappears from it when it is mended', async () => {
    await apply(secret('provider-key', TEAM, 'key-wrong'));
    await eventually(
      'the Model says that its key is refused',
      async () => {
        expect(conditionOf(await get('models.capataz.dev', 'paid', TEAM), 'KeyAccepted')?.reason).toBe(
          'KeyRefused',
        );
      },
      90,
    );
    await apply(secret('provider-key', TEAM, 'key-two'));
    await untilReady('models.capataz.dev', 'paid', TEAM, 90);
    const answer = await ask(await serviceUrl('agent-clerk', TEAM), { question: 'still there?' });
    expect(answer.statusCode, JSON.stringify(answer.body)).toBe(200);
  });

  it('stands in no log of router, operator or agent', async () => {
    const logs = await Promise.all([
      kubectl([
        'logs',
        '--namespace',
        'capataz-system',
        '--selector',
        'app.kubernetes.io/instance=capataz',
        '--all-containers',
        '--tail=-1',
        '--prefix',
        '--max-log-requests=20',
      ]),
      kubectl(['logs', '--namespace', TEAM, '--selector', 'capataz.dev/agent=clerk', '--tail=-1']),
    ]);
    expect(logs.join('').length).toBeGreaterThan(1000);
    expect(logs.join('')).not.toMatch(/key-one|key-two|key-wrong/);
  });
});

describe('the router', () => {
  const chat = async (token: string | undefined): Promise<number> => {
    const { statusCode, body } = await request(
      `${await serviceUrl('capataz-router', 'capataz-system')}/v1/chat/completions`,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'hello' }] }),
      },
    );
    await body.dump();
    return statusCode;
  };
  const tokenOf = async (account: string, audience: string): Promise<string> =>
    (await kubectl(['create', 'token', account, '--namespace', TEAM, '--audience', audience])).trim();

  it('serves an agent by its own token and nobody else', async () => {
    expect(await chat(await tokenOf('agent-clerk', 'capataz-router'))).toBe(200);
    expect(await chat(undefined)).toBe(401);
    expect(await chat('not-a-token')).toBe(401);
    expect(await chat(await tokenOf('agent-clerk', 'capataz-operator'))).toBe(401);
    expect(await chat(await tokenOf('default', 'capataz-router'))).toBe(403);
  });

  it('loses no answer while it is restarted under load', async () => {
    const asking = askWithoutPause(await serviceUrl('agent-clerk', TEAM), 2, (count) => ({
      question: `number ${count}`,
    }));
    await kubectl(['rollout', 'restart', 'deployment/capataz-router', '--namespace', 'capataz-system']);
    await kubectl([
      'rollout',
      'status',
      'deployment/capataz-router',
      '--namespace',
      'capataz-system',
      '--timeout=120s',
    ]);
    const { answers, failures } = await asking.stop();
    expect(failures).toEqual([]);
    expect(answers.filter((answer) => answer.statusCode !== 200)).toEqual([]);
    expect(answers.length).toBeGreaterThan(10);
  });

  it('reports tokens and cost of each agent to Prometheus', async () => {
    // Pods of before the restart are still ending, and answer until they do not.
    await eventually('the pods tell the cost', async () => {
      const pods = await list('pods', 'capataz-system', 'app.kubernetes.io/component=router');
      const texts = await Promise.all(
        pods.map(async (pod) =>
          (await request(`http://${String(pod.status?.['podIP'])}:9090/metrics`)).body.text(),
        ),
      );
      expect(texts.join('\n')).toMatch(/capataz_cost_nano_usd_total\{[^}]*agent="clerk"[^}]*\} [1-9]/);
      expect(texts.join('\n')).toMatch(/gen_ai_client_token_usage/);
    });
  });
});

describe('the operator', () => {
  it('finishes what a killed operator had begun, without a duplicate', async () => {
    const names = Array.from({ length: 5 }, (_, index) => `crowd-${index}`);
    await apply(...names.map((name) => agent(name, TEAM, AGENT_POLICY)));
    await killOperator();
    for (const name of names) await untilReady('agent', name, TEAM, 180);
    for (const name of names) {
      expect(await list('deployments', TEAM, `capataz.dev/agent=${name}`)).toHaveLength(1);
      expect(await list('services', TEAM, `capataz.dev/agent=${name}`)).toHaveLength(1);
    }
    await kubectl(['delete', 'agents', ...names, '--namespace', TEAM]);
  });

  it('is not needed for agents to go on answering', async () => {
    await kubectl(['scale', 'deployment/capataz-operator', '--replicas=0', '--namespace', 'capataz-system']);
    await kubectl([
      'wait',
      '--for=delete',
      'pods',
      '--selector',
      'app.kubernetes.io/component=operator',
      '--namespace',
      'capataz-system',
      '--timeout=120s',
    ]);
    const [pod] = await list('pods', TEAM, 'capataz.dev/agent=clerk');
    await kubectl(['delete', 'pod', pod?.metadata.name ?? '', '--namespace', TEAM, '--timeout=120s']);
    await kubectl(['rollout', 'status', 'deployment/agent-clerk', '--namespace', TEAM, '--timeout=120s']);
    const answer = await askThroughRestarts(await serviceUrl('agent-clerk', TEAM), { question: 'alone?' });
    expect(answer.statusCode, JSON.stringify(answer.body)).toBe(200);
    await kubectl(['scale', 'deployment/capataz-operator', '--replicas=2', '--namespace', 'capataz-system']);
    await kubectl([
      'rollout',
      'status',
      'deployment/capataz-operator',
      '--namespace',
      'capataz-system',
      '--timeout=120s',
    ]);
  });
});

describe('kubectl explain', () => {
  it('describes every field of an Agent', async () => {
    const text = await kubectl(['explain', 'agent.spec']);
    expect(text).toContain('promptRef');
    expect(text).toContain('Which prompt the agent serves.');
  });

  it('knows the short names', async () => {
    expect(await kubectl(['get', 'canary', '--namespace', TEAM])).toContain('clerk');
    expect(await kubectl(['get', 'agent', '--namespace', TEAM])).toContain('clerk');
  });
});

describeCanaryOnTheNode();

describeLedgerOnTheNode();

describeMonitoringOnTheNode();

describe('helm uninstall', () => {
  it('takes away all but the ledger, which it names, and a new install finds agents and records again', async () => {
    await using capataz = await prepareCapataz();
    const runsBefore = await capataz.runsOf('default');
    expect(runsBefore.length).toBeGreaterThan(0);
    const said = await helm(['uninstall', 'capataz', '--namespace', 'capataz-system', '--wait']);
    expect(said).toContain('capataz-ledger-keys');
    expect(said).toContain('capataz-system-witness');
    expect(await find('persistentvolumeclaim', 'ledger-capataz-ledger-0', 'capataz-system')).toBeDefined();
    await eventually(
      'the release namespace is empty',
      async () => {
        const kinds =
          'deployments,pods,services,configmaps,poddisruptionbudgets,networkpolicies,roles,rolebindings,leases';
        const left = await list(kinds, 'capataz-system');
        expect(
          left.map((object) => object.metadata.name).filter((name) => name !== 'kube-root-ca.crt'),
        ).toEqual([]);
        const clusterRoles = await list(
          'clusterroles,clusterrolebindings',
          '*',
          'app.kubernetes.io/instance=capataz',
        );
        expect(clusterRoles).toEqual([]);
      },
      120,
    );
    const again = await runClusterCommand('up');
    expect(again.exitCode, again.errorOutput).toBe(0);
    const runsAfter = await capataz.runsOf('default');
    expect(runsAfter.map(({ id }) => id)).toEqual(expect.arrayContaining(runsBefore.map(({ id }) => id)));
    const verified = await capataz.run('verify', 'default');
    expect(verified.exitCode, verified.output + verified.errorOutput).toBe(0);
  });
});

describe('npm run down', () => {
  it('leaves no process, mount, interface, rule or folder behind', async () => {
    const down = await runClusterCommand('down');
    expect(down.exitCode, down.errorOutput).toBe(0);
    expect(await readHostTraces(INSTANCE)).toEqual(tracesBefore);
  });
});
