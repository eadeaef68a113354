/** Text of strangers: text nodes alone, in a direction of its own, with what cannot be seen written out. */
import { visibleParts } from './visible-text.ts';

interface TextProps {
  readonly value: string;
}

export function Text({ value }: TextProps) {
  return (
    <bdi class="text">
      {visibleParts(value).map((part, at) =>
        part.isUnseen ? (
          <span key={at} class="text__unseen">
            {part.text}
          </span>
        ) : (
          part.text
        ),
      )}
    </bdi>
  );
}

/** A sentence of the server: it is English, whatever the page speaks. */
export function Sentence({ value }: TextProps) {
  return (
    <span lang="en">
      <Text value={value} />
    </span>
  );
}
