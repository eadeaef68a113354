/** The observer's own process, and its news as the console reads them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';
import type { AgentRow } from '#domain/observation/agent-row.ts';
import { ObservedNews } from '#domain/observation/observed-news.ts';
import { type StartedProcess, startProcess } from '#process/testing/started-process.ts';
import { OBSERVER_AUDIENCE } from '../readers.ts';
import { tokenFor } from './scripted-kubernetes.ts';

export const CONSOLE_TOKEN = tokenFor(
  'system:serviceaccount:capataz-system:capataz-console',
  OBSERVER_AUDIENCE,
);
const OBSERVER = 'system:serviceaccount:capataz-system:capataz-observer';

export interface ObserverProcess extends StartedProcess {
  readonly url: string;
  readonly get: (path: string, token?: string) => Promise<Response>;
  readonly metrics: () => Promise<string>;
}

/** `directory` holds the kubeconfig; `name` is that of the pod. */
export async function startObserverProcess(
  directory: string,
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<ObserverProcess> {
  const tokenPath = join(directory, 'observer-token');
  await writeFile(tokenPath, tokenFor(OBSERVER, LEDGER_AUDIENCE));
  const started = startProcess('services/observer/main.ts', {
    PATH: process.env['PATH'] ?? '',
    CAPATAZ_KUBECONFIG: join(directory, 'kubeconfig'),
    CAPATAZ_NAMESPACE: 'capataz-system',
    CAPATAZ_POD_NAME: name,
    CAPATAZ_PORT: '0',
    CAPATAZ_METRICS_PORT: '0',
    CAPATAZ_LEDGER_TOKEN_PATH: tokenPath,
    CAPATAZ_OBSERVER_READERS: 'capataz-system/capataz-console',
    CAPATAZ_OBSERVER_DIRECTORY: join(directory, `${name}-seen`),
    CAPATAZ_DRAIN_SECONDS: '2',
    CAPATAZ_DRAIN_LEAD_SECONDS: '0.1',
    ...environment,
  });
  const { port, metricsPort } = await started.ports();
  const url = `http://127.0.0.1:${port}`;
  return {
    ...started,
    url,
    get: (path, token = CONSOLE_TOKEN) =>
      fetch(`${url}${path}`, {
        headers: token === '' ? {} : { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(10_000),
      }),
    metrics: async () => await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
  };
}

/** What a console knows by following the news. */
export class FollowedNews implements AsyncDisposable {
  readonly rows = new Map<string, AgentRow>();
  readonly heard: ObservedNews[] = [];
  readonly #ended = new AbortController();
  #reading: Promise<void> = Promise.resolve();

  static async of(url: string, token = CONSOLE_TOKEN): Promise<FollowedNews> {
    const news = new FollowedNews();
    const { body } = await fetch(`${url}/v1/news`, {
      headers: { authorization: `Bearer ${token}` },
      signal: news.#ended.signal,
    });
    if (body === null) throw new Error('The news have no body.');
    news.#reading = news.#read(body).catch(() => undefined);
    return news;
  }

  get last(): ObservedNews | undefined {
    return this.heard.at(-1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#reading;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const events = body
      .pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
      .pipeThrough(new EventSourceParserStream());
    for await (const { data } of events) {
      const news = ObservedNews.parse(JSON.parse(data));
      if (news.isWhole) this.rows.clear();
      for (const row of news.rows) this.rows.set(`${row.namespace}/${row.name}`, row);
      for (const { namespace, name } of news.removedRows) this.rows.delete(`${namespace}/${name}`);
      this.heard.push(news);
    }
  }
}
