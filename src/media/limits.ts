/** What a source may be at most, and what a program that reads one may take. */

/** Pixels of one coded picture: 8192×4320. A header that claims more is refused before it is decoded. */
export const MAX_PIXELS = 8192 * 4320

/** Streams of every kind in one file. */
export const MAX_STREAMS = 32

/** Seconds: 12 h. Also bounds what a file with absurd timestamps can make us repeat a frame for. */
export const MAX_DURATION_S = 12 * 3600

/** Descriptors of one program: six rungs, their report, the source and the libraries take about 20. */
export const MAX_OPEN_FILES = 256

/**
 * Bytes of address space of one program: it ends an allocation gone wild before the machine's memory
 * does, and is no budget. Six rungs of 2160p60 take 3.5 GB with one thread each, 4.2 with two and 9.2
 * with sixteen (ffmpeg 5.1); a decoder of 8192×4320 four times that of 2160p; and each thread may
 * reserve 64 MiB for an arena of malloc, of which there are eight a core.
 */
export const maxAddressSpaceBytes = (cores: number): number => (32 + 2 * cores) * 2 ** 30

/**
 * Seconds of processor time, of all threads together: every core for the 12 h that a presigned source
 * can be read. What only spins makes no progress, and the stall watch ends it long before.
 */
export const maxProcessorS = (cores: number): number => 12 * 3600 * cores

/**
 * Processes and threads in one sandbox. Six rungs of H.264 with a thread for each of sixteen cores are some
 * 170 threads, filters and decoder included.
 */
export const maxProcesses = (cores: number): number => 512 + 64 * cores
