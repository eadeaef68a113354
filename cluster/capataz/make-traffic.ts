/** Sends the sample mails for about a minute, one after the other, so that the console has something to show from the start. */
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConsoleReport } from '#cluster/command-line/console-report.ts';

const TRAFFIC_SECONDS = 60;
const ANSWER_SECONDS = 60;

/** Never fails: what the agent answers is not asked here, and what it does not answer is not waited for. */
export async function makeTraffic(agentUrl: string, checkout: string, report: ConsoleReport): Promise<void> {
  const mails: string[] = [];
  for await (const path of glob('samples/mails/*.json', { cwd: checkout })) {
    mails.push(await readFile(join(checkout, path), 'utf8'));
  }
  report.step(`Sending the ${mails.length} sample mails again and again for a minute.`);
  const endsAt = performance.now() + TRAFFIC_SECONDS * 1000;
  let answered = 0;
  for (let sent = 0; performance.now() < endsAt; sent += 1) {
    if (await isAnswered(`${agentUrl}/v1/runs`, mails[sent % mails.length] ?? '{}')) answered += 1;
    else await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  report.detail(`  ${answered} answered.`);
}

async function isAnswered(url: string, body: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(ANSWER_SECONDS * 1000),
    });
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}
