/** What a source may be at most. */

/** Pixels of one coded picture: 8192×4320. A header that claims more is refused before it is decoded. */
export const MAX_PIXELS = 8192 * 4320

/** Streams of every kind in one file. */
export const MAX_STREAMS = 32

/** Seconds: 12 h. Also bounds what a file with absurd timestamps can make us repeat a frame for. */
export const MAX_DURATION_S = 12 * 3600
