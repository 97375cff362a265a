/**
 * Every code that can stand behind the end of a task's run, and what each asks for. One code has one
 * class, so that a code in a table of the database tells by itself what was done about it. What is not
 * listed here is `internal_error`.
 */

/** What the end of a run means for its task; `settleFailure` acts on it. */
type ErrorClass =
  /** The source or its address is at fault: the video fails at once, and its pieces go. */
  | 'permanent'
  /** Something around us may heal: tried again later, `MAX_ATTEMPTS` times at most. */
  | 'transient'
  /** Something that every task needs is away: given back for a minute, and no attempt is spent. */
  | 'outage'
  /** Cutting the source was the cause: the video is planned again as one chunk. */
  | 'replan'
  /** A check of ours found what must not be. Tried again like a transient one, for lack of better. */
  | 'fault'
  /** Ends its worker each time. Nobody is left to say so: the reaper counts, and fails the video. */
  | 'poison'

type Entry = { class: ErrorClass; about: string }

export const errorCodes = {
  empty_source: { class: 'permanent', about: 'the source is empty' },
  unsupported_container: { class: 'permanent', about: 'the source is no media file of an accepted kind' },
  unsupported_codec: { class: 'permanent', about: 'the source has a stream in a codec that is not accepted' },
  no_video: { class: 'permanent', about: 'neither a picture nor a sound of the source can be decoded' },
  no_audio: { class: 'permanent', about: 'the profile makes sound only, and the source has none' },
  truncated_input: { class: 'permanent', about: 'the source ends before its own index says it does' },
  corrupt_input: { class: 'permanent', about: 'the source is damaged and cannot be decoded' },
  undecodable_audio: { class: 'permanent', about: 'nothing of the only audio track can be decoded' },
  no_cues: { class: 'permanent', about: 'a subtitle track has no text' },
  subtitles_too_large: { class: 'permanent', about: 'a subtitle track has more than 50,000 cues or 8 MiB' },
  too_large_picture: { class: 'permanent', about: 'the picture has more pixels than allowed' },
  too_small_picture: {
    class: 'permanent',
    about: "the picture is thinner than the profile's encoder takes",
  },
  too_high_frame_rate: { class: 'permanent', about: 'the source has more pictures a second than allowed' },
  too_many_streams: { class: 'permanent', about: 'the source has more streams than allowed' },
  too_long: { class: 'permanent', about: 'the source is longer than allowed' },
  source_too_large: { class: 'permanent', about: 'the source has more than the bytes allowed' },
  source_changed: { class: 'permanent', about: 'the source was replaced since it was submitted' },
  checksum_mismatch: { class: 'permanent', about: 'the source has not the SHA-256 that the job gave' },
  source_not_found: { class: 'permanent', about: 'the source or its host does not exist' },
  source_refused: {
    class: 'permanent',
    about: "the source's server answered 4xx, redirects without end or sends it compressed",
  },
  source_forbidden: { class: 'permanent', about: 'the source lies at an address that is not public' },
  source_too_slow: { class: 'permanent', about: 'the source took longer than allowed to download' },

  source_unreachable: { class: 'transient', about: 'the connection to the source failed or broke' },
  storage_refused: { class: 'transient', about: 'the store refused to give the source (HTTP 4xx)' },
  out_of_memory: { class: 'transient', about: 'a media program found no memory' },
  scratch_too_small: {
    class: 'transient',
    about: "the worker's scratch could not hold the file if it were empty",
  },
  ffmpeg_crashed: { class: 'transient', about: 'a media program crashed (SIGSEGV, SIGABRT, …)' },
  ffmpeg_killed: {
    class: 'transient',
    about: 'a media program was ended from outside (SIGKILL, SIGTERM, …)',
  },
  ffmpeg_over_limit: {
    class: 'transient',
    about: 'a media program used more processor time or disk than allowed',
  },
  ffmpeg_failed: { class: 'transient', about: 'ffmpeg failed for a reason that is not known' },
  ffmpeg_stalled: { class: 'transient', about: 'ffmpeg made no progress for `STALL_MS`' },
  ffmpeg_missing: { class: 'transient', about: 'a media program could not be started' },
  encoder_missing: { class: 'transient', about: "the worker's ffmpeg lacks the encoder of the profile" },
  unknown_profile: {
    class: 'transient',
    about: "the worker's file of profiles lacks the profile of the job",
  },
  sample_too_slow: {
    class: 'transient',
    about: 'a sample of the content took too long; the ladder stays as it is',
  },
  probe_failed: { class: 'transient', about: 'ffprobe failed, or its answer is not what was expected' },

  out_of_disk: { class: 'outage', about: "the worker's scratch is full" },
  storage_unavailable: { class: 'outage', about: 'the object store does not serve us' },
  database_unavailable: { class: 'outage', about: 'the database was away for too long' },

  cut_not_exact: { class: 'replan', about: 'the source cannot be cut exactly' },
  init_mismatch: { class: 'replan', about: 'pieces of one rung were encoded in different ways' },
  audio_mismatch: { class: 'replan', about: 'pieces of one audio track were encoded in different ways' },
  cuts_wrong: { class: 'replan', about: 'a segment does not begin where it was planned' },
  chunks_do_not_join: { class: 'replan', about: 'there is a gap between two pieces' },

  worker_crashed: { class: 'poison', about: 'a task ended its worker three times at the same place' },

  bad_box: { class: 'fault', about: 'the output has a box that is not as the standard has it' },
  bad_gop: { class: 'fault', about: 'the output has no sync frame where one was due' },
  bad_head: { class: 'fault', about: 'the output starts later than its first frame was due' },
  decode_gap: { class: 'fault', about: 'a fragment of the output starts where it should not' },
  no_sync: { class: 'fault', about: 'a fragment of the output starts without a sync sample' },
  rungs_disagree: { class: 'fault', about: 'the rungs have different frames' },
  pictures_disagree: { class: 'fault', about: 'the pictures for the seek bar are not those of the frames' },
  bad_picture: { class: 'fault', about: 'a picture for the seek bar is no whole JPEG' },
  too_many_frames: { class: 'fault', about: 'the output has more frames than were asked for' },
  truncated_output: { class: 'fault', about: 'the output ends inside a box' },
  unknown_codec: { class: 'fault', about: 'the output is in a codec that was not asked for' },
  frames_wrong: { class: 'fault', about: 'a rung has not the frames that its runs made' },
  init_wrong: { class: 'fault', about: 'a rung is not as planned: its size, shape, colours or codec' },
  segment_wrong: { class: 'fault', about: 'a segment is not what was stored, or does not decode' },
  sound_wrong: { class: 'fault', about: 'a sound track has a gap, another length or another start' },
  segments_missing: { class: 'fault', about: 'a task that is done lacks segments' },
  object_missing: { class: 'fault', about: 'an object is not in the store, or has another size' },
  mp4_incomplete: { class: 'fault', about: 'the MP4 has not the frames of its segments' },
  figures_misaligned: { class: 'fault', about: 'a rung could not be laid beside its source frame by frame' },
  bad_plan: { class: 'fault', about: 'the plan has no such chunk or track' },
  bad_uri: { class: 'fault', about: 'a playlist was to name what is no URI' },
  bad_etag: { class: 'fault', about: 'the ETag of the source cannot stand in a header' },
  bad_source_url: { class: 'fault', about: 'the address of the source is not http or https' },
  bad_scratch_path: { class: 'fault', about: 'the path of a scratch file is not absolute' },
  unknown_task_kind: { class: 'fault', about: 'a worker was given a task that it does not know' },
  internal_error: { class: 'fault', about: 'whatever nobody expected' },
} as const satisfies Record<string, Entry>

type Codes = typeof errorCodes
type CodeOf<Class extends ErrorClass> = {
  [Code in keyof Codes]: Codes[Code]['class'] extends Class ? Code : never
}[keyof Codes]

export type PermanentCode = CodeOf<'permanent'>
export type TransientCode = CodeOf<'transient' | 'outage'>
export type ReplanCode = CodeOf<'replan'>

/** The class of a code; of one that is not in the table, that of `internal_error`. */
export function errorClassOf(code: string): ErrorClass {
  return isKnown(code) ? errorCodes[code].class : errorCodes.internal_error.class
}

/** What a code means, in words; null for one that is not in the table. */
export function aboutCode(code: string): string | null {
  return isKnown(code) ? errorCodes[code].about : null
}

function isKnown(code: string): code is keyof Codes {
  return Object.hasOwn(errorCodes, code)
}
