// @ts-check
/**
 * What a person can do about a video that failed, by its code: docs/media.md, "Error codes of a video". Codes
 * of outages and of new plans never end a video.
 */

/** @type {Record<string, string>} */
const permanent = {
  empty_source: 'Upload it again: there are no bytes in it.',
  unsupported_container: 'Convert it to MP4 or Matroska, and submit that.',
  unsupported_codec: 'Convert it to a common codec, H.264 for one, and submit that.',
  no_video: 'Look at the file with a player: there seems to be nothing to play.',
  no_audio: 'Submit it with another profile: this one makes sound only, and the file has none.',
  truncated_input:
    'Upload it again, whole. If this is all there is of it, submit it with “allow_partial” to keep what is there.',
  corrupt_input: 'Repair it or export it again. To keep what can be decoded, submit it with “allow_partial”.',
  undecodable_audio: 'Convert the sound to a common codec, AAC for one, and submit that.',
  too_large_picture: 'Scale it down: GET /limits tells how many pixels are the most.',
  too_small_picture: 'Submit it with another profile: its encoder takes no picture as thin as this one.',
  no_cues: 'Nothing: the track without text is left out.',
  subtitles_too_large: 'Nothing: the track that is too large is left out.',
  too_high_frame_rate: 'Convert it to fewer pictures a second: GET /limits tells how many are the most.',
  too_many_streams: 'Leave some streams out: GET /limits tells how many are the most.',
  too_long: 'Split it: GET /limits tells how long it may be.',
  source_too_large: 'Make it smaller, or have the limit raised (MAX_SOURCE_BYTES).',
  source_changed: 'Retry: the object that is there now is taken.',
  checksum_mismatch:
    'Compare the checksum with the file behind the address, and submit it with the right one.',
  source_not_found: 'Check the address. Once the source is there, retry.',
  source_refused: 'Check the address and its rights, then retry.',
  source_forbidden: 'Upload the file instead: its address is not public.',
  source_too_slow: 'Retry when its server is faster, or upload the file instead.',
}

/** @type {Record<string, string>} */
const surroundings = {
  source_unreachable: 'Look at the store or the server that has the source, and the network to it.',
  storage_refused: 'Is the object still there? Else look at clocks and credentials.',
  out_of_memory: 'Give the worker more memory, or fewer slots.',
  scratch_too_small: 'Give the worker a larger SCRATCH_DIR.',
  ffmpeg_crashed: 'The log below tells where; the file may be odd.',
  ffmpeg_killed: "Mostly memory: the kernel's log names what it ended.",
  ffmpeg_over_limit: 'The file takes more time or disk than a task may have.',
  ffmpeg_failed: 'The log below has what ffmpeg said.',
  ffmpeg_stalled: 'Look at the store, and at the load of the machine.',
  ffmpeg_missing: "Look at the worker's machine: ffmpeg, ffprobe, setpriv and prlimit must be there.",
  encoder_missing: "The worker's ffmpeg lacks the encoder of the profile.",
  unknown_profile: "The worker's file of profiles lacks the profile of this job.",
  sample_too_slow: 'Look at the load of the machine.',
  probe_failed: "The log below has what ffprobe said. Look at the version of the worker's ffprobe, too.",
  worker_crashed: 'It ended its worker three times at the same place: look at that machine, and at the file.',
}

/** @param {string} code what to do, as a sentence or two */
export function adviceFor(code) {
  if (Object.hasOwn(permanent, code)) return permanent[code] ?? ''
  const where = Object.hasOwn(surroundings, code) ? surroundings[code] : null
  if (where) return `${where} Then retry: what is finished is kept for a day.`
  return 'This is a fault of Stepladder itself. A retry goes on from what is finished; if it fails again, tell its makers.'
}
