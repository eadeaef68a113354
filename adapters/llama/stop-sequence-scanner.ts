/**
 * Finds stop sequences in text that arrives in pieces. What could be the beginning of a stop sequence is held back,
 * because a client must never see a part of one.
 */
export interface ScannedText {
  /** Safe to show. */
  readonly text: string;
  readonly stopped: boolean;
}

export interface StopSequenceScanner {
  readonly push: (piece: string) => ScannedText;
  /** What was held back, when the text ended without a stop sequence. */
  readonly flush: () => string;
}

export function createStopSequenceScanner(stopSequences: readonly string[]): StopSequenceScanner {
  let held = '';
  return {
    push: (piece) => {
      held += piece;
      const end = firstOccurrence(held, stopSequences);
      if (end !== undefined) {
        const text = held.slice(0, end);
        held = '';
        return { text, stopped: true };
      }
      const safe = held.length - longestPossibleBeginning(held, stopSequences);
      const text = held.slice(0, safe);
      held = held.slice(safe);
      return { text, stopped: false };
    },
    flush: () => {
      const text = held;
      held = '';
      return text;
    },
  };
}

function firstOccurrence(text: string, stopSequences: readonly string[]): number | undefined {
  const positions = stopSequences.map((stop) => text.indexOf(stop)).filter((position) => position >= 0);
  return positions.length === 0 ? undefined : Math.min(...positions);
}

/** Length of the longest end of `text` that some stop sequence begins with. */
function longestPossibleBeginning(text: string, stopSequences: readonly string[]): number {
  let longest = 0;
  for (const stop of stopSequences) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
