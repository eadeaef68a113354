/** Fields of this format for which there is no neutral word, on their way through the neutral core. */
import type { Extensions } from '#domain/chat/extensions.ts';
import type { WireObject } from './wire-values.ts';

export function extensionsOf(fields: WireObject | undefined): { readonly extensions?: Extensions } {
  return fields === undefined ? {} : { extensions: { dialect: 'openai', fields } };
}

/** Those that came in this format; another one's mean nothing here. */
export function ownFieldsOf(extensions: Extensions | undefined): WireObject {
  return extensions?.dialect === 'openai' ? extensions.fields : {};
}
