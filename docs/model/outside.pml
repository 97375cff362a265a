/* Who else changes rows: the API, the courier, people; and what breaks things. */

/* createAnnouncer and markAnnounced in src/jobs: the API's own announcement of the first task. */
proctype Api() {
  if
  :: atomic { USABLE(0) -> entry[0] = UNREAD; api_entry = 0 }
  :: atomic { !USABLE(0) && USABLE(1) -> entry[1] = UNREAD; api_entry = 1 }
  :: goto over
  fi;
  if
  :: atomic { ROW_FREE(PLAN) ->
       if
#ifdef MUT_LATE_MARK
       :: state[PLAN] == QUEUED && !announced[PLAN] -> announced[PLAN] = 1; task_entry[PLAN] = api_entry
#else
       :: state[PLAN] == QUEUED && !announced[PLAN] && fence[PLAN] == 1 && task_entry[PLAN] == NO_ENTRY ->
          announced[PLAN] = 1; task_entry[PLAN] = api_entry
#endif
       :: else
       fi;
       api_entry = NO_ENTRY }
  :: atomic { crashes_left > 0 -> crashes_left--; api_entry = NO_ENTRY }
  fi;
over:
  skip
}

/* src/courier/start.ts: claimFetch from the table, completeFetch, releaseTask at a drain. */
proctype Courier() {
end:
  do
  :: atomic { c_pc == IDLE && state[FETCH] == QUEUED && !late[FETCH] ->
       state[FETCH] = RUNNING; fence[FETCH]++; owner[FETCH] = COURIER;
       if
       :: c_fence = fence[FETCH]; c_pc = WORKING
       :: ambiguous_left > 0 -> ambiguous_left--
       fi }
  /* adoptFetch: its own claim, whose answer was lost */
  :: atomic { c_pc == IDLE && state[FETCH] == RUNNING && owner[FETCH] == COURIER -> c_fence = fence[FETCH]; c_pc = WORKING }
  :: atomic { c_pc == WORKING ->
       if
       :: state[FETCH] == RUNNING && fence[FETCH] == c_fence -> state[FETCH] = DONE; owner[FETCH] = NOBODY; insert(PLAN)
       :: else
       fi;
       c_pc = IDLE; c_fence = 0 }
  :: atomic { c_pc == WORKING && releases_left > 0 -> releases_left--;
       if
       :: state[FETCH] == RUNNING && fence[FETCH] == c_fence -> state[FETCH] = QUEUED; owner[FETCH] = NOBODY; late[FETCH] = 1
       :: else
       fi;
       c_pc = IDLE; c_fence = 0 }
  :: atomic { c_pc == WORKING && crashes_left > 0 -> crashes_left--; c_pc = IDLE; c_fence = 0;
       if
       :: owner[FETCH] == COURIER -> owner[FETCH] = NOBODY
       :: else
       fi }
  od
}

inline disown(t, w) {
  if
  :: owner[t] == PROCESS(w) -> owner[t] = NOBODY
  :: else
  fi
}

/* The worker's next life has another worker_id and the same consumer. */
inline kill_run(w) {
  disown(PLAN, w); disown(CHUNK_A, w); disown(CHUNK_B, w); disown(MP4, w); disown(FINISH, w); forget(w)
}

/* People and faults; each may do less than the scope allows. */
proctype Outside() {
  byte cancels = CANCELS, retries = RETRIES, expiries = EXPIRIES, deletes = DELETES;
  do
  /* cancelVideo */
  :: atomic { cancels > 0 && !TERMINAL && ROWS_FREE -> cancels--;
#ifdef MUT_CANCEL_AS_FLAG
       cancel_flag = 1;
#else
       stop_video(V_CANCELLED);
#endif
     }
  /* retryVideo */
  :: atomic { retries > 0 && (status == V_FAILED || status == V_CANCELLED) && ROWS_FREE -> retries--;
       if
       :: true -> retry_video()
       :: replans_left > 0 -> replans_left--; start_over()
       fi }
  /* expireSegments */
  :: atomic { expiries > 0 && (status == V_FAILED || status == V_CANCELLED) -> expiries--; discard_work() }
  /* removeVideo */
  :: atomic { deletes > 0 && status != V_DELETED && ROWS_FREE -> deletes--;
       start_over(); delete_row(PLAN); status = V_DELETED; named[MANIFEST] = 0 }
#ifdef ONE_PROCESS
  :: atomic { crashes_left > 0 && (pc[0] != IDLE || pc[1] != IDLE) -> crashes_left--; kill_run(0); kill_run(1) }
#else
  :: atomic { crashes_left > 0 && pc[0] != IDLE && pc[0] != GONE -> crashes_left--; kill_run(0);
       if
       :: draining -> pc[0] = GONE; drain_list = 0; hints_lost = 1
       :: else
       fi }
  :: atomic { crashes_left > 0 && pc[1] != IDLE -> crashes_left--; kill_run(1) }
#endif
  :: atomic { deaths_left > 0 && pc[0] != GONE -> deaths_left--; kill_run(0); pc[0] = GONE; drain_list = 0; hints_lost = 1 }
  /* Its transaction rolls back; what it did in Redis stays. */
  :: atomic { crashes_left > 0 && (d_pc != D_IDLE || taken_entry != NO_ENTRY) -> crashes_left--;
       d_pc = D_IDLE; d_task = 0; d_entry = NO_ENTRY; taken_entry = NO_ENTRY }
  :: atomic { flushes_left > 0 -> flushes_left--; hints_lost = 1;
       entry[0] = ABSENT; entry[1] = ABSENT; entry[2] = ABSENT; entry[3] = ABSENT; entry[4] = ABSENT;
       entry[5] = ABSENT; entry[6] = ABSENT; entry[7] = ABSENT; entry[8] = ABSENT; entry[9] = ABSENT }
#if DRAINS > 0
  :: atomic { !draining && pc[0] != GONE -> draining = 1 }
#endif
  :: break
  od
}
