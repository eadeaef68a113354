/** How documents are changed: by any connection, or by the one that holds the lead. */
export const SET_DOCUMENT =
  'INSERT INTO documents (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value';
export const DELETE_DOCUMENT = 'DELETE FROM documents WHERE key = $1';
