/**
 * How much a page of entries may weigh. An entry has up to 64 KiB, so that a bound on their number alone would let one
 * question fill the memory and hold up everybody else for seconds.
 */
export const PAGE_MAXIMUM_BYTES = 4_194_304;
