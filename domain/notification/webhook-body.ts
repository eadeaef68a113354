/** The JSON that a webhook is sent: docs/operations/notifications.md says what each field means. */
import { agentKey } from './due-causes.ts';
import type { CauseNotification, MoreNotification, Notification } from './notification.ts';
import { isoOf, wordsOf } from './plain-words.ts';

const VERSION = 1;

export function webhookBody(notification: Notification, consoleUrl: string | undefined): string {
  const { id, event, atMicroseconds } = notification;
  return JSON.stringify({
    version: VERSION,
    id,
    event,
    at: isoOf(atMicroseconds),
    summary: wordsOf(notification, undefined).subject,
    console: consoleUrl ?? null,
    ...(notification.event === 'more' ? moreOf(notification) : { cause: causeOf(notification) }),
  });
}

function causeOf({ item, newAgents }: CauseNotification): object {
  const isNew = new Set(newAgents.map(agentKey));
  return {
    id: item.id,
    kind: item.kind,
    urgency: item.urgency,
    title: item.title,
    why: item.why,
    since: item.sinceMicroseconds <= 0 ? null : isoOf(item.sinceMicroseconds),
    agents: item.agents.map((agent) => ({
      namespace: agent.namespace,
      name: agent.name,
      isNew: isNew.has(agentKey(agent)),
    })),
    subject: item.subject,
    likelyCauses: item.causes.map(({ cause, sentence, atMicroseconds }) => ({
      cause,
      sentence,
      at: atMicroseconds === null ? null : isoOf(atMicroseconds),
    })),
    runs: item.runs,
  };
}

function moreOf({ urgency, total, causes }: MoreNotification): object {
  return { urgency, total, causes };
}
