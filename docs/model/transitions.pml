/* Transactions that several parties run, named as in src/jobs. Each is used inside one atomic step. */

inline insert(t) {
  assert(state[t] == NO_ROW); /* unique (video_id, kind, position): a second row rolls everything back */
  state[t] = QUEUED; fence[t]++; owner[t] = NOBODY; announced[t] = 0; task_entry[t] = NO_ENTRY;
  late[t] = 0; crashes[t] = 0
}

inline delete_row(t) {
  state[t] = NO_ROW; fence[t]++; owner[t] = NOBODY; announced[t] = 0; task_entry[t] = NO_ENTRY;
  late[t] = 0; crashes[t] = 0
}

/* addNext: the MP4 once every track is there, the finish once everything is. */
inline add_next(tracks_done, done) {
  if
  :: planned && (tracks_done) && named[MP4_KEY] == 0 && state[MP4] == NO_ROW -> insert(MP4)
  :: else
  fi;
  if
  :: planned && done == TASKS_TOTAL -> insert(FINISH)
  :: else
  fi
}

inline stop_task(t) {
  if
  :: LIVE(t) -> state[t] = CANCELLED; fence[t]++; owner[t] = NOBODY
  :: else
  fi
}

/* stopVideo: announced_at and stream_id stay as they are. */
inline stop_video(new_status) {
  assert(!TERMINAL);
  status = new_status;
  stop_task(PLAN); stop_task(CHUNK_A); stop_task(CHUNK_B); stop_task(MP4); stop_task(FINISH); stop_task(FETCH)
}

inline discard_task(t) {
  if
  :: state[t] == DONE -> state[t] = CANCELLED
  :: else
  fi
}

/* discardWork */
inline discard_work() {
  named[0] = 0; named[1] = 0; named[2] = 0; named[3] = 0; named[MP4_KEY] = 0;
  discard_task(CHUNK_A); discard_task(CHUNK_B); discard_task(MP4); discard_task(FINISH);
#ifndef MUT_EXPIRY_KEEPS_COUNT
  tasks_done = 0
#endif
}

/* startOver */
inline start_over() {
  delete_row(PLAN); delete_row(CHUNK_A); delete_row(CHUNK_B); delete_row(MP4); delete_row(FINISH); delete_row(FETCH);
  named[0] = 0; named[1] = 0; named[2] = 0; named[3] = 0; named[MP4_KEY] = 0;
  status = V_QUEUED; planned = 0; tasks_done = 0;
  insert(PLAN)
}

inline requeue(t) {
  if
  :: state[t] == FAILED || state[t] == CANCELLED -> state[t] = QUEUED; crashes[t] = 0; late[t] = 0; announced[t] = 0
  :: else
  fi
}

/* retryVideo, of the same source; what findBadTasks found is discarded first. */
inline retry_video() {
  if
  :: true
  :: bad_left > 0 -> bad_left--; named[0] = 0; named[1] = 0; discard_task(CHUNK_A)
  :: bad_left > 0 -> bad_left--; named[MP4_KEY] = 0; discard_task(MP4)
  fi;
#ifndef MUT_RETRY_KEEPS_FINISH
  if
  :: state[FINISH] != NO_ROW -> delete_row(FINISH)
  :: else
  fi;
#endif
  if
  :: state[MP4] != NO_ROW && state[MP4] != DONE -> delete_row(MP4)
  :: else
  fi;
  requeue(PLAN); requeue(CHUNK_A); requeue(CHUNK_B); requeue(FINISH); requeue(FETCH);
  if
  :: planned -> status = V_PROCESSING
  :: else -> status = V_QUEUED
  fi;
  tasks_done = WORK_DONE;
  add_next(TRACKS_DONE, tasks_done)
}
