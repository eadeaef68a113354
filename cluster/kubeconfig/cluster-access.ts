import {
  type CommandOptions,
  type CommandResult,
  runCommand,
  tryCommand,
} from '#cluster/command-line/command.ts';

/** How to reach one cluster with kubectl and helm, whosever it is. */
export interface ClusterAccess {
  readonly kubectl: (commandArguments: readonly string[], options?: CommandOptions) => Promise<string>;
  readonly tryKubectl: (
    commandArguments: readonly string[],
    options?: CommandOptions,
  ) => Promise<CommandResult>;
  readonly helm: (commandArguments: readonly string[], options?: CommandOptions) => Promise<string>;
  // As a person would type it in front of "get agents".
  readonly kubectlCommand: readonly string[];
  // Whether this machine has routes to the cluster's services and pods.
  readonly isRouted: boolean;
}

export interface ClusterPrograms {
  readonly kubectl: string;
  readonly helm: string;
}

export function accessKubeconfig(programs: ClusterPrograms, kubeconfigPath: string): ClusterAccess {
  return access(programs, [`--kubeconfig=${kubeconfigPath}`], [`--kubeconfig=${kubeconfigPath}`], true);
}

export function accessContext(programs: ClusterPrograms, context: string): ClusterAccess {
  return access(programs, [`--context=${context}`], [`--kube-context=${context}`], false);
}

function access(
  programs: ClusterPrograms,
  kubectlFlags: readonly string[],
  helmFlags: readonly string[],
  isRouted: boolean,
): ClusterAccess {
  return {
    kubectl: (commandArguments, options) =>
      runCommand(programs.kubectl, [...kubectlFlags, ...commandArguments], options),
    tryKubectl: (commandArguments, options) =>
      tryCommand(programs.kubectl, [...kubectlFlags, ...commandArguments], options),
    helm: (commandArguments, options) =>
      runCommand(programs.helm, [...commandArguments, ...helmFlags], options),
    kubectlCommand: [programs.kubectl, ...kubectlFlags],
    isRouted,
  };
}
