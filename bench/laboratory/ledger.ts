/** node bench/laboratory/ledger.ts PORT: a ledger that takes every record and keeps none, so that only telling it is measured. */
import { createServer } from 'node:http';
import type { BatchAnswer } from '#domain/ledger/record-batch.ts';

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { records } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
      readonly records?: readonly unknown[];
    };
    const answer: BatchAnswer = { written: records?.length ?? 0, duplicates: 0, refused: [] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
