/** A folder with the settings of receivers in it, as the chart mounts them, and notifications that run by them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { type OpenNotifications, openNotifications } from '../open-notifications.ts';
import type { Notifications } from '../start-notifications.ts';

export class ToldPlace implements AsyncDisposable {
  readonly folder: string;
  /** Lines of the log. */
  readonly log: string[] = [];
  registry = new Registry();
  #open: OpenNotifications | undefined;
  #started: Notifications | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<ToldPlace> {
    return new ToldPlace(await mkdtemp(join(tmpdir(), 'capataz-told-')));
  }

  /** Its path. */
  async write(name: string, content: string): Promise<string> {
    const path = join(this.folder, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  async open(receivers: readonly object[]): Promise<OpenNotifications> {
    const settingsPath = await this.write('notifications.json', JSON.stringify({ receivers }));
    this.registry = new Registry();
    const logger = pino({ level: 'info' }, { write: (line: string) => void this.log.push(line) });
    this.#open = await openNotifications({
      settingsPath,
      directory: join(this.folder, 'state'),
      registry: this.registry,
      logger,
    });
    return this.#open;
  }

  async start(receivers: readonly object[]): Promise<Notifications> {
    this.#started = (await this.open(receivers)).start();
    return this.#started;
  }

  async stop(): Promise<void> {
    await this.#started?.close();
    await this.#open?.close();
  }

  async metric(name: string, labels: Readonly<Record<string, string>>): Promise<number | undefined> {
    const values = (await this.registry.getSingleMetric(name)?.get())?.values ?? [];
    const found = values.find((value) =>
      Object.entries(labels).every(([label, text]) => value.labels[label] === text),
    );
    return found?.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
