import type { PromptVersionConditionClaim } from '#crds/prompt-version.ts';
import type { ObservedPromptVersion } from './observe.ts';

type AcceptedClaim = PromptVersionConditionClaim & { readonly type: 'Accepted' };

/** As many and as long as the status can list. */
const MAXIMUM_VARIABLES = 64;
const VARIABLE_NAME_MAXIMUM_LENGTH = 128;

export function acceptedClaim({ promptVersion, digest, parsed }: ObservedPromptVersion): AcceptedClaim {
  const refuse = (reason: AcceptedClaim['reason'], message: string): AcceptedClaim => ({
    type: 'Accepted',
    status: 'False',
    reason,
    message,
  });

  if (digest !== promptVersion.spec.digest) {
    return refuse(
      'DigestMismatch',
      `spec.digest is ${promptVersion.spec.digest}, but the SHA-256 of spec.text is ${digest}: create the version again with that digest.`,
    );
  }
  if (!parsed.ok) {
    return refuse(
      parsed.reason,
      // Some of it is the parser's own words, which end with a full stop or not.
      `spec.text, ${parsed.message.replace(/\.$/, '')}. A version never changes: correct the file and create a new one.`,
    );
  }
  const { variables } = parsed.prompt;
  if (variables.length > MAXIMUM_VARIABLES) {
    return refuse(
      'VariablesSchemaInvalid',
      `spec.text declares ${variables.length} variables, at most ${MAXIMUM_VARIABLES} are allowed: put some of them into one object.`,
    );
  }
  const longName = variables.find((name) => name.length > VARIABLE_NAME_MAXIMUM_LENGTH);
  if (longName !== undefined) {
    return refuse(
      'VariablesSchemaInvalid',
      `spec.text declares the variable ${longName.slice(0, 40)}..., whose name is longer than ${VARIABLE_NAME_MAXIMUM_LENGTH} characters: shorten it.`,
    );
  }
  return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'The version can be served.' };
}
