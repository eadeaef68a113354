/**
 * The way to the ledger, as kubectl users expect it: through the API server of the kubeconfig, whose service proxy keeps
 * the Authorization header to itself, so that the token for the ledger goes in one of its own.
 */
import { createHash } from 'node:crypto';
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent } from 'undici';
import {
  type KubeClient,
  type KubeCredentials,
  createKubeClient,
  createKubeDispatcher,
  readCredentials,
} from '#adapters/kubernetes/kube-client.ts';
import { type LedgerReader, createLedgerReader } from '#adapters/ledger-reader/ledger-reader.ts';
import { apiUrlProblem } from '#crds/http-url.ts';
import { CommandError } from '../exit-codes.ts';
import { type KubeconfigFlags, loadUserKubeConfig } from './kubeconfig.ts';
import { findLedgerService, findWitnessService, proxyPathOf } from './ledger-service.ts';
import {
  type TokenSource,
  checkToken,
  parseServiceAccount,
  tokenFromFile,
  tokenOfServiceAccount,
} from './ledger-token.ts';

export interface ConnectionFlags extends KubeconfigFlags {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly serviceAccount?: string;
  readonly ledgerService?: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
}

export interface LedgerAccess extends AsyncDisposable {
  readonly reader: LedgerReader;
  /** What is asked about; undefined: all namespaces that the caller may look into. */
  readonly namespace: string | undefined;
  /** For people: where it is. */
  readonly where: string;
  /** At the address, else the one of the cluster; undefined when none is to be found. */
  readonly witness: (url: string | undefined) => Promise<WitnessAccess | undefined>;
}

export interface WitnessAccess extends AsyncDisposable {
  readonly reader: LedgerReader;
  readonly where: string;
}

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly epochMilliseconds: () => number;
}

const READER_ACCOUNT = 'capataz-reader';

export async function connectToLedger(
  flags: ConnectionFlags,
  surroundings: Surroundings,
): Promise<LedgerAccess> {
  const url = flags.server ?? nonEmpty(surroundings.environment['CAPATAZ_LEDGER_URL']);
  const kubeConfig = await loadUserKubeConfig(flags, surroundings.environment);
  if (url !== undefined) return connectDirectly(checkUrl(url), kubeConfig, flags, surroundings);
  if (kubeConfig === undefined) {
    throw new CommandError(
      'usage',
      'No ledger is named: there is no kubeconfig (KUBECONFIG, ~/.kube/config), and neither --server nor CAPATAZ_LEDGER_URL is set.',
    );
  }
  return await connectThroughApiServer(kubeConfig, flags, surroundings);
}

function connectDirectly(
  baseUrl: string,
  kubeConfig: KubeConfig | undefined,
  flags: ConnectionFlags,
  surroundings: Surroundings,
): LedgerAccess {
  const kubeClient = flags.serviceAccount === undefined ? undefined : kubeClientOf(kubeConfig);
  // The kubeconfig's own token is for the API server: an address from the command line never gets it.
  const token =
    givenToken(flags, surroundings) ??
    (kubeClient === undefined
      ? undefined
      : tokenOfServiceAccount(
          kubeClient,
          parseServiceAccount(flags.serviceAccount ?? ''),
          surroundings.epochMilliseconds,
        ));
  const dispatcher = new Agent({ connect: { timeout: 10_000 } });
  return {
    reader: createLedgerReader({
      baseUrl,
      dispatcher,
      headers: async (signal) =>
        token === undefined ? {} : { authorization: `Bearer ${await token(signal)}` },
    }),
    namespace: flags.allNamespaces === true ? undefined : flags.namespace,
    where: baseUrl,
    witness: async (url) => (url === undefined ? undefined : witnessAt(url)),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([dispatcher.destroy(), kubeClient?.close()]);
    },
  };
}

async function connectThroughApiServer(
  kubeConfig: KubeConfig,
  flags: ConnectionFlags,
  surroundings: Surroundings,
): Promise<LedgerAccess> {
  await using resources = new AsyncDisposableStack();
  const kubeClient = resources.adopt(kubeClientOf(kubeConfig), (client) => client.close());
  const credentials = await usersCredentials(kubeConfig);
  const service = await findLedgerService(kubeClient, flags.ledgerService);
  const dispatcher = resources.adopt(createKubeDispatcher(credentials.tls), (agent) => agent.destroy());
  const token =
    givenToken(flags, surroundings) ??
    (flags.serviceAccount === undefined ? ownToken(kubeConfig, credentials.headers) : undefined) ??
    tokenOfServiceAccount(
      kubeClient,
      flags.serviceAccount === undefined
        ? { namespace: service.namespace, name: READER_ACCOUNT }
        : parseServiceAccount(flags.serviceAccount),
      surroundings.epochMilliseconds,
    );
  const server = (kubeConfig.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  const owned = resources.move();
  return {
    reader: createLedgerReader({
      baseUrl: server + proxyPathOf(service),
      dispatcher,
      headers: async (signal) => ({
        ...(await usersCredentials(kubeConfig)).headers,
        'x-capataz-authorization': `Bearer ${await token(signal)}`,
      }),
    }),
    namespace:
      flags.allNamespaces === true
        ? undefined
        : (flags.namespace ?? kubeConfig.getContextObject(kubeConfig.currentContext)?.namespace ?? 'default'),
    where: `${service.namespace}/${service.name} through ${server}${authorityOf(credentials)}`,
    witness: async (url) => {
      if (url !== undefined) return witnessAt(url);
      const witness = await findWitnessService(kubeClient);
      if (witness === undefined) return undefined;
      return {
        reader: createLedgerReader({
          baseUrl: server + proxyPathOf(witness),
          dispatcher,
          headers: async () => (await usersCredentials(kubeConfig)).headers,
        }),
        where: `${witness.namespace}/${witness.name}`,
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * A cluster that was made anew at the address of an old one has another authority: it is another cluster, and what was
 * pinned of the old one's ledger does not bind it. No ledger can change what the kubeconfig says.
 */
function authorityOf({ tls }: KubeCredentials): string {
  if (tls.ca === undefined) return '';
  const digest = createHash('sha256');
  for (const part of [tls.ca].flat()) digest.update(part);
  return `, authority ${digest.digest('hex').slice(0, 16)}`;
}

/** Asks nobody who he is, so it is told of nobody. */
function witnessAt(url: string): WitnessAccess {
  const dispatcher = new Agent({ connect: { timeout: 10_000 } });
  const baseUrl = checkUrl(url);
  return {
    reader: createLedgerReader({ baseUrl, dispatcher, headers: async () => ({}) }),
    where: baseUrl,
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

/** A credential plugin that is missing or refuses says so here. */
async function usersCredentials(kubeConfig: KubeConfig): Promise<KubeCredentials> {
  try {
    return await readCredentials(kubeConfig);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError('usage', `The kubeconfig gives no way to sign in: ${why}`);
  }
}

function givenToken({ tokenFile }: ConnectionFlags, { environment }: Surroundings): TokenSource | undefined {
  if (tokenFile !== undefined) return tokenFromFile(tokenFile);
  const token = nonEmpty(environment['CAPATAZ_LEDGER_TOKEN']);
  if (token === undefined) return undefined;
  const checked = checkToken(token.trim(), 'CAPATAZ_LEDGER_TOKEN');
  return async () => checked;
}

/** Of people with a token (OIDC, a credential plugin): the ledger then knows them by name. */
function ownToken(
  kubeConfig: KubeConfig,
  headers: Readonly<Record<string, string>>,
): TokenSource | undefined {
  const bearerOf = (given: Readonly<Record<string, string>>): string | undefined =>
    /^Bearer (.+)$/.exec(given['Authorization'] ?? '')?.[1];
  const first = bearerOf(headers);
  if (first === undefined) return undefined;
  // The plugin is asked again: its tokens end while a watch goes on.
  return async () =>
    checkToken(bearerOf((await usersCredentials(kubeConfig)).headers) ?? first, 'the kubeconfig');
}

function kubeClientOf(kubeConfig: KubeConfig | undefined): KubeClient {
  if (kubeConfig === undefined) {
    throw new CommandError('usage', '--service-account needs a kubeconfig: the API server makes its token.');
  }
  try {
    return createKubeClient(kubeConfig);
  } catch (error) {
    throw new CommandError('usage', error instanceof Error ? error.message : String(error));
  }
}

function checkUrl(text: string): string {
  const problem = apiUrlProblem(text);
  if (problem === undefined) return new URL(text).href.replace(/\/+$/, '');
  throw new CommandError('usage', `The address "${text}" of the ledger ${problem}.`);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
