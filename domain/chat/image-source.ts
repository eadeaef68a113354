/** An image as people give it: a `data:` URL, with its media type as people write it, or the address of one. */
import type { ImageSource } from './chat-request.ts';

const REGISTERED_TYPES = new Map([
  ['image/jpg', 'image/jpeg'],
  ['image/pjpeg', 'image/jpeg'],
  ['image/x-png', 'image/png'],
  ['image/x-webp', 'image/webp'],
]);

/** Undefined when the URL is neither. */
export function imageSourceOf(url: string): ImageSource | undefined {
  const text = url.trim();
  if (/^(?:https?|gs):\/\/[^\s]+$/i.test(text)) return { kind: 'url', url: text };
  const comma = text.indexOf(',');
  const head = /^data:([a-z]+\/[a-z0-9.+-]+)(?:;[a-z-]+=[^;,]*)*;base64$/i.exec(
    text.slice(0, Math.max(0, comma)),
  );
  // Encoders of mail break the lines.
  const base64 = text.slice(comma + 1).replaceAll(/\s+/g, '');
  if (head?.[1] === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const written = head[1].toLowerCase();
  return { kind: 'inline', mediaType: REGISTERED_TYPES.get(written) ?? written, base64 };
}
