import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiServerIdentity } from '#cluster/control-plane/api-server-probe.ts';
import { callApiServer } from '#cluster/control-plane/api-server-request.ts';
import { type Claim, describeVolume, planVolumes, type Volume, volumeName } from './volume-plan.ts';

export interface VolumeProvisionerOptions {
  readonly identity: ApiServerIdentity;
  readonly volumeDirectory: string;
  readonly nodeName: string;
}

const INTERVAL_MILLISECONDS = 1000;

/** Gives every claim of our storage class a folder on this machine, and removes it with the claim. */
export async function provisionVolumesForever(
  options: VolumeProvisionerOptions,
  tell: (sentence: string) => void,
): Promise<never> {
  let lastProblem = '';
  for (;;) {
    try {
      await provisionOnce(options);
      lastProblem = '';
    } catch (error) {
      const problem = String(error);
      if (problem !== lastProblem) tell(`volumes cannot be provisioned now: ${problem}`);
      lastProblem = problem;
    }
    await delay(INTERVAL_MILLISECONDS);
  }
}

async function provisionOnce(options: VolumeProvisionerOptions): Promise<void> {
  const { identity, volumeDirectory, nodeName } = options;
  const claims = await list<Claim>(identity, '/api/v1/persistentvolumeclaims');
  const volumes = await list<Volume>(identity, '/api/v1/persistentvolumes');
  const actions = planVolumes(claims, volumes);
  for (const claim of actions.create) {
    const folder = join(volumeDirectory, volumeName(claim));
    await mkdir(folder, { recursive: true });
    // Pods run as any user; the folder is reached through a parent that only root may enter.
    await chmod(folder, 0o777);
    const path = '/api/v1/persistentvolumes';
    const response = await callApiServer(identity, 'POST', path, describeVolume(claim, folder, nodeName));
    expectStatus(response.statusCode, [201, 409], `POST ${path}`);
  }
  for (const volume of actions.remove) {
    await rm(join(volumeDirectory, volume.metadata.name), { recursive: true, force: true });
    const path = `/api/v1/persistentvolumes/${volume.metadata.name}`;
    const response = await callApiServer(identity, 'DELETE', path);
    expectStatus(response.statusCode, [200, 202, 404], `DELETE ${path}`);
  }
}

async function list<Item>(identity: ApiServerIdentity, path: string): Promise<readonly Item[]> {
  const response = await callApiServer(identity, 'GET', path);
  expectStatus(response.statusCode, [200], `GET ${path}`);
  return (response.body as { readonly items: readonly Item[] }).items;
}

function expectStatus(statusCode: number, expected: readonly number[], call: string): void {
  if (!expected.includes(statusCode)) throw new Error(`${call} was answered with status ${statusCode}`);
}
