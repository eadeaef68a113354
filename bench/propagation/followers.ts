/** As many readers as there are agents, each with the stream client of the agent-runtime and the token of its agent. */
import {
  type ConfigurationStream,
  followConfigurationStream,
} from '#services/agent-runtime/configuration-stream.ts';
import { createLogger } from '#telemetry/logger.ts';

export interface Followed {
  readonly url: string;
  /** One a follower; undefined where nobody asks for one. */
  readonly tokenPaths: readonly (string | undefined)[];
  /** What the document says is served. */
  readonly versionOf: (text: string) => string;
}

export class Followers implements AsyncDisposable {
  readonly #streams: readonly ConfigurationStream[];
  readonly #told: (string | undefined)[];
  readonly #arrivals: number[];

  constructor({ url, tokenPaths, versionOf }: Followed) {
    const logger = createLogger('bench', 'silent');
    this.#told = tokenPaths.map(() => undefined);
    this.#arrivals = tokenPaths.map(() => 0);
    this.#streams = tokenPaths.map((tokenPath, index) =>
      followConfigurationStream({
        url,
        tokenPath,
        onConfiguration: () => undefined,
        onRollout: (text) => {
          this.#arrivals[index] = performance.now();
          this.#told[index] = versionOf(text);
        },
        onContact: () => undefined,
        logger,
        random: Math.random,
      }),
    );
  }

  allKnow(version: string): boolean {
    return this.#told.every((told) => told === version);
  }

  /** Milliseconds from then until each was told what it knows now. */
  delaysSince(startedAt: number): readonly number[] {
    return this.#arrivals.map((at) => at - startedAt);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#streams.map((stream) => stream.close()));
  }
}
