/** Which mails of the corpus stand in the golden set: evenly spread over each group, none that one would not show. */
export interface CorpusMail {
  readonly id: string | number;
  readonly group: string;
  readonly text: string;
}

const MAILS_OF_GROUP: Readonly<Record<string, number>> = {
  'spam-1': 25,
  'spam-2': 25,
  'easy-ham-1': 13,
  'easy-ham-2': 12,
  'hard-ham-1': 25,
};

/** The first mail taken of each group; the prompt's examples are others. */
const FIRST = 1;

const ADULT_WORDS =
  /porn|sex|xxx|nude|penis|viagra|adult|erotic|lust|\bcum\b|fuck|slut|teen|webcam|horny|penil|enlarge/i;

export function chooseMails(corpus: readonly CorpusMail[]): readonly CorpusMail[] {
  return Object.entries(MAILS_OF_GROUP).flatMap(([group, count]) => {
    const mails = corpus
      .filter((mail) => mail.group === group)
      .toSorted((a, b) => String(a.id).localeCompare(String(b.id)));
    const step = mails.length / count;
    return Array.from({ length: count }, (_, index) => firstShown(mails, Math.floor(index * step) + FIRST));
  });
}

function firstShown(mails: readonly CorpusMail[], from: number): CorpusMail {
  const mail = mails.slice(from).find(({ text }) => !ADULT_WORDS.test(text));
  if (mail === undefined) throw new Error(`no mail from ${from} on can be shown`);
  return mail;
}
