/** What a dialect says of its own fields, for the providers of other dialects. */

/** Tells which values of a field change nothing in the answer of another provider. */
type Check = (value: unknown) => boolean;
export type FieldsWithoutEffect = ReadonlyMap<string, Check>;

export const ANY: Check = () => true;
export const NOTHING: Check = (value) =>
  value === false || value === 0 || (Array.isArray(value) && value.length === 0) || isEmptyObject(value);

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
