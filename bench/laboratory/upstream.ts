/** The provider behind all contenders: raw node:http, no delay of its own, the same process for all of them. */
import { createServer } from 'node:http';
import { CHUNK_COUNT, CHUNK_MILLISECONDS } from './stream-pace.ts';

const chunk = (delta: object, finishReason: string | null): string =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'bench-model',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  })}\n\n`;

const ANSWER = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1,
  model: 'bench-model',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'The quick brown fox jumps over the lazy dog. '.repeat(4) },
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 24, completion_tokens: 40, total_tokens: 64 },
});
const TOOL_CALL = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1,
  model: 'bench-model',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: 'call_1',
            type: 'function',
            function: { name: 'calculate', arguments: '{"expression":"17*23"}' },
          },
        ],
      },
      finish_reason: 'tool_calls',
    },
  ],
  usage: { prompt_tokens: 90, completion_tokens: 18, total_tokens: 108 },
});
const FIRST_CHUNK = chunk({ role: 'assistant', content: '' }, null);
const CONTENT_CHUNK = chunk({ content: 'word ' }, null);
const LAST_CHUNKS = `${chunk({}, 'stop')}data: ${JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'bench-model',
  choices: [],
  usage: { prompt_tokens: 24, completion_tokens: CHUNK_COUNT, total_tokens: 24 + CHUNK_COUNT },
})}\n\ndata: [DONE]\n\n`;

const server = createServer({ noDelay: true, keepAliveTimeout: 120_000 }, (request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => {
    if (!body.includes('"stream":true')) {
      // With tools and no result yet, the first thought is a call; everything else is answered at once.
      const isFirstThought = body.includes('"tools":') && !/"role": ?"tool"/.test(body);
      const answer = isFirstThought ? TOOL_CALL : ANSWER;
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(answer),
      });
      response.end(answer);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(FIRST_CHUNK);
    let sent = 0;
    const timer = setInterval(() => {
      sent += 1;
      response.write(CONTENT_CHUNK);
      if (sent < CHUNK_COUNT) return;
      clearInterval(timer);
      response.end(LAST_CHUNKS);
    }, CHUNK_MILLISECONDS);
    response.on('close', () => clearInterval(timer));
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1');
