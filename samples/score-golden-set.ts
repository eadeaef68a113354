/**
 * Scores the email-classifier on golden-sets/email-classifier.jsonl:
 *
 *     node samples/score-golden-set.ts --agent http://127.0.0.1:8080
 *     node samples/score-golden-set.ts --model-server http://127.0.0.1:8080/v1 --model smollm2-135m-instruct
 *
 * The first asks a running agent; the second asks a model directly, with the prompt and schema of this folder.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { parsePrompt } from '#domain/prompts/parse-prompt.ts';
import { renderPrompt } from '#domain/prompts/render-prompt.ts';

const GoldenCase = z.object({
  id: z.string(),
  vars: z.object({ email: z.string() }),
  metadata: z.object({ category: z.enum(['spam', 'ham']), group: z.string() }),
});
type GoldenCase = z.infer<typeof GoldenCase>;
type Classify = (email: string) => Promise<unknown>;

const here = (path: string): URL => new URL(path, import.meta.url);
const { values } = parseArgs({
  options: {
    agent: { type: 'string' },
    'model-server': { type: 'string' },
    model: { type: 'string', default: 'smollm2-135m-instruct' },
  },
});

const classify =
  values.agent === undefined
    ? await byModelServer(values['model-server'] ?? 'http://127.0.0.1:8080/v1', values.model)
    : byAgent(values.agent);
const lines = (await readFile(here('../golden-sets/email-classifier.jsonl'), 'utf8')).trim().split('\n');
const cases = lines.map((line) => GoldenCase.parse(JSON.parse(line)));
const scored: { readonly of: GoldenCase; readonly answer: unknown; readonly seconds: number }[] = [];
for (const of of cases) {
  const start = performance.now();
  const answer = await classify(of.vars.email);
  scored.push({ of, answer, seconds: (performance.now() - start) / 1000 });
}
report();

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return await response.json();
}

function byAgent(url: string): Classify {
  const Run = z.object({ output: z.unknown() });
  return async (email) => Run.parse(await post(`${url}/v1/runs`, { input: { email } })).output;
}

async function byModelServer(url: string, model: string): Promise<Classify> {
  const parsed = await parsePrompt(await readFile(here('../prompts/email-classifier.prompt'), 'utf8'));
  if (!parsed.ok) throw new Error(parsed.message);
  const { settings } = parsed.prompt;
  const AgentManifest = z.object({ spec: z.object({ output: z.object({ schema: z.unknown() }) }) });
  const agent = AgentManifest.parse(parse(await readFile(here('agent-email-classifier.yaml'), 'utf8')));
  const Completion = z.object({
    choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
  });
  return async (email) => {
    const rendered = await renderPrompt(parsed.prompt, { email });
    if (!rendered.ok) throw new Error(rendered.message);
    const completion = await post(`${url}/chat/completions`, {
      model,
      messages: rendered.messages,
      temperature: settings.temperature,
      max_completion_tokens: settings.maxOutputTokens,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: agent.spec.output.schema },
      },
    });
    return JSON.parse(Completion.parse(completion).choices[0]?.message.content ?? '');
  };
}

function categoryOf(answer: unknown): string {
  const read = z.object({ category: z.string() }).safeParse(answer);
  return read.success ? read.data.category : 'neither';
}

function report(): void {
  const share = (rows: typeof scored): number =>
    rows.filter(({ of, answer }) => categoryOf(answer) === of.metadata.category).length / rows.length;
  const percent = (value: number): string => `${(value * 100).toFixed(0)} %`;
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const spam = scored.filter(({ of }) => of.metadata.category === 'spam');
  const ham = scored.filter(({ of }) => of.metadata.category === 'ham');
  const hardHam = ham.filter(({ of }) => of.metadata.group.startsWith('hard'));
  const easyHam = ham.filter(({ of }) => of.metadata.group.startsWith('easy'));
  print(`spam told as spam       ${percent(share(spam))} of ${spam.length}`);
  print(`easy ham told as ham    ${percent(share(easyHam))} of ${easyHam.length}`);
  print(`hard ham told as ham    ${percent(share(hardHam))} of ${hardHam.length}`);
  print(`balanced accuracy       ${percent((share(spam) + share(ham)) / 2)}`);
  const seconds = scored.map((row) => row.seconds).toSorted((a, b) => a - b);
  print(`seconds a mail          ${seconds[Math.floor(seconds.length / 2)]?.toFixed(2)} (median)`);
}
