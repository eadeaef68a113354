import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { agents, attentionItem } from '#domain/notification/testing/attention-items.ts';
import { ListeningServer } from './testing/listening-server.ts';
import { ToldPlace } from './testing/told-place.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const AT_ONCE = { groupSeconds: 0, resolvedAfterSeconds: 0 };

/** Settings of a webhook at a server, whose URL stands in a file. */
async function webhookAt(place: ToldPlace, server: ListeningServer, settings: object = {}): Promise<object> {
  const urlPath = await place.write('secret/url', `${server.url}/hook/t0ken-of-the-url\n`);
  return { name: 'hook', type: 'Webhook', urlPath, ...AT_ONCE, ...settings };
}

const bodiesOf = (server: ListeningServer): readonly { event: string; cause: { id: string } }[] =>
  server.heard.map(({ body }) => JSON.parse(body) as { event: string; cause: { id: string } });

describe('a webhook', () => {
  it('gets what began and what is over, signed so that the library of standardwebhooks.com takes it', async () => {
    await using server = await ListeningServer.start();
    await using place = await ToldPlace.make();
    const signingSecretPath = await place.write('secret/signing', SECRET);
    const notifications = await place.start([await webhookAt(place, server, { signingSecretPath })]);
    notifications.tell([attentionItem()]);
    await expect.poll(() => server.heard).toHaveLength(1);
    notifications.tell([]);
    await expect.poll(() => server.heard).toHaveLength(2);
    expect(bodiesOf(server).map(({ event }) => event)).toEqual(['began', 'resolved']);
    const verifier = new Webhook(SECRET);
    for (const { body, headers } of server.heard) {
      expect(verifier.verify(body, headers as Record<string, string>)).toEqual(JSON.parse(body));
      expect(() => verifier.verify(`${body} `, headers as Record<string, string>)).toThrow(
        'No matching signature',
      );
    }
    expect(new Set(server.heard.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
    await expect
      .poll(() => place.metric('capataz_observer_notifications_total', { receiver: 'hook', outcome: 'sent' }))
      .toBe(2);
  });

  it('that answers with an error is tried again until it takes it, with the same id', async () => {
    await using server = await ListeningServer.start();
    await using place = await ToldPlace.make();
    server.answer = (response) => {
      response.statusCode = server.heard.length < 3 ? 503 : 200;
      response.end();
    };
    (await place.start([await webhookAt(place, server)])).tell([attentionItem()]);
    await expect.poll(() => server.heard).toHaveLength(3);
    expect(new Set(server.heard.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await expect
      .poll(() => place.metric('capataz_observer_notifications_total', { receiver: 'hook', outcome: 'sent' }))
      .toBe(1);
    expect(
      await place.metric('capataz_observer_notifications_total', { receiver: 'hook', outcome: 'failed' }),
    ).toBe(2);
  });

  it('is not followed to where it redirects', async () => {
    await using server = await ListeningServer.start();
    await using elsewhere = await ListeningServer.start();
    await using place = await ToldPlace.make();
    server.answer = (response) => void response.writeHead(307, { location: `${elsewhere.url}/x` }).end();
    (await place.start([await webhookAt(place, server)])).tell([attentionItem()]);
    await expect.poll(() => server.heard.length).toBeGreaterThan(0);
    await expect.poll(() => place.log.join('')).toContain('answered 307, and redirects are not followed.');
    expect(elsewhere.heard).toEqual([]);
  });

  it('that refuses one message gets the others', async () => {
    await using server = await ListeningServer.start();
    await using place = await ToldPlace.make();
    server.answer = (response, { body }) => {
      response.statusCode = body.includes('poison') ? 400 : 200;
      response.end('invalid_blocks');
    };
    const notifications = await place.start([await webhookAt(place, server)]);
    notifications.tell([attentionItem({ id: 'poison' }), attentionItem({ id: 'well' })]);
    await expect.poll(() => bodiesOf(server).map(({ cause }) => cause.id)).toEqual(['poison', 'well']);
    expect(place.log.join('')).toContain('answered 400 (invalid_blocks).');
    expect(
      await place.metric('capataz_observer_notifications_total', { receiver: 'hook', outcome: 'refused' }),
    ).toBe(1);
  });

  it('and its secrets are named in no line of the log, whatever happens', async () => {
    await using server = await ListeningServer.start();
    await using place = await ToldPlace.make();
    server.answer = (response, { path }) => {
      response.statusCode = 500;
      response.end(`no such hook ${path} ${SECRET}`);
    };
    const signingSecretPath = await place.write('secret/signing', SECRET);
    const settings = await webhookAt(place, server, { signingSecretPath });
    (await place.start([settings])).tell([attentionItem()]);
    await expect.poll(() => server.heard.length).toBeGreaterThan(0);
    await place.write('secret/url', 'http://127.0.0.1:1/t0ken-of-the-url');
    await expect.poll(() => place.log.join('')).toContain('127.0.0.1:1 cannot be reached (ECONNREFUSED).');
    await place.stop();
    expect(place.log.join('')).not.toMatch(/t0ken-of-the-url|whsec_/);
  });
});

describe('a receiver that hangs', () => {
  it('holds up no other, and ends with the lead', async () => {
    await using hanging = await ListeningServer.start();
    await using server = await ListeningServer.start();
    await using place = await ToldPlace.make();
    hanging.answer = () => undefined;
    const urlPath = await place.write('secret/hanging', hanging.url);
    const notifications = await place.start([
      { name: 'hanging', type: 'Slack', urlPath, ...AT_ONCE },
      await webhookAt(place, server),
    ]);
    notifications.tell([attentionItem()]);
    await expect.poll(() => server.heard).toHaveLength(1);
    notifications.tell([attentionItem(), attentionItem({ id: 'another' })]);
    await expect.poll(() => server.heard).toHaveLength(2);
    expect(hanging.heard).toHaveLength(1);
    await place.stop();
  });
});

describe('whoever leads', () => {
  it('tells nothing before there is a picture: what was told is not over because we were away', async () => {
    await using server = await ListeningServer.start();
    await using place = await ToldPlace.make();
    const settings = [await webhookAt(place, server)];
    (await place.start(settings)).tell([attentionItem()]);
    await expect
      .poll(() => readdir(join(place.folder, 'state/notifications')).catch(() => []))
      .toEqual(['told-hook.json']);
    await place.stop();
    const next = await place.start(settings);
    next.tell([attentionItem(), attentionItem({ id: 'another' })]);
    await expect.poll(() => server.heard).toHaveLength(2);
    next.tell([attentionItem({ id: 'another' })]);
    await expect.poll(() => server.heard).toHaveLength(3);
    expect(bodiesOf(server).map(({ event, cause }) => `${event} ${cause.id}`)).toEqual([
      'began cost/prompt/billing',
      'began another',
      'resolved cost/prompt/billing',
    ]);
  });

  it('tells again, rather than not at all, where what was told cannot be read', async () => {
    await using server = await ListeningServer.start();
    await using place = await ToldPlace.make();
    await place.write('state/notifications/told-hook.json', '{"causes": [');
    (await place.start([await webhookAt(place, server)])).tell([attentionItem()]);
    await expect.poll(() => server.heard).toHaveLength(1);
  });

  it('tells a chat in the words of Slack', async () => {
    await using server = await ListeningServer.start();
    await using place = await ToldPlace.make();
    const urlPath = await place.write('secret/chat', `${server.url}/services/T0/B0/x`);
    (await place.start([{ name: 'chat', type: 'Slack', urlPath, ...AT_ONCE }])).tell([
      attentionItem({ agents: agents(3), title: 'a < b & c' }),
    ]);
    await expect.poll(() => server.heard).toHaveLength(1);
    const { text, blocks } = JSON.parse(server.heard[0]?.body ?? '') as { text: string; blocks: unknown[] };
    expect(text.split('\n')[0]).toBe('[page] a &lt; b &amp; c');
    expect(blocks).toHaveLength(2);
    expect(server.heard[0]?.headers['content-type']).toBe('application/json');
  });
});

describe('settings that cannot be used', () => {
  const CASES: readonly (readonly [string, readonly object[], RegExp])[] = [
    [
      'a misspelt key',
      [{ name: 'a', type: 'Slack', urlPath: '/u', urgency: ['page'] }],
      /Unrecognized key: "urgency"/,
    ],
    ['a kind of receiver that there is not', [{ name: 'a', type: 'Pager' }], /receivers\[0\]\.type/],
    [
      'two of one name',
      [
        { name: 'a', type: 'Slack', urlPath: '/u' },
        { name: 'a', type: 'Slack', urlPath: '/u' },
      ],
      /two receivers have the same name/,
    ],
    [
      'a password that anybody on the way could read',
      [
        {
          name: 'a',
          type: 'Email',
          host: 'mail',
          encryption: 'None',
          from: 'a@example.com',
          to: ['b@example.com'],
          username: 'u',
          passwordPath: '/p',
        },
      ],
      /must not be None with a password/,
    ],
    [
      'a file that is not there',
      [{ name: 'a', type: 'Slack', urlPath: '/nowhere/url' }],
      /^The receiver of notifications "a" cannot be used\. The URL in \/nowhere\/url cannot be read \(ENOENT\)\.$/,
    ],
  ];

  it.each(CASES)('are said in one sentence: %s', async (_, receivers, sentence) => {
    await using place = await ToldPlace.make();
    await expect(place.open(receivers)).rejects.toThrow(sentence);
  });

  it('are said in one sentence: what is no URL, and a secret that could be guessed', async () => {
    await using place = await ToldPlace.make();
    const bad = await place.write('bad', 'ftp://example.com/x');
    const good = await place.write('good', 'https://example.com');
    const failing = await place
      .open([{ name: 'a', type: 'Slack', urlPath: bad }])
      .catch((error: Error) => error.message);
    expect(failing).toBe(
      `The receiver of notifications "a" cannot be used. What stands in ${bad} is no URL of http or https.`,
    );
    await expect(
      place.open([{ name: 'a', type: 'Webhook', urlPath: good, signingSecretPath: bad }]),
    ).rejects.toThrow(/is shorter than 24 bytes: draw one with/);
  });
});
