/** Whom the observer tells, how, and of what: a JSON file, as the chart writes it from `observer.notifications`. */
import { z } from 'zod';
import { ATTENTION_KINDS, URGENCIES } from '#domain/observation/attention-item.ts';

const path = z.string().min(1).max(1_024);
const name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and dashes, at most 63');
const address = z.email().max(254);

const every = {
  /** Names what the receiver was told before: under a new name it is told all again. */
  name,
  urgencies: z.array(z.enum(URGENCIES)).min(1).default(['page', 'ticket']),
  kinds: z.array(z.enum(ATTENTION_KINDS)).default([]),
  namespaces: z.array(z.string().min(1).max(63)).max(1_000).default([]),
  groupSeconds: z.number().min(0).max(3_600).default(30),
  updateMinutes: z.number().min(1).max(1_440).default(15),
  pageReminderHours: z.number().min(0.25).max(720).default(4),
  ticketReminderHours: z.number().min(0.25).max(720).default(24),
  resolvedAfterSeconds: z.number().min(0).max(86_400).default(120),
  maximumPerHour: z.int().min(1).max(1_000).default(20),
};

const Webhook = z.strictObject({
  ...every,
  type: z.literal('Webhook'),
  /** File with the URL: it often is a secret by itself. */
  urlPath: path,
  /** File with the secret that messages are signed with; unsigned without. */
  signingSecretPath: path.optional(),
  certificateAuthoritiesPath: path.optional(),
});

/** Incoming webhooks of Slack, and of what reads the same (Mattermost, Rocket.Chat). */
const Chat = z.strictObject({
  ...every,
  type: z.literal('Slack'),
  urlPath: path,
  certificateAuthoritiesPath: path.optional(),
});

const Email = z
  .strictObject({
    ...every,
    type: z.literal('Email'),
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535).default(587),
    /** StartTls: not without it. */
    encryption: z.enum(['StartTls', 'Tls', 'None']).default('StartTls'),
    from: address,
    to: z.array(address).min(1).max(50),
    username: z.string().min(1).max(254).optional(),
    passwordPath: path.optional(),
    certificateAuthoritiesPath: path.optional(),
  })
  .refine(({ username, passwordPath }) => (username === undefined) === (passwordPath === undefined), {
    message: 'needs both or neither of username and passwordPath',
    path: ['passwordPath'],
  })
  .refine(({ encryption, passwordPath }) => encryption !== 'None' || passwordPath === undefined, {
    message: 'must not be None with a password, which anybody on the way could read',
    path: ['encryption'],
  });

const ReceiverSettings = z.discriminatedUnion('type', [Webhook, Chat, Email]);
export type ReceiverSettings = z.infer<typeof ReceiverSettings>;

export const NotificationSettings = z.strictObject({
  /** Where people open the console; messages lead there. */
  consoleUrl: z
    .url({ protocol: /^https?$/ })
    .max(2_048)
    .optional(),
  receivers: z
    .array(ReceiverSettings)
    .max(16)
    .refine((receivers) => new Set(receivers.map((receiver) => receiver.name)).size === receivers.length, {
      message: 'two receivers have the same name',
    }),
});
export type NotificationSettings = z.infer<typeof NotificationSettings>;
