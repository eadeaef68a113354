/** The last thing that `up` prints: where everything is and what to try. Pure. */

export interface ServiceAddress {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  readonly ports: readonly number[];
}

export interface NextStepsInput {
  readonly kubectl: string;
  /** What leads `capataz` to this cluster: `--context mine`, or nothing. */
  readonly capatazFlags: readonly string[];
  readonly agentUrl: string | undefined;
  readonly services: readonly ServiceAddress[];
  /** Of the prompt, where the node serves it. */
  readonly repositoryUrl?: string | undefined;
  readonly downCommand: string;
  readonly console?: ConsoleAccess | undefined;
}

export interface ConsoleAccess {
  /** None where its Service is not reachable from this machine. */
  readonly url: string | undefined;
  readonly token: string;
}

interface ServiceList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: {
      readonly clusterIP?: string;
      readonly ports?: readonly { readonly port: number; readonly protocol?: string }[];
    };
  }[];
}

/** A headless service has no address of its own. */
export function parseServices(list: ServiceList): readonly ServiceAddress[] {
  return list.items.flatMap(({ metadata, spec }) => {
    const address = spec.clusterIP ?? 'None';
    if (address === 'None' || address === '') return [];
    const ports = (spec.ports ?? []).filter((port) => port.protocol !== 'UDP').map((port) => port.port);
    return [{ ...metadata, address, ports }];
  });
}

export function renderNextSteps(input: NextStepsInput): string {
  const { kubectl } = input;
  const addresses = [
    ...(input.agentUrl === undefined ? [] : [`  ${'agent-email-classifier'.padEnd(28)} ${input.agentUrl}`]),
    ...input.services.map(
      (service) =>
        `  ${service.name.padEnd(28)} ${service.ports.map((port) => `http://${service.address}:${port}`).join('  ')}`,
    ),
  ];
  const agentUrl = input.agentUrl ?? 'http://127.0.0.1:8080';
  const question = [
    ...(input.agentUrl === undefined
      ? [`  ${kubectl} port-forward service/agent-email-classifier 8080 &`]
      : []),
    `  curl -s ${agentUrl}/v1/runs -H 'content-type: application/json' -d @samples/mails/ham-1.json`,
  ];
  return [
    ...(addresses.length === 0 ? [] : ['Addresses, reachable from this machine:', ...addresses, '']),
    'Try next:',
    `  ${kubectl} get capataz`,
    ...question,
    `  ${['npx capataz runs', ...input.capatazFlags].join(' ')}`,
    `  ${['npx capataz verify default', ...input.capatazFlags].join(' ')}`,
    `  ${kubectl} -n capataz-system get pods`,
    ...renderPromptSteps(input, agentUrl),
    ...(input.repositoryUrl === undefined ? [] : ['', 'Take it all away:']),
    `  ${input.downCommand}`,
    ...renderConsole(input),
  ].join('\n');
}

const FORWARDED_URL = 'http://127.0.0.1:8081';

/** Last, where the eye is when the cursor comes back. */
function renderConsole({ console, kubectl }: NextStepsInput): readonly string[] {
  if (console === undefined) return [];
  const forward =
    console.url === undefined
      ? [`  ${kubectl} -n capataz-system port-forward service/capataz-console 8081:8080 &`]
      : [];
  return [
    '',
    'Open the console, and log in with the token below it, which is good for an hour:',
    ...forward,
    `  ${console.url ?? FORWARDED_URL}`,
    `  ${console.token}`,
  ];
}

/** Of each shell its own: a clone of an earlier node would not fit the repository of this one. */
const CLONE = '$prompts';
/** Of an answer what one looks at while versions change, in one line. */
const GIST = `grep -oE '"(status|reason|category|arm)":"[a-z_]+"' | xargs`;

/** Word for word what a person can paste, one line after the other. */
function renderPromptSteps(
  { kubectl, capatazFlags, repositoryUrl }: NextStepsInput,
  agentUrl: string,
): readonly string[] {
  if (repositoryUrl === undefined) return [];
  const capataz = (command: string): string => ['npx capataz', command, ...capatazFlags].join(' ');
  return [
    '',
    'The prompt comes from a git repository on this node. Push a worse one (its answers are cut off), and watch it being stopped:',
    `  prompts=$(mktemp -d) && git clone -c user.name=me -c user.email=me@example.com ${repositoryUrl} ${CLONE}`,
    `  sed -i 's/maxOutputTokens: [0-9]*/maxOutputTokens: 3/' ${CLONE}/prompts/email-classifier.prompt`,
    `  git -C ${CLONE} commit -am 'Spare tokens' && git -C ${CLONE} push`,
    `  ${kubectl} wait canary/email-classifier --for=jsonpath='{.status.phase}'=Progressing --timeout=60s`,
    `  for mail in samples/mails/*.json samples/mails/*.json samples/mails/*.json; do curl -s ${agentUrl}/v1/runs -H 'content-type: application/json' -d @$mail | ${GIST}; done`,
    `  ${capataz('status email-classifier')}`,
    `  git -C ${CLONE} revert --no-edit HEAD && git -C ${CLONE} push`,
  ];
}
