/** How documents are changed: by any connection, or by the one that holds the lead. */
import { LOSS_PREFIX } from '../standing-losses.ts';

export const DELETE_DOCUMENT = 'DELETE FROM documents WHERE key = $1';

const ON_CONFLICT = 'ON CONFLICT (key) DO UPDATE SET value = excluded.value';
const SET_DOCUMENT = `INSERT INTO documents (key, value) VALUES ($1, $2) ${ON_CONFLICT}`;
/** In its turn among those who write: none that has looked for losses before is still at it when this one stands. */
const SET_LOSS = `INSERT INTO documents (key, value)
  SELECT $1::text, $2::text FROM (SELECT FROM head FOR UPDATE) AS turn ${ON_CONFLICT}`;

export function setDocumentStatement(key: string): { readonly name: string; readonly text: string } {
  return key.startsWith(LOSS_PREFIX)
    ? { name: 'set loss', text: SET_LOSS }
    : { name: 'set document', text: SET_DOCUMENT };
}
