/** The token that says to the ledger who asks. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';
import { CommandError } from '../exit-codes.ts';

const TOKEN_SECONDS = 600;
const RENEW_BEFORE_MILLISECONDS = 120_000;

export type TokenSource = (signal?: AbortSignal) => Promise<string>;

const TokenRequestAnswer = z.object({
  status: z.object({ token: z.string().min(1).max(16_384), expirationTimestamp: z.string() }),
});

export function tokenFromFile(path: string): TokenSource {
  return async () => {
    try {
      return checkToken((await readFile(path, 'utf8')).trim(), `the file ${path}`);
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw new CommandError(
        'usage',
        `The token file ${path} cannot be read: ${String((error as NodeJS.ErrnoException).code)}.`,
      );
    }
  };
}

/** Goes into a header: nothing but what a token is made of. */
export function checkToken(token: string, where: string): string {
  if (/^[\w.~+/=-]{1,16384}$/.test(token)) return token;
  throw new CommandError('usage', `What stands in ${where} is no token.`);
}

export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

export function parseServiceAccount(text: string): ServiceAccountName {
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(text) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  throw new CommandError('usage', `--service-account takes NAMESPACE/NAME, not "${text}".`);
}

/** By TokenRequest: good for ten minutes and for the ledger alone. Renewed before it ends. */
export function tokenOfServiceAccount(
  kubeClient: Pick<KubeClient, 'request'>,
  { namespace, name }: ServiceAccountName,
  epochMilliseconds: () => number,
): TokenSource {
  let kept: { readonly token: string; readonly untilMilliseconds: number } | undefined;
  return async (signal) => {
    if (kept !== undefined && kept.untilMilliseconds > epochMilliseconds()) return kept.token;
    try {
      const answer = await kubeClient.request({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { audiences: [LEDGER_AUDIENCE], expirationSeconds: TOKEN_SECONDS },
        },
        ...(signal !== undefined && { signal }),
      });
      const { token, expirationTimestamp } = TokenRequestAnswer.parse(answer).status;
      const end = Date.parse(expirationTimestamp);
      kept = { token, untilMilliseconds: (Number.isNaN(end) ? 0 : end) - RENEW_BEFORE_MILLISECONDS };
      return checkToken(token, 'the answer to the TokenRequest');
    } catch (error) {
      throw explain(error, `${namespace}/${name}`);
    }
  };
}

function explain(error: unknown, account: string): unknown {
  if (!(error instanceof KubeApiError)) return error;
  if (error.status === 404) {
    return new CommandError(
      'notFound',
      `There is no ServiceAccount ${account} to read the ledger as: name one with --service-account NAMESPACE/NAME, or give a token with --token-file.`,
    );
  }
  if (error.status === 403) {
    return new CommandError(
      'refused',
      `Your kubeconfig has no token of your own, and you may not ask for one of ${account} (create on serviceaccounts/token): use --token-file, or --service-account with one that you may use.`,
    );
  }
  return error;
}
