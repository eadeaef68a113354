/** What a record says of a text, and the text itself where it was revealed. */
import type { RevealedText, RevealedTexts } from '#adapters/ledger-reader/ledger-answers.ts';
import { commitTo } from '#domain/ledger/commitment.ts';
import type { TextReference } from '#domain/ledger/record-fields.ts';
import type { TextField } from '#domain/ledger/record-text.ts';
import type { Page } from '../terminal/page.ts';
import { counted } from '../terminal/quantities.ts';

const QUOTE_MAXIMUM_CHARACTERS = 2000;

export class TextPrinter {
  readonly #byPlace: ReadonlyMap<string, RevealedText>;
  /** Of the run. A comment comes later, with a key of its own. */
  readonly #keyOfRun: string | undefined;

  constructor(texts: RevealedTexts, idOfRunBegun: string | undefined) {
    this.#byPlace = new Map(texts.map((each) => [`${each.recordId}/${each.field}`, each]));
    this.#keyOfRun = idOfRunBegun === undefined ? undefined : this.#key(idOfRunBegun);
  }

  /** A line that says how long it was, and the text where it was revealed. */
  print(
    page: Page,
    depth: number,
    label: string,
    recordId: string,
    field: TextField,
    reference: TextReference | undefined,
    lead = '',
  ): void {
    if (reference === undefined) return;
    const revealed = this.#byPlace.get(`${recordId}/${field}`);
    const text = revealed?.text;
    const digest =
      reference.digest === undefined
        ? ''
        : page.paint('dim', `, commitment ${reference.digest.slice(0, 12)}`);
    const lost = revealed?.lost === undefined ? '' : page.paint('yellow', `, lost (${revealed.lost})`);
    const judged = text === undefined ? lost : this.#judge(page, recordId, text, reference);
    page.line(depth, label, `${lead}${counted(reference.characters, 'character')}${digest}${judged}`);
    if (text !== undefined) page.quote(depth, text, QUOTE_MAXIMUM_CHARACTERS);
  }

  #judge(page: Page, recordId: string, text: string, reference: TextReference): string {
    const { digest, characters, keptCharacters } = reference;
    if (keptCharacters !== undefined) {
      return page.paint('yellow', `, of which the first ${keptCharacters} were kept: too few to prove it`);
    }
    const key = this.#key(recordId) ?? this.#keyOfRun;
    if (digest === undefined || key === undefined) return '';
    const isMeant = commitTo(text, key).digest === digest && text.length === characters;
    return isMeant
      ? page.paint('green', ', the text is the one that was committed to')
      : page.paint(['bold', 'red'], ', THE TEXT IS NOT THE ONE THAT WAS COMMITTED TO');
  }

  #key(recordId: string): string | undefined {
    const key = this.#byPlace.get(`${recordId}/commitment_key`)?.text;
    return key !== undefined && /^[0-9a-f]{32,128}$/.test(key) ? key : undefined;
  }
}
