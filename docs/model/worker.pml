/* One slot of a worker: src/worker/loop.ts, then src/worker/run-task.ts.

   A beat is no step of its own: it extends the lease, which is the reaper's freedom here, and a beat
   that finds no row ends a run no later than its next commit would. */

inline forget(w) {
  pc[w] = IDLE; run_task[w] = 0; run_fence[w] = 0; run_entry[w] = NO_ENTRY; run_next[w] = 0; counted[w] = 0
}

inline take(w, e) { run_entry[w] = e; run_task[w] = TASK_OF(e); pc[w] = GOT }

/* A run of the same task in the same process is ended before a newer one starts. */
inline end_older(w) {
  if
  :: PROCESS(0) == PROCESS(1) && AT_WORK(1 - w) && run_task[1 - w] == run_task[w] -> pc[1 - w] = ENDING
  :: else
  fi
}

#define CLAIMABLE(t) (state[t] == QUEUED && !late[t])

/* claimTask; it may also be committed without our hearing of it. */
inline claim_task(w) {
  if
  :: CLAIMABLE(run_task[w]) ->
     assert(!TERMINAL);
     state[run_task[w]] = RUNNING; owner[run_task[w]] = PROCESS(w); task_entry[run_task[w]] = run_entry[w];
#ifndef MUT_CLAIM_KEEPS_FENCE
     fence[run_task[w]]++;
#endif
     if
     :: true -> end_older(w); run_fence[w] = fence[run_task[w]]; pc[w] = CLAIMED
     :: ambiguous_left > 0 -> ambiguous_left--; forget(w)
     fi
  :: else -> pc[w] = LOOKING
  fi
}

/* lookAgain after a claim that met no row: adopted, leave or drop. */
inline look_again(w) {
  if
  :: state[run_task[w]] == RUNNING && task_entry[run_task[w]] == run_entry[w] ->
     if
     :: owner[run_task[w]] == PROCESS(w) && !RUNS(0, run_task[w]) && !RUNS(1, run_task[w]) ->
        run_fence[w] = fence[run_task[w]]; pc[w] = CLAIMED
     :: else -> forget(w)
     fi
  :: else -> pc[w] = DROPPING
  fi
}

#ifdef COLLECTING
#define NEXT_OBJECTS PUTTING
#else
#define NEXT_OBJECTS WORKING /* without a bucket in the scope a step less */
#endif

/* findResumePoint: behind the committed segments, of which a task taken again never has all. */
inline find_resume_point(w) {
  if
  :: !MINE(w) -> pc[w] = ENDING
  :: else ->
     if
     :: IS_TRACK(run_task[w]) ->
        do
        :: run_next[w] < SEGMENTS(run_task[w]) && named[FIRST_KEY(run_task[w]) + run_next[w]] -> run_next[w]++
        :: else -> break
        od;
        assert(run_next[w] < SEGMENTS(run_task[w]))
     :: else
     fi;
     pc[w] = NEXT_OBJECTS
  fi
}

/* The objects that the next commit will name: always under this fence's keys. */
inline put_objects(w) {
#ifdef COLLECTING
  if
  :: run_task[w] == PLAN
#ifdef MUT_FIXED_MANIFEST
  :: run_task[w] == FINISH -> fixed_manifest = run_fence[w]; object[MANIFEST] = object[MANIFEST] | (1 << run_fence[w])
#endif
  :: else -> object[FIRST_KEY(run_task[w]) + run_next[w]] = object[FIRST_KEY(run_task[w]) + run_next[w]] | (1 << run_fence[w])
  fi;
#endif
  pc[w] = WORKING
}

/* markDone */
inline mark_done(w) { state[run_task[w]] = DONE; owner[run_task[w]] = NOBODY; pc[w] = ENDING }

/* completePlan */
inline complete_plan(w) {
  mark_done(w);
  assert(status == V_QUEUED);
  status = V_PROCESSING; planned = 1; tasks_done = 0;
  insert(CHUNK_A); insert(CHUNK_B)
}

/* commitSegment: one statement again may meet its own row. */
inline commit_segment(w) {
  assert(named[FIRST_KEY(run_task[w]) + run_next[w]] == 0 || named[FIRST_KEY(run_task[w]) + run_next[w]] == run_fence[w]);
  named[FIRST_KEY(run_task[w]) + run_next[w]] = run_fence[w]; crashes[run_task[w]] = 0;
  if
  :: run_next[w]++; pc[w] = NEXT_OBJECTS
  :: ambiguous_left > 0 -> ambiguous_left--
  fi
}

/* completeTask. A lost answer changes nothing: the statement again finds the task done at its fence. */
inline complete_task(w) {
  if
  :: IS_TRACK(run_task[w]) ->
     assert(named[FIRST_KEY(run_task[w]) + run_next[w]] == 0)
  :: else
  fi;
  named[FIRST_KEY(run_task[w]) + run_next[w]] = run_fence[w];
#ifdef MUT_COUNT_BEFORE_LOCK
  counted[w] = tasks_done + 1; pc[w] = HALFWAY
#else
  mark_done(w);
  tasks_done++;
  add_next(TRACKS_DONE, tasks_done)
#endif
}

/* completeFinish: of cancel and finish the first one at the video's lock wins. */
inline complete_finish(w) {
  mark_done(w);
  assert(status == V_PROCESSING && tasks_done == TASKS_TOTAL);
  status = V_COMPLETED;
  named[MANIFEST] = run_fence[w]
}

inline commit(w) {
  if
  :: !MINE(w) -> pc[w] = ENDING
  :: else ->
     if
     :: run_task[w] == PLAN -> complete_plan(w)
     :: run_task[w] == FINISH -> complete_finish(w)
     :: run_task[w] == MP4 -> complete_task(w)
#ifdef MUT_GUARD_BY_SELECT
     :: IS_TRACK(run_task[w]) -> pc[w] = HALFWAY
#else
#ifdef MUT_LAST_SEGMENT_APART
     :: IS_TRACK(run_task[w]) && run_next[w] < SEGMENTS(run_task[w]) -> commit_segment(w); pc[w] = WORKING
     :: IS_TRACK(run_task[w]) && run_next[w] == SEGMENTS(run_task[w]) -> mark_done(w); tasks_done++; add_next(TRACKS_DONE, tasks_done)
#else
     :: IS_TRACK(run_task[w]) && run_next[w] + 1 < SEGMENTS(run_task[w]) -> commit_segment(w)
     :: IS_TRACK(run_task[w]) && run_next[w] + 1 == SEGMENTS(run_task[w]) -> complete_task(w)
#endif
#endif
     fi
  fi
}

/* releaseTask; with a delay for another attempt and for an outage, without one for a drain. */
inline release_task(w, delay) {
  if
  :: MINE(w) ->
     state[run_task[w]] = QUEUED; owner[run_task[w]] = NOBODY; announced[run_task[w]] = 0; late[run_task[w]] = delay;
     if
     :: pc[w] = ENDING
     :: ambiguous_left > 0 -> ambiguous_left--; pc[w] = REPEATING
     fi
  :: else -> pc[w] = ENDING
  fi
}

/* failTask; `discard` where the source itself is at fault. */
inline fail_task(w, discard) {
  if
  :: MINE(w) ->
     state[run_task[w]] = FAILED; owner[run_task[w]] = NOBODY;
     stop_video(V_FAILED);
     if
     :: discard -> discard_work()
     :: else
     fi
  :: else
  fi;
  pc[w] = ENDING
}

/* replanVideo */
inline replan_video(w) {
  if
  :: MINE(w) -> start_over()
  :: else
  fi;
  pc[w] = ENDING
}

/* returnHints: announced_at = null where the entry named is one of ours. */
inline return_hints(t) {
  for (t : 0 .. FINISH) {
    if
    :: state[t] == QUEUED && announced[t] && task_entry[t] != NO_ENTRY && ((drain_list >> task_entry[t]) & 1) -> announced[t] = 0
    :: else
    fi
  }
  t = 0
}

inline settle_listed(e) {
  for (e : 0 .. ENTRIES - 1) {
    if
    :: (drain_list >> e) & 1 -> entry[e] = ABSENT
    :: else
    fi
  }
  e = 0
}

#define PENDING_HERE(e) (entry[e] == PENDING + PROCESS(w) && !IN_HAND(e))
#define STOPPING(w) (draining && w == 0)

proctype Worker(byte w) {
  byte e;
end:
  do
  /* reader.next; worker 1 reads only while worker 0 does not: the two are alike. */
  :: atomic { pc[w] == IDLE && !STOPPING(w) && ANY_ENTRY(IS_UNREAD) && (w == 0 || pc[0] != IDLE || draining) ->
       e = 0;
       do :: entry[e] != UNREAD -> e++ :: else -> break od;
#ifdef MUT_ACK_BEFORE_CLAIM
       entry[e] = ABSENT;
#else
       entry[e] = PENDING + PROCESS(w);
#endif
       if
       :: take(w, e)
       :: lost_left > 0 -> lost_left--
       fi;
       e = 0 }
  /* sweepOwnPending */
#ifndef MUT_NO_SWEEP
  :: atomic { pc[w] == IDLE && !STOPPING(w) && ANY_ENTRY(PENDING_HERE) ->
       e = 0;
       do :: !PENDING_HERE(e) -> e++ :: else -> break od;
       take(w, e); e = 0 }
#endif
  :: atomic { pc[w] == GOT && ROW_FREE(run_task[w]) -> claim_task(w) }
  /* giveBack: returnHints, then settle */
  :: atomic { pc[w] == GOT && pauses_left > 0 && ROW_FREE(run_task[w]) -> pauses_left--;
       if
       :: state[run_task[w]] == QUEUED && task_entry[run_task[w]] == run_entry[w] -> announced[run_task[w]] = 0
       :: else
       fi;
       pc[w] = DROPPING }
  :: atomic { pc[w] == LOOKING -> look_again(w) }
  :: atomic { pc[w] == DROPPING -> entry[run_entry[w]] = ABSENT; forget(w) } /* settle */
  :: atomic { pc[w] == CLAIMED -> find_resume_point(w) }
  :: atomic { pc[w] == PUTTING -> put_objects(w) }
  :: atomic { pc[w] == WORKING -> commit(w) }
  /* settleFailure */
  :: atomic { pc[w] == WORKING && STOPPING(w) && IS_TRACK(run_task[w]) -> release_task(w, 0) }
  :: atomic { pc[w] == WORKING && releases_left > 0 -> releases_left--; release_task(w, 1) }
  :: atomic { pc[w] == WORKING && failures_left > 0 && ROWS_FREE -> failures_left--;
       if
       :: true -> fail_task(w, 0)
       :: true -> fail_task(w, 1)
       fi }
  :: atomic { pc[w] == WORKING && replans_left > 0 && ROWS_FREE && IS_TRACK(run_task[w]) -> replans_left--;
       replan_video(w) }
  :: atomic { pc[w] == WORKING && ambiguous_left > 0 -> ambiguous_left--; pc[w] = ENDING } /* not written */
  /* holdThroughOutage: the release is committed and its answer lost; the repetition finds no row. */
  :: atomic { pc[w] == REPEATING -> assert(!MINE(w)); pc[w] = ENDING }
  /* settleEntry */
  :: atomic { pc[w] == ENDING ->
       if
       :: state[run_task[w]] == RUNNING && task_entry[run_task[w]] == run_entry[w] -> forget(w)
       :: else -> pc[w] = DROPPING
       fi }
#ifdef MUT_GUARD_BY_SELECT
  :: atomic { pc[w] == HALFWAY ->
       assert(MINE(w)); /* a fenced run writes */
       if
       :: run_next[w] + 1 < SEGMENTS(run_task[w]) -> commit_segment(w)
       :: else -> complete_task(w)
       fi }
#endif
#ifdef MUT_COUNT_BEFORE_LOCK
  :: atomic { pc[w] == HALFWAY -> mark_done(w); tasks_done++; add_next(counted[w] == 2, counted[w]) }
#endif
#ifdef MUT_CANCEL_AS_FLAG
  :: atomic { pc[w] == WORKING && cancel_flag && MINE(w) ->
       state[run_task[w]] = CANCELLED; owner[run_task[w]] = NOBODY; pc[w] = ENDING;
       if
       :: !ANY_TASK(LIVE) -> status = V_CANCELLED
       :: else
       fi }
#endif
  /* The drain of src/worker/start.ts, once the loop has ended. First, a read that it cut short. */
#if DRAINS > 0
  :: atomic { w == 0 && draining && pc[w] == IDLE && ANY_ENTRY(IS_UNREAD) ->
       e = 0;
       do :: entry[e] != UNREAD -> e++ :: else -> break od;
       entry[e] = PENDING; e = 0 }
  :: atomic { w == 0 && draining && pc[w] == IDLE ->
       e = 0;
       do
       :: e < ENTRIES && entry[e] == PENDING && !IN_HAND(e) -> drain_list = drain_list | (1 << e); e++
       :: e < ENTRIES && !(entry[e] == PENDING && !IN_HAND(e)) -> e++
       :: else -> break
       od;
       e = 0; pc[w] = LISTED }
#ifdef MUT_SETTLE_BEFORE_RETURN
  :: atomic { w == 0 && pc[w] == LISTED -> settle_listed(e); pc[w] = RETURNED }
  :: atomic { w == 0 && pc[w] == RETURNED && ROWS_FREE -> return_hints(e); drain_list = 0; pc[w] = GONE }
#else
  :: atomic { w == 0 && pc[w] == LISTED && ROWS_FREE -> return_hints(e); pc[w] = RETURNED }
  :: atomic { w == 0 && pc[w] == RETURNED -> settle_listed(e); drain_list = 0; pc[w] = GONE }
#endif
#ifdef MUT_HINTS_RETURNED_EARLY
  /* The reader was not disconnected before. */
  :: atomic { w == 0 && pc[w] == GONE && ANY_ENTRY(IS_UNREAD) ->
       e = 0;
       do :: entry[e] != UNREAD -> e++ :: else -> break od;
       entry[e] = PENDING; e = 0 }
#endif
#endif
  od
}
