/** docs/operations/notifications.md shows settings that work, every key of them, and the body that is sent. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { CauseNotification } from '#domain/notification/notification.ts';
import { chatMessage } from '#domain/notification/chat-message.ts';
import { webhookBody } from '#domain/notification/webhook-body.ts';
import { NotificationSettings } from './receiver-settings.ts';

const PAGE = join(import.meta.dirname, '../../../docs/operations/notifications.md');

/** As the page shows it. */
interface Body {
  readonly id: string;
  readonly at: string;
  readonly console: string;
  readonly cause: {
    readonly agents: readonly {
      readonly namespace: string;
      readonly name: string;
      readonly isNew: boolean;
    }[];
    readonly since: string;
    readonly likelyCauses: readonly { readonly at: string }[];
  } & Omit<CauseNotification['item'], 'agents' | 'sinceMicroseconds' | 'causes'>;
}

let page: string;
beforeAll(async () => {
  page = await readFile(PAGE, 'utf8');
});

const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '';

const microseconds = (time: string): number => Date.parse(time) * 1_000;

/** The body of the page, and the notification that it is of. */
function documented(): { readonly body: Body; readonly notification: CauseNotification } {
  const body = JSON.parse(block('json')) as Body;
  const { cause } = body;
  const agents = cause.agents.map(({ namespace, name }) => ({ namespace, name }));
  const item = {
    id: cause.id,
    kind: cause.kind,
    urgency: cause.urgency,
    agents,
    subject: cause.subject,
    title: cause.title,
    why: cause.why,
    causes: cause.likelyCauses.map((likely) => ({
      ...(likely as unknown as { cause: string; sentence: string }),
      atMicroseconds: microseconds(likely.at),
    })),
    runs: cause.runs,
    sinceMicroseconds: microseconds(cause.since),
  };
  const newAgents = agents.filter((_, index) => cause.agents[index]?.isNew);
  const notification = {
    id: body.id,
    event: 'changed',
    atMicroseconds: microseconds(body.at),
    item,
    newAgents,
  } as const;
  return { body, notification };
}

describe('the page about notifications', () => {
  it('shows settings that are valid', () => {
    const { observer } = parse(block('yaml')) as { observer: { notifications: { receivers: unknown[] } } };
    const { secret: _, ...settings } = observer.notifications as { secret?: string; receivers: unknown[] };
    expect(NotificationSettings.parse(settings).receivers).toHaveLength(3);
  });

  it('names every key of a receiver', () => {
    const { receivers } = NotificationSettings.shape;
    const schema = z.toJSONSchema(receivers, { io: 'input' }) as {
      items: { oneOf: { properties: Record<string, unknown> }[] };
    };
    const keys = new Set(schema.items.oneOf.flatMap(({ properties }) => Object.keys(properties)));
    expect(keys.size).toBeGreaterThan(15);
    const table = page.split('\n').filter((line) => line.startsWith('| `'));
    for (const key of keys) expect(table.some((row) => row.split('|')[1]?.includes(`\`${key}\``))).toBe(true);
  });

  it('shows the body of a webhook as it is sent', () => {
    const { body, notification } = documented();
    expect(JSON.parse(webhookBody(notification, body.console))).toEqual(body);
  });

  it('shows what a chat shows, line by line', () => {
    const { notification } = documented();
    const agents = Array.from({ length: 12 }, (_, index) => ({
      namespace: 'shop',
      name: `agent-${index + 1}`,
    }));
    const began = { ...notification, event: 'began' as const, item: { ...notification.item, agents } };
    const { text } = JSON.parse(chatMessage(began, undefined)) as { text: string };
    expect(page).toContain(
      text
        .split('\n')
        .map((line) => `    ${line}\n`)
        .join(''),
    );
  });
});
