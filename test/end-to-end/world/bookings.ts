/** A team whose agent books rooms: a tool with an effect on the host that counts by itself what it was asked to do. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { INSTANCE, apply, untilReady } from './cluster.ts';
import { agent, hostService, namespaceObject, promptText, promptVersion } from './objects.ts';
import { type PaidProvider, startPaidProvider } from './paid-provider.ts';

export const BOOKERS = 'team-bookers';
/** What the model answers with a tool call. */
export const BOOKING = 'book a room';

export interface Bookings extends AsyncDisposable {
  /** The idempotency key of each effect, in order. */
  readonly effects: readonly string[];
  readonly provider: PaidProvider;
}

export async function startBookings(): Promise<Bookings> {
  await using resources = new AsyncDisposableStack();
  const effects: string[] = [];
  const tool = createServer((request, response) => {
    request.resume().on('end', () => {
      effects.push(String(request.headers['idempotency-key']));
      response.end('booked');
    });
  });
  tool.listen(0, INSTANCE.addresses.hostAddress);
  await once(tool, 'listening');
  resources.defer(async () => {
    tool.closeAllConnections();
    tool.close();
  });
  const provider = await startPaidProvider(INSTANCE.addresses.hostAddress, ['key-bookers']);
  resources.defer(() => provider.stop());
  provider.callTool(BOOKING, 'book-room', { room: 'blue' });

  const version = promptVersion('booker', promptText('booking'), BOOKERS);
  const common = {
    promptRef: { version: version.metadata.name },
    modelPolicy: { allow: [{ name: 'paid' }] },
  };
  await apply(namespaceObject(BOOKERS));
  await apply(
    ...provider.modelOf(BOOKERS),
    ...hostService('rooms', BOOKERS, INSTANCE.addresses.hostAddress, (tool.address() as AddressInfo).port),
    version,
    agent('booker', BOOKERS, {
      ...common,
      limits: { seconds: 8 },
      tools: [
        {
          type: 'Http',
          name: 'book-room',
          description: 'Books a room.',
          url: `http://rooms.${BOOKERS}.svc:8080/bookings`,
          parameters: { type: 'object', properties: { room: { type: 'string' } } },
        },
      ],
    }),
    agent('filer', BOOKERS, { ...common, audit: { content: 'Full' } }),
  );
  await untilReady('agent', 'booker', BOOKERS);
  await untilReady('agent', 'filer', BOOKERS);
  const owned = resources.move();
  return { effects, provider, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
