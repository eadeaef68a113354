import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import type { ConsoleReport } from '#cluster/command-line/console-report.ts';
import { listKept, namespacesOfRelease, removeKept } from './kept-by-chart.ts';
import { MADE_BY_UP_SELECTOR, type NamedObject, isMadeByUp, labelAsOurs } from './made-by-up.ts';
import { describeTroubledPods, showTroubledPodsDuring } from './troubled-pods.ts';
import type { Image } from '#cluster/command-line/up-arguments.ts';

export const RELEASE = 'capataz';
export const SYSTEM_NAMESPACE = 'capataz-system';

const INSTALL_TIMEOUT_SECONDS = 240;

/** False where this checkout has no chart: there is then nothing to install and nothing to ask. */
export function hasChart(checkout: string): boolean {
  return existsSync(join(checkout, 'helm/capataz/Chart.yaml'));
}

export async function installCapataz(
  access: ClusterAccess,
  checkout: string,
  image: Image,
  report: ConsoleReport,
): Promise<void> {
  report.step(`Installing the chart helm/capataz into the namespace ${SYSTEM_NAMESPACE}.`);
  if (access.isRouted) await forgetInterruptedRelease(access);
  else await refuseForeignRelease(access);
  await ensureSystemNamespace(access);
  try {
    const installing = access.helm([
      'upgrade',
      '--install',
      RELEASE,
      join(checkout, 'helm/capataz'),
      '--namespace',
      SYSTEM_NAMESPACE,
      '--labels',
      MADE_BY_UP_SELECTOR,
      '--set-string',
      `image.repository=${image.repository}`,
      '--set-string',
      `image.tag=${image.tag}`,
      '--set',
      'console.person.enabled=true',
      // On this machine's node people open the console by the address of its Service, where there is no TLS.
      ...(access.isRouted ? ['--set-string', 'console.environment.CAPATAZ_PLAIN_HTTP_COOKIES=true'] : []),
      // Somebody may have scaled a Deployment of the chart by hand: up makes it as the chart says.
      '--force-conflicts',
      '--wait',
      '--timeout',
      `${INSTALL_TIMEOUT_SECONDS}s`,
    ]);
    await showTroubledPodsDuring(access, SYSTEM_NAMESPACE, installing, report);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    throw new ClusterError(`${error.message}${await describeTroubledPods(access, SYSTEM_NAMESPACE)}`);
  }
}

/**
 * A run of helm that was killed leaves a "pending" record that every later run stumbles over. We hold
 * this cluster's lock, so whoever wrote the record is gone.
 */
async function forgetInterruptedRelease(access: ClusterAccess): Promise<void> {
  for (const status of ['pending-install', 'pending-upgrade', 'pending-rollback']) {
    await access.tryKubectl([
      'delete',
      'secret',
      '--namespace',
      SYSTEM_NAMESPACE,
      '--ignore-not-found',
      '--selector',
      `owner=helm,name=${RELEASE},status=${status}`,
    ]);
  }
}

/** A release of the person's own would get our values, and would go with `npm run down`. */
async function refuseForeignRelease(access: ClusterAccess): Promise<void> {
  const [all, ours] = [await listReleases(access), await listReleases(access, MADE_BY_UP_SELECTOR)];
  if (ours.length > 0) return;
  if (all.length === 0) {
    await refuseForeignLedger(access);
    return;
  }
  throw new ClusterError(
    `The namespace ${SYSTEM_NAMESPACE} has a Helm release "${RELEASE}" that npm run up did not make: go on with helm upgrade, or take it away with "helm uninstall ${RELEASE} --namespace ${SYSTEM_NAMESPACE}" and run npm run up again.`,
  );
}

/** What a release of the person's own has kept would be written to by ours, and would go with `npm run down`. */
async function refuseForeignLedger(access: ClusterAccess): Promise<void> {
  const namespace = await readSystemNamespace(access);
  const witnesses = await namespacesOfRelease(access, RELEASE, SYSTEM_NAMESPACE);
  if (namespace !== undefined && isMadeByUp(namespace)) return;
  const kept = [
    ...(namespace === undefined ? [] : await listKept(access, RELEASE, SYSTEM_NAMESPACE)).map(
      (name) => `${name} in ${SYSTEM_NAMESPACE}`,
    ),
    ...witnesses.map((name) => `namespace/${name}`),
  ];
  if (kept.length === 0) return;
  throw new ClusterError(
    `A Helm release "${RELEASE}" that npm run up did not make has left its ledger (${kept.join(', ')}): go on with "helm upgrade --install ${RELEASE}", or delete what it left and run npm run up again.`,
  );
}

async function listReleases(access: ClusterAccess, selector?: string): Promise<readonly unknown[]> {
  const text = await access.helm([
    'list',
    '--namespace',
    SYSTEM_NAMESPACE,
    '--filter',
    `^${RELEASE}$`,
    ...(selector === undefined ? [] : ['--selector', selector]),
    '--output=json',
  ]);
  return JSON.parse(text) as readonly unknown[];
}

async function ensureSystemNamespace(access: ClusterAccess): Promise<void> {
  if ((await readSystemNamespace(access)) !== undefined) return;
  const namespace = labelAsOurs({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: SYSTEM_NAMESPACE },
  });
  await access.kubectl(['create', '--filename=-'], { input: JSON.stringify(namespace) });
}

async function readSystemNamespace(access: ClusterAccess): Promise<NamedObject | undefined> {
  const text = await access.kubectl([
    'get',
    'namespace',
    SYSTEM_NAMESPACE,
    '--ignore-not-found',
    '--output=json',
  ]);
  return text.trim() === '' ? undefined : (JSON.parse(text) as NamedObject);
}

/** What lives in every namespace without anybody having put it there. */
const BORN_WITH_A_NAMESPACE: ReadonlySet<string> = new Set([
  'configmap/kube-root-ca.crt',
  'serviceaccount/default',
]);
/** Kinds that tell of somebody using a namespace; the pods of what is being removed are not among them. */
const TELLING_KINDS =
  'configmaps,secrets,serviceaccounts,services,deployments.apps,statefulsets.apps,daemonsets.apps,jobs.batch,cronjobs.batch,persistentvolumeclaims';

/** Takes out the release with all that it keeps and the namespace that `up` made, and nothing else of the person's cluster. */
export async function uninstallCapataz(access: ClusterAccess, report: ConsoleReport): Promise<void> {
  const isOurs = (await listReleases(access, MADE_BY_UP_SELECTOR)).length > 0;
  if (isOurs) {
    report.step(`Removing the release ${RELEASE}.`);
    await access.helm(['uninstall', RELEASE, '--namespace', SYSTEM_NAMESPACE, '--wait']);
  } else if ((await listReleases(access)).length > 0) {
    report.step(`The release ${RELEASE} stays: npm run up did not make it.`);
    return;
  }
  const namespace = await readSystemNamespace(access);
  if (namespace === undefined) return;
  const isNamespaceOurs = isMadeByUp(namespace);
  // Without a release, a namespace of ours tells of a `down` that was interrupted.
  if (isOurs || isNamespaceOurs) await removeLedger(access, report);
  if (!isNamespaceOurs) {
    report.step(`The namespace ${SYSTEM_NAMESPACE} stays: npm run up did not make it.`);
    return;
  }
  await removeEmptyNamespace(access, SYSTEM_NAMESPACE, report);
}

async function removeLedger(access: ClusterAccess, report: ConsoleReport): Promise<void> {
  const witnesses = await namespacesOfRelease(access, RELEASE, SYSTEM_NAMESPACE);
  for (const namespace of [SYSTEM_NAMESPACE, ...witnesses]) {
    const kept = await listKept(access, RELEASE, namespace);
    if (kept.length === 0) continue;
    report.step(`Removing what the chart keeps in ${namespace}: ${kept.join(', ')}.`);
    await removeKept(access, RELEASE, namespace);
  }
  for (const namespace of witnesses) await removeEmptyNamespace(access, namespace, report);
}

async function removeEmptyNamespace(
  access: ClusterAccess,
  namespace: string,
  report: ConsoleReport,
): Promise<void> {
  const others = await othersInNamespace(access, namespace);
  if (others.length > 0) {
    report.step(`The namespace ${namespace} stays: it still has ${others.slice(0, 5).join(', ')}.`);
    return;
  }
  report.step(`Removing the namespace ${namespace}.`);
  await access.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=120s']);
}

async function othersInNamespace(access: ClusterAccess, namespace: string): Promise<readonly string[]> {
  const text = await access.kubectl([
    'get',
    TELLING_KINDS,
    '--namespace',
    namespace,
    '--output=jsonpath={range .items[*]}{.kind}/{.metadata.name}{"\\n"}{end}',
  ]);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^[^/]+/, (kind) => kind.toLowerCase()))
    .filter((name) => !BORN_WITH_A_NAMESPACE.has(name));
}
