/**
 * Keywords that a grammar of the local model keeps only in part. An answer under a schema that uses one of them in the
 * way described here is checked when it is complete (docs/reference/local-model-schemas.md, which a test compares).
 */
export const CHECKED_AFTERWARDS = {
  contains: 'a second `contains` on the same list, or one beside thousands of items',
  format: 'a format other than those listed as kept',
  if: 'a condition whose opposite cannot be written as a schema',
  maxItems: 'above 1,000',
  maxLength: 'above 1,000',
  maxProperties: 'above 1,000 where names are free',
  minProperties: 'where two or more names are free: a name that comes twice counts once',
  multipleOf: 'other than 1, 0.1, 0.01 and so on, unless few numbers are possible',
  not: 'what cannot be turned into its opposite: `multipleOf`, `format`, `uniqueItems`, `additionalProperties`, ...',
  oneOf: 'branches that overlap in ways that cannot be told apart',
  uniqueItems: 'always',
} as const;

export type CheckedKeyword = keyof typeof CHECKED_AFTERWARDS;
