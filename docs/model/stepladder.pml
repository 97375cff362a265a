/* The task protocol of Stepladder as built: one video, two worker slots, everything that may go wrong.

   One database transaction is one atomic step, and so is one Redis command (or Lua script, or MULTI);
   anything may happen between two steps. README.md says what that leaves out. A step names the
   function in src/ that it stands for. */
#include "state.pml"
#include "transitions.pml"
#include "worker.pml"
#include "maintenance.pml"
#include "outside.pml"

/* False for ever: only their names are wanted, in the message of a failed assertion. */
hidden byte never_count_is_wrong = 0;
hidden byte never_ended_video_has_work = 0;
hidden byte never_finish_is_missing = 0;
hidden byte never_finish_is_early = 0;
hidden byte never_mp4_is_early = 0;
hidden byte never_segments_are_missing = 0;
hidden byte never_completed_without_all = 0;
hidden byte never_one_fence_twice = 0;
hidden byte never_hint_is_lost = 0;
hidden byte never_named_object_is_gone = 0;
hidden byte never_manifest_is_another = 0;
hidden byte never_stuck_or_left_over = 0;

/* Looks at every state between two steps. */
proctype Observer() {
end:
  if
  :: COUNT_IS_WRONG -> assert(never_count_is_wrong)
  :: ENDED_VIDEO_HAS_WORK -> assert(never_ended_video_has_work)
  :: FINISH_IS_MISSING -> assert(never_finish_is_missing)
  :: FINISH_IS_EARLY -> assert(never_finish_is_early)
  :: MP4_IS_EARLY -> assert(never_mp4_is_early)
  :: SEGMENTS_ARE_MISSING -> assert(never_segments_are_missing)
  :: COMPLETED_WITHOUT_ALL -> assert(never_completed_without_all)
  :: ONE_FENCE_TWICE -> assert(never_one_fence_twice)
  /* It would wait a minute for the reconciler, and no fault is to blame. */
  :: HINT_IS_LOST -> assert(never_hint_is_lost)
  :: NAMED_OBJECT_IS_GONE -> assert(never_named_object_is_gone)
  :: MANIFEST_IS_ANOTHER -> assert(never_manifest_is_another)
#ifndef LIVENESS
  /* When nothing can move any more, the video has ended and neither stream nor bucket holds leftovers. */
  :: timeout && !(TERMINAL && STREAM_EMPTY && BUCKET_CLEAN) -> assert(never_stuck_or_left_over)
#endif
  fi
}

init {
  atomic {
    byte t;
    for (t : 0 .. TASKS - 1) { task_entry[t] = NO_ENTRY; owner[t] = NOBODY }
    t = 0;
    run_entry[0] = NO_ENTRY; run_entry[1] = NO_ENTRY; d_entry = NO_ENTRY; api_entry = NO_ENTRY; taken_entry = NO_ENTRY;
    /* submitVideo */
#ifdef FETCHING
    insert(FETCH);
    run Courier();
#else
    insert(PLAN);
#endif
#ifdef SUBMIT_ANNOUNCES
    run Api();
#endif
    run Worker(0); run Worker(1);
    run Dispatcher(); run Reconciler(); run Janitor(); run Reaper(); run Clock();
    run Outside();
#ifdef COLLECTING
    run Collector();
#endif
    run Observer();
  }
}

#ifdef LIVENESS
ltl ends { <> [] (TERMINAL && STREAM_EMPTY && BUCKET_CLEAN) }
#endif
