import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureCertificates } from '#cluster/control-plane/certificate-authority.ts';
import { planCertificates } from '#cluster/control-plane/certificate-plan.ts';
import type { Instance } from '#cluster/instance/instance.ts';
import { renderKubeconfig } from '#cluster/kubeconfig/kubeconfig.ts';
import type { KubernetesPrograms } from '#cluster/kubernetes/kubernetes-binary.ts';
import { readNameservers } from './nameservers.ts';
import { API_SERVER_PORT, describeNodeComponents } from './node-arguments.ts';
import { renderNodeConfiguration } from './node-configuration.ts';
import { hashPlan, type SupervisionPlan } from './node-process.ts';

/**
 * Certificates, kubeconfigs and configuration on disk, and the plan for the supervisor. The hash
 * changes when a running node would have to be started again to follow what was written.
 */
export async function writeNodeFiles(
  instance: Instance,
  programs: KubernetesPrograms,
): Promise<{ readonly plan: SupervisionPlan; readonly hash: string }> {
  const state = instance.stateDirectory;
  const certificates = join(state, 'certificates');
  const subject = {
    nodeName: instance.name,
    nodeAddress: instance.addresses.nodeAddress,
    firstServiceAddress: instance.addresses.firstServiceAddress,
  };
  await ensureCertificates(certificates, planCertificates(subject));
  const server = `https://${instance.addresses.nodeAddress}:${API_SERVER_PORT}`;
  const readCertificate = (file: string): Promise<string> => readFile(join(certificates, file), 'utf8');
  const writeKubeconfig = async (user: string, path: string): Promise<void> => {
    const text = renderKubeconfig({
      name: instance.name,
      server,
      authorityCertificate: await readCertificate('ca.crt'),
      clientCertificate: await readCertificate(`${user}.crt`),
      clientKey: await readCertificate(`${user}.key`),
    });
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: 0o600 });
  };
  for (const user of ['controller-manager', 'scheduler', 'kube-proxy', 'coredns', 'kubelet']) {
    await writeKubeconfig(user, join(state, 'kubeconfigs', `${user}.kubeconfig`));
  }
  await writeKubeconfig('admin', instance.kubeconfigPath);

  const files = renderNodeConfiguration(instance, await readNameservers());
  for (const [file, text] of Object.entries(files)) {
    const path = join(state, 'configuration', file);
    await mkdir(dirname(path), { recursive: true });
    // kube-proxy ends itself when its file is touched, so an unchanged one is left alone.
    if ((await readFile(path, 'utf8').catch(() => undefined)) !== text) await writeFile(path, text);
  }
  const logDirectory = join(state, 'logs');
  const plan: SupervisionPlan = {
    server,
    certificateDirectory: certificates,
    containerdSocket: instance.containerdSocket,
    logDirectory,
    volumes: { volumeDirectory: join(state, 'volumes'), nodeName: instance.name },
    components: describeNodeComponents(instance).map((component) => ({
      name: component.name,
      program: component.program === 'kubernetes' ? programs.kubernetes : component.program,
      arguments: component.arguments,
      logFile: join(logDirectory, `${component.name}.log`),
      needsApiServer: component.needsApiServer,
    })),
  };
  return { plan, hash: hashPlan(plan, files) };
}
