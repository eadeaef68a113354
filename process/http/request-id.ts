/** The id under which a request is found again in logs, here and at whoever sent it. */

export const REQUEST_ID_HEADER = 'x-request-id';

/** Printable ASCII without spaces, short enough for a log line. */
const SANE_ID = /^[\x21-\x7e]{1,128}$/;

/** What the client calls its request, if that can be written into a log and a header, else an id of our own. */
export function requestIdOf(given: string | readonly string[] | undefined, newId: () => string): string {
  return typeof given === 'string' && SANE_ID.test(given) ? given : newId();
}
