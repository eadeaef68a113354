/** How the upstream streams, and what a stall is. */
export const CHUNK_COUNT = 64;
export const CHUNK_MILLISECONDS = 20;
/** Longer than ten times the pace of the chunks is a stall. */
export const STALL_MILLISECONDS = CHUNK_MILLISECONDS * 10;
