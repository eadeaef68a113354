/**
 * Whether an answer is a refusal by its words: most models that run on one's own machines have no other sign for it. Only
 * how it begins counts, so that a mail about a refusal is none. English; what it does not know is no refusal.
 */

const BEGINNING_CHARACTERS = 200;

const UNABLE = String.raw`(?:can ?not|can't|could not|couldn't|will not|won't|must decline|(?:am|'m) (?:not able|unable|not allowed|not permitted) to)`;
const OPENING = String.raw`(?:(?:i'm|i am) (?:very |so |really )?sorry|sorry|(?:i )?apologi[sz]e|my apologies|unfortunately|as an ai(?: language)?(?: model| assistant)?)`;
const HELP = String.raw`(?:help|assist|comply|fulfil+|do (?:that|this)|answer|provide|support|engage|continue|discuss|complete|process|participate|create|generate|write)`;

/** An apology, and then that it will not be done. */
const APOLOGY = new RegExp(`^${OPENING}[,.:;!]? (?:but )?i ?${UNABLE}\\b`, 'iu');
const PLAIN = new RegExp(`^i ?${UNABLE} (?:to )?${HELP}\\b`, 'iu');

export function refusesInWords(answer: string): boolean {
  const beginning = answer
    .slice(0, BEGINNING_CHARACTERS)
    .replaceAll('’', "'")
    .replaceAll(/\s+/gu, ' ')
    .trim();
  return APOLOGY.test(beginning) || PLAIN.test(beginning);
}
