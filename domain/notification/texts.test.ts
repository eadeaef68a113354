import { describe, expect, it } from 'vitest';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import { chatMessage } from './chat-message.ts';
import { mailMessage } from './mail-message.ts';
import type { CauseEvent, Notification } from './notification.ts';
import { wordsOf } from './plain-words.ts';
import { HOUR, MINUTE, START, agents, attentionItem } from './testing/attention-items.ts';
import { webhookBody } from './webhook-body.ts';

const CONSOLE = 'https://console.example.com/now';

const BILLING = attentionItem({
  title: '12 agents of prompt billing cost 2.1 times the usual',
  why: '$512.40 this hour; usual for Tuesday 14h: $210.00 to $330.00. Most of it by shop/agent-1: $190.10 more than usual.',
  agents: agents(12),
  causes: [
    {
      cause: 'prompt_changed',
      sentence: 'Prompt billing was released as 3f9a1c, and since then each call has 2.4 times the tokens.',
      atMicroseconds: START - 20 * MINUTE,
    },
    {
      cause: 'unknown',
      sentence: 'The share of cached tokens fell from 61 % to 12 %.',
      atMicroseconds: null,
    },
  ],
  runs: [{ namespace: 'shop', id: 'run-7c1' }],
});

function told(event: CauseEvent, changes: Partial<AttentionItem> = {}, newAgents = agents(0)): Notification {
  const { silence: _, ...item } = { ...BILLING, ...changes };
  return {
    id: '0123456789abcdef0123456789abcdef',
    event,
    atMicroseconds: START + 35 * MINUTE,
    item,
    newAgents,
  };
}

const MORE: Notification = {
  id: 'fedcba9876543210fedcba9876543210',
  event: 'more',
  atMicroseconds: START + HOUR,
  urgency: 'ticket',
  total: 27,
  causes: [
    { id: 'a', event: 'began', title: 'Answers of shop/sorter do not fit', urgency: 'ticket', agents: 1 },
    { id: 'b', event: 'resolved', title: 'The ledger takes no records', urgency: 'ticket', agents: 0 },
  ],
};

/** What somebody who may name things, or answer for a model, would write to be more than text. */
const HOSTILE =
  '<!channel> <https://evil.example|Log in> @channel ![x](https://evil.example/p.png) & *bold*\r\nBcc: all@example.com\u202E\u0007 www.evil.example';

const printed = (notification: Notification): string => {
  const { subject, lines } = wordsOf(notification, CONSOLE);
  return [subject, ...lines].join('\n');
};

describe('the words of a notification', () => {
  it('say what is the matter, with numbers, since when, whose, why, and where to look', () => {
    expect(printed(told('began', {}, agents(12)))).toMatchInlineSnapshot(`
      "[page] 12 agents of prompt billing cost 2.1 times the usual
      $512.40 this hour; usual for Tuesday 14h: $210.00 to $330.00. Most of it by shop/agent-1: $190.10 more than usual.
      Since 2026-11-24 14:00 UTC, for 35 minutes.
      12 agents: shop/agent-1, shop/agent-2, shop/agent-3, shop/agent-4, shop/agent-5, shop/agent-6, shop/agent-7, shop/agent-8, shop/agent-9, shop/agent-10 and 2 more
      Most likely: Prompt billing was released as 3f9a1c, and since then each call has 2.4 times the tokens. (2026-11-24 13:40 UTC)
      Or: The share of cached tokens fell from 61 % to 12 %.
      Runs to look at: shop/run-7c1
      Console: https://console.example.com/now"
    `);
  });

  it('say which agents are new', () => {
    expect(printed(told('changed', {}, agents(2)))).toMatchInlineSnapshot(`
      "[page] Changed: 12 agents of prompt billing cost 2.1 times the usual
      $512.40 this hour; usual for Tuesday 14h: $210.00 to $330.00. Most of it by shop/agent-1: $190.10 more than usual.
      Since 2026-11-24 14:00 UTC, for 35 minutes.
      New: shop/agent-1, shop/agent-2
      12 agents: shop/agent-1, shop/agent-2, shop/agent-3, shop/agent-4, shop/agent-5, shop/agent-6, shop/agent-7, shop/agent-8, shop/agent-9, shop/agent-10 and 2 more
      Most likely: Prompt billing was released as 3f9a1c, and since then each call has 2.4 times the tokens. (2026-11-24 13:40 UTC)
      Or: The share of cached tokens fell from 61 % to 12 %.
      Runs to look at: shop/run-7c1
      Console: https://console.example.com/now"
    `);
  });

  it('recall', () => {
    expect(printed(told('reminder', { agents: agents(1), causes: [], runs: [] }))).toMatchInlineSnapshot(`
      "[page] Still so: 12 agents of prompt billing cost 2.1 times the usual
      $512.40 this hour; usual for Tuesday 14h: $210.00 to $330.00. Most of it by shop/agent-1: $190.10 more than usual.
      Since 2026-11-24 14:00 UTC, for 35 minutes.
      1 agent: shop/agent-1
      Console: https://console.example.com/now"
    `);
  });

  it('say that it is over, and how long it took', () => {
    expect(printed(told('resolved', { agents: [] }))).toMatchInlineSnapshot(`
      "[page] Over: 12 agents of prompt billing cost 2.1 times the usual
      $512.40 this hour; usual for Tuesday 14h: $210.00 to $330.00. Most of it by shop/agent-1: $190.10 more than usual.
      It began 2026-11-24 14:00 UTC and is over after 35 minutes.
      Console: https://console.example.com/now"
    `);
  });

  it('say nothing of when it began where that is not known', () => {
    for (const event of ['began', 'resolved'] as const) {
      const notification = told(event, { sinceMicroseconds: 0 });
      expect(printed(notification)).not.toMatch(/Since|It began|1970/);
      expect(webhookBody(notification, undefined)).toContain('"since":null');
    }
  });

  it('say how many more there are', () => {
    expect(printed(MORE)).toMatchInlineSnapshot(`
      "[ticket] And 27 more
      There were as many messages in the last hour as this receiver may have, so the rest comes in one:
      - Answers of shop/sorter do not fit (1 agent)
      - Over: The ledger takes no records
      - and 25 more
      Console: https://console.example.com/now"
    `);
  });

  it('stand on one line each and hold nothing that cannot be seen, whatever they are made of', () => {
    const hostile = told('began', { title: HOSTILE, why: HOSTILE });
    const { subject, lines } = wordsOf(hostile, CONSOLE);
    for (const line of [subject, ...lines]) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(wordsOf(told('began', { title: '\u{1F600}'.repeat(5_000) }), undefined).subject).toHaveLength(
      8 - 1 + 399,
    );
  });
});

describe('the message of a chat', () => {
  it('has the words as plain text, and one link of ours', () => {
    expect(JSON.parse(chatMessage(told('began', {}, agents(12)), CONSOLE))).toMatchInlineSnapshot(`
      {
        "blocks": [
          {
            "text": {
              "emoji": false,
              "text": "[page] 12 agents of prompt billing cost 2.1 times the usual",
              "type": "plain_text",
            },
            "type": "header",
          },
          {
            "text": {
              "emoji": false,
              "text": "$512.40 this hour; usual for Tuesday 14h: $210.00 to $330.00. Most of it by shop/agent-1: $190.10 more than usual.
      Since 2026-11-24 14:00 UTC, for 35 minutes.
      12 agents: shop/agent-1, shop/agent-2, shop/agent-3, shop/agent-4, shop/agent-5, shop/agent-6, shop/agent-7, shop/agent-8, shop/agent-9, shop/agent-10 and 2 more
      Most likely: Prompt billing was released as 3f9a1c, and since then each call has 2.4 times the tokens. (2026-11-24 13:40 UTC)
      Or: The share of cached tokens fell from 61 % to 12 %.
      Runs to look at: shop/run-7c1",
              "type": "plain_text",
            },
            "type": "section",
          },
          {
            "text": {
              "text": "<https://console.example.com/now|Open the console>",
              "type": "mrkdwn",
            },
            "type": "section",
          },
        ],
        "text": "[page] 12 agents of prompt billing cost 2.1 times the usual
      $512.40 this hour; usual for Tuesday 14h: $210.00 to $330.00. Most of it by shop/agent-1: $190.10 more than usual.
      Since 2026-11-24 14:00 UTC, for 35 minutes.
      12 agents: shop/agent-1, shop/agent-2, shop/agent-3, shop/agent-4, shop/agent-5, shop/agent-6, shop/agent-7, shop/agent-8, shop/agent-9, shop/agent-10 and 2 more
      Most likely: Prompt billing was released as 3f9a1c, and since then each call has 2.4 times the tokens. (2026-11-24 13:40 UTC)
      Or: The share of cached tokens fell from 61 % to 12 %.
      Runs to look at: shop/run-7c1
      <https://console.example.com/now|Open the console>",
        "unfurl_links": false,
        "unfurl_media": false,
      }
    `);
  });

  it('calls nobody, links nowhere and shows no picture, whatever it is made of', () => {
    const body = chatMessage(told('began', { title: HOSTILE, why: HOSTILE }), `${CONSOLE}?a=1&b=2`);
    const { text, blocks } = JSON.parse(body) as {
      text: string;
      blocks: { type: string; text: { type: string; text: string } }[];
    };
    expect(text.match(/<[^>]*>/g)).toEqual([`<${CONSOLE}?a=1&amp;b=2|Open the console>`]);
    expect(text.replace(/<[^>]*>$/, '')).not.toMatch(/@\w|\]\(|:\/\/|www\.|<|>|&(?!amp;|lt;|gt;)/);
    const ofStrangers = blocks.filter((block) => block.text.type === 'plain_text');
    expect(ofStrangers).toHaveLength(2);
    for (const block of ofStrangers) expect(block.text.text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    expect(text).toMatchInlineSnapshot(`
      "[page] &lt;!channel&gt; &lt;https:​//evil.example|Log in&gt; @​channel ![x]​(https:​//evil.example/p.png) &amp; *bold* Bcc: all@​example.com www​.evil.example
      &lt;!channel&gt; &lt;https:​//evil.example|Log in&gt; @​channel ![x]​(https:​//evil.example/p.png) &amp; *bold* Bcc: all@​example.com www​.evil.example
      Since 2026-11-24 14:00 UTC, for 35 minutes.
      12 agents: shop/agent-1, shop/agent-2, shop/agent-3, shop/agent-4, shop/agent-5, shop/agent-6, shop/agent-7, shop/agent-8, shop/agent-9, shop/agent-10 and 2 more
      Most likely: Prompt billing was released as 3f9a1c, and since then each call has 2.4 times the tokens. (2026-11-24 13:40 UTC)
      Or: The share of cached tokens fell from 61 % to 12 %.
      Runs to look at: shop/run-7c1
      <https://console.example.com/now?a=1&amp;b=2|Open the console>"
    `);
  });

  it('is as long as Slack takes it, and not cut inside of an escape', () => {
    for (let padding = 0; padding < 8; padding += 1) {
      const long = `${'x'.repeat(padding)}${'&'.repeat(2_000)}`;
      const why = `${long}${'<'.repeat(5_000)}`;
      const parsed = JSON.parse(chatMessage(told('began', { title: long, why }), CONSOLE)) as {
        text: string;
        blocks: { text: { text: string } }[];
      };
      const [header, section] = parsed.blocks.map(({ text }) => text.text);
      expect(header?.length).toBeLessThanOrEqual(150);
      expect(section?.length).toBeLessThanOrEqual(3_000);
      for (const text of [header, section]) expect(text).toMatch(/^(?:[^&]|&(?:amp|lt|gt);)*$/);
    }
  });
});

describe('the body of a webhook', () => {
  it('has all that is known, as documented', () => {
    expect(JSON.parse(webhookBody(told('changed', { agents: agents(3) }, agents(1)), CONSOLE)))
      .toMatchInlineSnapshot(`
      {
        "at": "2026-11-24T14:35:00.000Z",
        "cause": {
          "agents": [
            {
              "isNew": true,
              "name": "agent-1",
              "namespace": "shop",
            },
            {
              "isNew": false,
              "name": "agent-2",
              "namespace": "shop",
            },
            {
              "isNew": false,
              "name": "agent-3",
              "namespace": "shop",
            },
          ],
          "id": "cost/prompt/billing",
          "kind": "cost",
          "likelyCauses": [
            {
              "at": "2026-11-24T13:40:00.000Z",
              "cause": "prompt_changed",
              "sentence": "Prompt billing was released as 3f9a1c, and since then each call has 2.4 times the tokens.",
            },
            {
              "at": null,
              "cause": "unknown",
              "sentence": "The share of cached tokens fell from 61 % to 12 %.",
            },
          ],
          "runs": [
            {
              "id": "run-7c1",
              "namespace": "shop",
            },
          ],
          "since": "2026-11-24T14:00:00.000Z",
          "subject": null,
          "title": "12 agents of prompt billing cost 2.1 times the usual",
          "urgency": "page",
          "why": "$512.40 this hour; usual for Tuesday 14h: $210.00 to $330.00. Most of it by shop/agent-1: $190.10 more than usual.",
        },
        "console": "https://console.example.com/now",
        "event": "changed",
        "id": "0123456789abcdef0123456789abcdef",
        "summary": "[page] Changed: 12 agents of prompt billing cost 2.1 times the usual",
        "version": 1,
      }
    `);
    expect(JSON.parse(webhookBody(MORE, undefined))).toMatchInlineSnapshot(`
      {
        "at": "2026-11-24T15:00:00.000Z",
        "causes": [
          {
            "agents": 1,
            "event": "began",
            "id": "a",
            "title": "Answers of shop/sorter do not fit",
            "urgency": "ticket",
          },
          {
            "agents": 0,
            "event": "resolved",
            "id": "b",
            "title": "The ledger takes no records",
            "urgency": "ticket",
          },
        ],
        "console": null,
        "event": "more",
        "id": "fedcba9876543210fedcba9876543210",
        "summary": "[ticket] And 27 more",
        "total": 27,
        "urgency": "ticket",
        "version": 1,
      }
    `);
  });
});

describe('a mail', () => {
  it('has one thread for a cause and one id for a message', () => {
    const of = (event: CauseEvent) =>
      mailMessage(told(event), { consoleUrl: CONSOLE, domain: 'example.com' });
    expect(of('began').threadId).toBe(of('resolved').threadId);
    expect(of('began').messageId).toBe('<0123456789abcdef0123456789abcdef@example.com>');
    expect([of('began').isUrgent, of('resolved').isUrgent]).toEqual([true, false]);
  });
});
