import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { callbackify, promisify } from 'node:util';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { describe, expect, it } from 'vitest';
import { agents, attentionItem } from '#domain/notification/testing/attention-items.ts';
import { ToldPlace } from './testing/told-place.ts';

const PASSWORD = 'a pässword: with signs';
const AT_ONCE = { groupSeconds: 0, resolvedAfterSeconds: 0 };

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly isEncrypted: boolean;
  readonly user: string;
  readonly raw: string;
  readonly mail: Email;
}

/** A real server of SMTP with STARTTLS and a user. */
class MailServer implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly #server: SMTPServer;

  constructor(options: SMTPServerOptions) {
    this.#server = new SMTPServer({
      authOptional: true,
      onAuth: ({ username, password }, _, done) => {
        if (username === 'capataz' && password === PASSWORD) done(null, { user: username });
        else done(new Error('The user or the password is wrong'));
      },
      onData: (stream, session, done) => {
        callbackify(() => this.#receive(stream, session))(done);
      },
      ...options,
    });
    this.#server.on('error', () => undefined);
  }

  async #receive(stream: Readable, session: SMTPServerSession): Promise<void> {
    const raw = await text(stream);
    const { mailFrom, rcptTo } = session.envelope;
    this.received.push({
      from: mailFrom === false ? '' : mailFrom.address,
      to: rcptTo.map(({ address }) => address),
      isEncrypted: session.secure,
      user: String(session.user ?? ''),
      raw,
      mail: await PostalMime.parse(raw),
    });
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return (this.#server.server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(resolve);
    });
  }
}

async function certificate(folder: string): Promise<{ key: string; cert: string; path: string }> {
  const [keyPath, path] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const settings =
    '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', keyPath, '-out', path];
  await promisify(execFile)('openssl', ['req', ...settings.split(' '), ...names]);
  return { key: await readFile(keyPath, 'utf8'), cert: await readFile(path, 'utf8'), path };
}

async function mailbox(place: ToldPlace, port: number, settings: object = {}): Promise<object> {
  const passwordPath = await place.write('secret/password', `${PASSWORD}\n`);
  return {
    name: 'post',
    type: 'Email',
    host: 'localhost',
    port,
    from: 'capataz@example.com',
    to: ['ops@example.com', 'night@example.com'],
    username: 'capataz',
    passwordPath,
    ...AT_ONCE,
    ...settings,
  };
}

describe('a mailbox', () => {
  it('gets a mail by STARTTLS and with a password, of which all of one cause are one thread', async () => {
    await using place = await ToldPlace.make();
    const { path: certificateAuthoritiesPath, ...tls } = await certificate(place.folder);
    await using server = new MailServer(tls);
    const notifications = await place.start([
      await mailbox(place, await server.start(), { certificateAuthoritiesPath }),
    ]);
    notifications.tell([attentionItem({ agents: agents(2) })]);
    await expect.poll(() => server.received).toHaveLength(1);
    notifications.tell([]);
    await expect.poll(() => server.received).toHaveLength(2);
    const [began, resolved] = server.received;
    expect(began).toMatchObject({
      from: 'capataz@example.com',
      to: ['ops@example.com', 'night@example.com'],
      isEncrypted: true,
      user: 'capataz',
    });
    expect(began?.mail.subject).toBe('[page] Agents cost far more than usual');
    expect(began?.mail.text).toContain(
      '$512.40 this hour; usual for Tuesday 14h: $210 to $330.\n\nSince 2026-11-24 14:00 UTC',
    );
    expect(began?.mail.html).toBeUndefined();
    expect(resolved?.mail.subject).toBe('[page] Over: Agents cost far more than usual');
    expect(resolved?.mail.references).toBe(began?.mail.references);
    expect(resolved?.mail.messageId).not.toBe(began?.mail.messageId);
    expect(began?.raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
  });

  it('gets no header and no address that a name brought with it', async () => {
    await using place = await ToldPlace.make();
    await using server = new MailServer({ disabledCommands: ['STARTTLS', 'AUTH'] });
    const port = await server.start();
    const plain = { encryption: 'None', username: undefined, passwordPath: undefined };
    const hostile = [
      'x\r\nBcc: all@example.com',
      'x\nSubject: other\n\nbody',
      'x\u0000\u2028Bcc: all@example.com',
      '=?utf-8?Q?x=0D=0ABcc:_all@example.com?=',
      'ü'.repeat(200),
    ];
    const notifications = await place.start([await mailbox(place, port, plain)]);
    notifications.tell(
      hostile.map((title, index) =>
        attentionItem({ id: `h${index}`, title, why: `${title}\r\n.\r\nRCPT TO:<all@example.com>\r\n` }),
      ),
    );
    await expect.poll(() => server.received, { timeout: 60_000 }).toHaveLength(hostile.length);
    for (const { to, raw, mail } of server.received) {
      expect(to).toEqual(['ops@example.com', 'night@example.com']);
      expect(mail.bcc).toBeUndefined();
      expect(mail.subject).toMatch(/^\[page\] /);
      const [headers = ''] = raw.split('\r\n\r\n');
      expect(headers).not.toMatch(/^Bcc:/im);
      expect(headers.match(/^Subject:/gim)).toHaveLength(1);
    }
  });

  it('is not written to where the way is not encrypted, or the certificate is not trusted', async () => {
    await using place = await ToldPlace.make();
    const { path: _, ...tls } = await certificate(place.folder);
    await using untrusted = new MailServer(tls);
    await using bare = new MailServer({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
    const notifications = await place.start([
      await mailbox(place, await untrusted.start(), { name: 'untrusted' }),
      await mailbox(place, await bare.start(), { name: 'bare' }),
    ]);
    notifications.tell([attentionItem()]);
    for (const receiver of ['untrusted', 'bare']) {
      await expect
        .poll(() => place.metric('capataz_observer_notifications_total', { receiver, outcome: 'failed' }))
        .toBeGreaterThan(0);
    }
    expect([...untrusted.received, ...bare.received]).toEqual([]);
  });

  it('with a wrong password is tried again, and the password stands in no log', async () => {
    await using place = await ToldPlace.make();
    const { path: certificateAuthoritiesPath, ...tls } = await certificate(place.folder);
    await using server = new MailServer(tls);
    const settings = await mailbox(place, await server.start(), { certificateAuthoritiesPath });
    const passwordPath = await place.write('secret/password', 'wr0ng-password');
    (await place.start([{ ...settings, passwordPath }])).tell([attentionItem()]);
    await expect.poll(() => place.log.join('')).toContain('did not take the mail (EAUTH 535).');
    await place.write('secret/password', PASSWORD);
    await expect.poll(() => server.received).toHaveLength(1);
    expect(place.log.join('')).not.toMatch(/wr0ng-password|pässword/);
  });

  it('of which the server takes some addresses only is told of, and not told again', async () => {
    await using place = await ToldPlace.make();
    await using server = new MailServer({
      disabledCommands: ['STARTTLS', 'AUTH'],
      onRcptTo: ({ address }, _, done) =>
        done(address.startsWith('night') ? new Error('no such user') : null),
    });
    const plain = { encryption: 'None', username: undefined, passwordPath: undefined };
    (await place.start([await mailbox(place, await server.start(), plain)])).tell([attentionItem()]);
    await expect.poll(() => server.received).toHaveLength(1);
    await expect.poll(() => place.log.join('')).toContain('took the mail for 1 of 2 addresses only.');
  });

  it('that hangs is left when the lead is lost', async () => {
    await using place = await ToldPlace.make();
    let connected = 0;
    await using server = new MailServer({
      disabledCommands: ['STARTTLS', 'AUTH'],
      onMailFrom: () => {
        connected += 1;
      },
    });
    const plain = { encryption: 'None', username: undefined, passwordPath: undefined };
    (await place.start([await mailbox(place, await server.start(), plain)])).tell([attentionItem()]);
    await expect.poll(() => connected).toBe(1);
    await place.stop();
    expect(place.log.join('')).not.toContain('could not be told');
  });
});
