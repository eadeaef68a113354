/**
 * Makes the request for the email-classifier of a mail file:
 *
 *     node samples/mail-to-request.ts my-mail.eml | curl "$URL/v1/runs" -H 'content-type: application/json' -d @-
 */
import { readFile } from 'node:fs/promises';
import { presentMail } from './present-mail.ts';

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: node samples/mail-to-request.ts FILE.eml\n');
  process.exit(2);
}
const email = await presentMail(await readFile(path));
process.stdout.write(`${JSON.stringify({ input: { email } }, null, 2)}\n`);
