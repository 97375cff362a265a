/** Pieces of argv that every ffmpeg run has. */

export const QUIET: readonly string[] = [
  ...['-hide_banner', '-nostdin'],
  // `repeat`: each damaged frame gets its own line to count, instead of "repeated 4 times".
  ...['-v', 'repeat+warning'],
  // Absolute source timestamps: the grid's origin is given in them.
  '-copyts',
]

/** No tags of the source, no chapters, no encoder version: the same bytes on every worker. */
export const BARE: readonly string[] = ['-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact']

/** Lines of `key=value` twice a second on their own pipe (`createProgressReader`). */
export function progressArgs(fd: number): string[] {
  return ['-progress', `pipe:${fd}`, '-stats_period', '0.5', '-nostats']
}
