/** FNV-1a over UTF-16 units, twice with different beginnings: 16 hexadecimal digits, the same for ever. Not for secrets. */
const BEGINNINGS = [0x811c9dc5, 0x01000193] as const;
const PRIME = 0x01000193;

export function hashOf(text: string): string {
  return BEGINNINGS.map((beginning) => {
    let hash: number = beginning;
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME) >>> 0;
    return hash.toString(16).padStart(8, '0');
  }).join('');
}
