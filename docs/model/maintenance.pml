/* The passes of src/worker/maintenance.ts: dispatch, reconcile, janitor, reap, collect. */

#define REFERENCED(e) (IN_HAND(e) || api_entry == e || taken_entry == e || ((drain_list >> e) & 1))
#define USABLE(e) (entry[e] == ABSENT && !REFERENCED(e))
#define REPLACEABLE(t, e) (!REFERENCED(e) && task_entry[t] == e)
#define HAS_ROOM(t) (USABLE(2 * t) || USABLE(2 * t + 1) || REPLACEABLE(t, 2 * t) || REPLACEABLE(t, 2 * t + 1))

/* announce.lua: XACK and XDEL the task's former entry, XADD the new one. */
inline announce(t, former, e) {
  if
  :: former != NO_ENTRY -> entry[former] = ABSENT
  :: else
  fi;
  e = 2 * t;
  if
  :: !USABLE(e) || task_entry[t] == e -> e++
  :: else
  fi;
  if
  :: !USABLE(e) || task_entry[t] == e -> e = task_entry[t] /* its own place is the only free one */
  :: else
  fi;
  entry[e] = UNREAD
}

/* The claim's predicate: what a claim would refuse must not be announced. */
#ifdef MUT_LATE_TASK_ANNOUNCED
#define READY(t) (state[t] == QUEUED && !announced[t])
#else
#define READY(t) (state[t] == QUEUED && !announced[t] && !late[t])
#endif
#define CAN_ANNOUNCE(t) (READY(t) && HAS_ROOM(t))
#define HINTED(t) (state[t] == QUEUED && announced[t] && task_entry[t] != NO_ENTRY)

/* dispatchTasks: one transaction, in Redis first, then the mark; the row stays locked meanwhile. The
   advisory lock lets one run at a time. */
proctype Dispatcher() {
  byte t;
end:
  do
  :: atomic { d_pc == D_IDLE && ANY_STREAM_TASK(CAN_ANNOUNCE) ->
       if
       :: CAN_ANNOUNCE(0) -> t = 0
       :: CAN_ANNOUNCE(1) -> t = 1
       :: CAN_ANNOUNCE(2) -> t = 2
       :: CAN_ANNOUNCE(3) -> t = 3
       :: CAN_ANNOUNCE(4) -> t = 4
       fi;
       announce(t, task_entry[t], d_entry);
       d_task = t; d_pc = D_MARKING; t = 0 }
  :: atomic { d_pc == D_MARKING ->
       announced[d_task] = 1; task_entry[d_task] = d_entry;
       d_pc = D_IDLE; d_task = 0; d_entry = NO_ENTRY }
  /* takeBackLower: committed first, and the entry goes behind, when nothing is locked any more. */
  :: atomic { takes_left > 0 && d_pc == D_IDLE && taken_entry == NO_ENTRY && ANY_STREAM_TASK(HINTED) -> takes_left--;
       if
       :: HINTED(0) -> t = 0
       :: HINTED(1) -> t = 1
       :: HINTED(2) -> t = 2
       :: HINTED(3) -> t = 3
       :: HINTED(4) -> t = 4
       fi;
       taken_entry = task_entry[t];
#ifdef MUT_SETTLE_BEFORE_TAKE_BACK
       entry[taken_entry] = ABSENT; d_task = t; d_pc = D_TAKING;
#else
       announced[t] = 0;
#endif
       t = 0 }
#ifdef MUT_SETTLE_BEFORE_TAKE_BACK
  :: atomic { d_pc == D_TAKING -> announced[d_task] = 0; d_pc = D_IDLE; d_task = 0; taken_entry = NO_ENTRY }
#else
  :: atomic { taken_entry != NO_ENTRY -> entry[taken_entry] = ABSENT; taken_entry = NO_ENTRY } /* settle */
#endif
  od
}

inline unannounce(t) {
  if
  :: state[t] == QUEUED && ROW_FREE(t) -> announced[t] = 0
  :: else
  fi
}

/* reconcileHints, after a minute: what a living consumer can still find in its own pending list, which
   it sweeps every 30 s, is not left to it. `spurious_left` times it comes too early. */
proctype Reconciler() {
end:
  do
#ifndef MUT_NO_RECONCILER
  :: atomic { ANY_STREAM_TASK(HINTLESS) ->
       assert(hints_lost);
       if :: HINTLESS(0) -> announced[0] = 0 :: else fi;
       if :: HINTLESS(1) -> announced[1] = 0 :: else fi;
       if :: HINTLESS(2) -> announced[2] = 0 :: else fi;
       if :: HINTLESS(3) -> announced[3] = 0 :: else fi;
       if :: HINTLESS(4) -> announced[4] = 0 :: else fi }
  :: atomic { spurious_left > 0 -> spurious_left--;
       unannounce(PLAN); unannounce(CHUNK_A); unannounce(CHUNK_B); unannounce(MP4); unannounce(FINISH) }
#else
  :: atomic { false -> skip }
#endif
  od
}

/* dropStaleEntries, after a minute: what a sweep will find or a mark will name is not left to it either. */
#define STALE(e) (entry[e] >= PENDING && !IN_HAND(e) && api_entry != e && ROW_FREE(TASK_OF(e)) && !(state[TASK_OF(e)] == RUNNING && task_entry[TASK_OF(e)] == e) && !(state[TASK_OF(e)] == QUEUED && task_entry[TASK_OF(e)] == e && announced[TASK_OF(e)]))
proctype Janitor() {
  byte e;
end:
  do
  :: atomic { ANY_ENTRY(STALE) ->
       e = 0;
       do :: !STALE(e) -> e++ :: else -> break od;
       entry[e] = ABSENT; e = 0 }
  od
}

/* run_at passes. */
#define IS_LATE(t) (late[t])
proctype Clock() {
end:
  do
  :: atomic { ANY_TASK(IS_LATE) ->
       late[0] = 0; late[1] = 0; late[2] = 0; late[3] = 0; late[4] = 0; late[5] = 0 }
  od
}

/* reapTasks: the owner is dead, or the lease ran out although it lives. */
#define REAPABLE(t) (state[t] == RUNNING && (!ALIVE(t) || zombies_left > 0))
proctype Reaper() {
  byte t;
end:
  do
  :: atomic { ANY_TASK(REAPABLE) && ROWS_FREE ->
       if
       :: REAPABLE(0) -> t = 0
       :: REAPABLE(1) -> t = 1
       :: REAPABLE(2) -> t = 2
       :: REAPABLE(3) -> t = 3
       :: REAPABLE(4) -> t = 4
       :: REAPABLE(5) -> t = 5
       fi;
       if
       :: ALIVE(t) -> zombies_left--
       :: else
       fi;
       crashes[t]++; owner[t] = NOBODY; announced[t] = 0; fence[t]++;
       if
       :: crashes[t] >= CRASH_LIMIT -> state[t] = FAILED; stop_video(V_FAILED) /* failPoison */
       :: else -> state[t] = QUEUED
       fi;
       t = 0 }
  od
}

#ifdef COLLECTING
/* collectGarbage: garbageAmong decides in one statement, the objects go afterwards. */
#define NO_KEY 9
byte garbage_key = NO_KEY, garbage_fence = 0;
#define WRITER(k) ((k < 2) -> CHUNK_A : ((k < 4) -> CHUNK_B : ((k == MP4_KEY) -> MP4 : FINISH)))
#ifdef MUT_COLLECTED_BY_AGE
#define UNUSED(k, f) (((object[k] >> f) & 1) && named[k] != f)
#else
#define UNUSED(k, f) (((object[k] >> f) & 1) && named[k] != f && !(state[WRITER(k)] == RUNNING && fence[WRITER(k)] == f))
#endif
#define HAS_UNUSED(k) (UNUSED(k, 1) || UNUSED(k, 2) || UNUSED(k, 3) || UNUSED(k, 4) || UNUSED(k, 5) || UNUSED(k, 6) || UNUSED(k, 7) || UNUSED(k, 8) || UNUSED(k, 9) || UNUSED(k, 10) || UNUSED(k, 11) || UNUSED(k, 12) || UNUSED(k, 13) || UNUSED(k, 14))
#define BUCKET_CLEAN (garbage_key == NO_KEY && !ANY_KEY(HAS_UNUSED))
proctype Collector() {
  byte k, f;
end:
  do
  :: atomic { garbage_key == NO_KEY && ANY_KEY(HAS_UNUSED) ->
       k = 0;
       do :: !HAS_UNUSED(k) -> k++ :: else -> break od;
       f = 1;
       do :: !UNUSED(k, f) -> f++ :: else -> break od;
       garbage_key = k; garbage_fence = f; k = 0; f = 0 }
  :: atomic { garbage_key != NO_KEY ->
       object[garbage_key] = object[garbage_key] & ~(1 << garbage_fence);
       garbage_key = NO_KEY; garbage_fence = 0 }
  od
}
#else
#define BUCKET_CLEAN true
#endif
