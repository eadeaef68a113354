/** docs/reference/conditions.md: every condition type and reason of every kind. */
import type { ReasonMeaning } from '#crds/conditions.ts';
import type { KindDefinition } from '#crds/kind-definition.ts';
import { OBSERVED_CONDITIONS } from '#crds/observed-conditions.ts';

export function conditionsReference(kinds: readonly KindDefinition[], notice: string): string {
  return [
    `<!-- ${notice} -->`,
    INTRODUCTION,
    ...kinds.map(kindSection),
    OBSERVED,
    ...table(OBSERVED_CONDITIONS),
  ].join('\n');
}

const INTRODUCTION = `# Conditions

The operator says what it observed in \`status.conditions\`, in the manner of the Gateway API: each condition carries the
\`observedGeneration\` it was observed at, one reason for machines and one sentence for people.
\`kubectl describe agent NAME\` shows them. A condition is \`True\` only when it was observed true in this generation.

\`status.observedGeneration\` is the generation that all of the status is about, and -1 until an object was looked at for the
first time. Beside the conditions of its kind an object can have two more, which stand there only while they are True:

- \`Reconciling\`: it is not ready yet, and that passes by itself (pods are starting). It carries the reason of \`Ready\`.
- \`Stalled\`: it will never be ready without an edit of this object or another hand of yours. It carries the reason of the
  condition that has to be mended.

So Flux, Argo CD and everything else that reads an object with kstatus sees it right:

| What is there | kstatus |
|---|---|
| No status yet, or \`observedGeneration\` behind \`metadata.generation\` | InProgress |
| \`Ready\` is True (also \`ScaledToZero\`: what was asked for is so) | Current |
| \`Ready\` is False or Unknown: something else is missing or fails, and may come right | InProgress |
| \`Reconciling\` is True | InProgress |
| \`Stalled\` is True | Failed |

An object whose spec this version of the operator cannot read (it was stored under another version of its definition) has
\`Ready\` False and \`Stalled\` True with the reason \`SpecUnreadable\`, whatever its kind. What runs for it goes on as it is.
`;

const OBSERVED = `## Agent, by the observer

Four more say how an Agent does, not whether it stands: \`Ready\`, kstatus and GitOps tools do not look at them. The observer writes them as field
manager \`capataz-observer\`: at once when a status changes, for reasons and numbers alone at most every five minutes. What is not known is
\`Unknown\`, never True. The reason says which case it is, the message has the numbers.
`;

function kindSection({ kind, conditions, conditionsNote }: KindDefinition): string {
  return [
    `## ${kind}`,
    '',
    ...(conditionsNote === undefined ? [] : [conditionsNote, '']),
    ...table(conditions),
  ].join('\n');
}

function table(
  conditions: Readonly<Record<string, Readonly<Record<string, ReasonMeaning>>>>,
): readonly string[] {
  const rows = Object.entries(conditions).flatMap(([type, reasons]) =>
    Object.entries(reasons).map(
      ([reason, { status, meaning, remedy }]) =>
        `| \`${type}\` | \`${reason}\` | ${status} | ${meaning} | ${remedy === undefined ? '' : `${remedy} `}|`,
    ),
  );
  return ['| Type | Reason | Status | Meaning | What to do |', '|---|---|---|---|---|', ...rows, ''];
}
