/** What is sent, to all alike. */
const MESSAGES = [
  { role: 'system', content: 'You sort the mail of a small shop. Answer with one word.' },
  { role: 'user', content: 'The parcel came with a broken lid. Can I have a new one, please?' },
];

export const CHAT_BODY = JSON.stringify({ model: 'auto', messages: MESSAGES, temperature: 0 });
export const STREAM_BODY = JSON.stringify({
  model: 'auto',
  messages: MESSAGES,
  temperature: 0,
  stream: true,
});
export const CHAT_PATH = '/v1/chat/completions';
