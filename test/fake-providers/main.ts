/** `node test/fake-providers/main.ts --port 8090`: the fake providers as a process, until SIGTERM or SIGINT. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startFakeProviders } from './fake-providers.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write('--port takes a whole number from 0, for any free one, to 65535.\n');
  process.exit(2);
}

const fakes = await startFakeProviders({ port });
process.stdout.write(`${JSON.stringify({ url: fakes.url, endpoints: fakes.endpoints })}\n`);
await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
await fakes.close();
