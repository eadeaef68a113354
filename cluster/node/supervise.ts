/**
 * The node's supervisor, process 2 of the node's namespaces: it starts every component and starts
 * again each one that ends. Its only argument is the path of the plan that `up` wrote.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ApiServerIdentity,
  isApiServerReady,
  waitUntil,
} from '#cluster/control-plane/api-server-probe.ts';
import type { SupervisionPlan } from './node-process.ts';
import { superviseForever } from './process-supervision.ts';
import { provisionVolumesForever } from './volume-provisioner.ts';

const plan = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as SupervisionPlan;
await mkdir(plan.logDirectory, { recursive: true });

const tell = (sentence: string): void => {
  appendFileSync(join(plan.logDirectory, 'supervisor.log'), `${new Date().toISOString()} ${sentence}\n`);
};
process.on('unhandledRejection', (reason) => {
  tell(`the supervisor itself failed: ${String(reason)}`);
  process.exit(1);
});

const identity: ApiServerIdentity = {
  server: plan.server,
  authorityCertificate: await readFile(join(plan.certificateDirectory, 'ca.crt'), 'utf8'),
  clientCertificate: await readFile(join(plan.certificateDirectory, 'admin.crt'), 'utf8'),
  clientKey: await readFile(join(plan.certificateDirectory, 'admin.key'), 'utf8'),
};

const start = (component: SupervisionPlan['components'][number]): void => {
  tell(`${component.name} starts.`);
  void superviseForever(component, tell);
};

for (const component of plan.components.filter((each) => !each.needsApiServer)) start(component);
/** Started before the API server answers, the others would fail and back off for longer than this. */
const isReady = await waitUntil(
  async () => existsSync(plan.containerdSocket) && (await isApiServerReady(identity)),
  120,
  100,
);
if (!isReady) tell('the API server does not answer after 120 s; the other components start all the same.');
for (const component of plan.components.filter((each) => each.needsApiServer)) start(component);
await provisionVolumesForever({ identity, ...plan.volumes }, tell);
