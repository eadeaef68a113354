/** The process that follows repositories, with exactly the rights that the chart gives it. */
import { join } from 'node:path';
import { PROMPT_REPOSITORY_MANAGER } from '#operator/prompt-repository/run-prompt-repositories.ts';
import { chartRules, grant } from './chart-rules.ts';
import { type OperatorProcess, SYSTEM_NAMESPACE, type World, launch } from './operator-world.ts';

const PROGRAM = {
  path: 'operator/prompt-repository/main.ts',
  startedMessage: 'following prompt repositories',
} as const;

/** Returns what starts it: a second one with the same directory finds what the first has fetched. */
export async function permitPromptRepositories(
  world: World,
  directory: string,
): Promise<(name: string) => OperatorProcess> {
  const name = PROMPT_REPOSITORY_MANAGER;
  await world.createServiceAccount(SYSTEM_NAMESPACE, name);
  await grant(world, name, await chartRules('promptRepositoryRules', 'promptRepositorySecretRules'));
  await grant(world, name, await chartRules('promptRepositoryLeaseRules'), { isInSystem: true });
  const kubeconfig = join(directory, 'prompt-repository.kubeconfig');
  await world.kubeconfigOf(SYSTEM_NAMESPACE, name, kubeconfig);
  return (podName) =>
    launch(PROGRAM, podName, {
      CAPATAZ_KUBECONFIG: kubeconfig,
      CAPATAZ_GIT_CACHE_DIRECTORY: join(directory, 'cache'),
      CAPATAZ_GIT_TEMPORARY_DIRECTORY: directory,
      CAPATAZ_GIT_MAXIMUM_MEBIBYTES: '1',
    });
}
