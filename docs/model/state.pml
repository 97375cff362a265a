/* The scope, the rows, the stream and what must be true of them at every moment. */

/* How often each disturbance may happen; 0 unless a scope says otherwise. */
#ifndef CRASHES
#define CRASHES 0    /* kill -9 of a worker, the courier, the API or in the midst of a dispatch */
#endif
#ifndef DEATHS
#define DEATHS 0     /* worker 0 is killed and its consumer never comes back */
#endif
#ifndef ZOMBIES
#define ZOMBIES 0    /* a lease runs out although its owner lives and goes on */
#endif
#ifndef FLUSHES
#define FLUSHES 0    /* FLUSHALL, or the stream or its group deleted */
#endif
#ifndef LOST_REPLIES
#define LOST_REPLIES 0  /* an entry is delivered, the reply of XREADGROUP lost */
#endif
#ifndef AMBIGUOUS
#define AMBIGUOUS 0  /* a commit whose answer is lost, or an end that could not be written */
#endif
#ifndef FAILURES
#define FAILURES 0   /* a task fails for good */
#endif
#ifndef RELEASES
#define RELEASES 0   /* a task is given back: another attempt, the store is away */
#endif
#ifndef REPLANS
#define REPLANS 0    /* the video is planned anew: cutting was at fault, or a retry finds another source */
#endif
#ifndef DRAINS
#define DRAINS 0     /* worker 0 gets SIGTERM */
#endif
#ifndef PAUSES
#define PAUSES 0     /* a breaker opens while an entry is in hand */
#endif
#ifndef TAKE_BACKS
#define TAKE_BACKS 0 /* a hint is taken back for a more urgent one */
#endif
#ifndef SPURIOUS
#define SPURIOUS 0   /* every hint is replaced although it was still good */
#endif
#ifndef CANCELS
#define CANCELS 0
#endif
#ifndef RETRIES
#define RETRIES 0
#endif
#ifndef BAD_PIECES
#define BAD_PIECES 0 /* a retry finds that objects of a task are missing */
#endif
#ifndef EXPIRIES
#define EXPIRIES 0   /* the pieces of a failed or cancelled video are thrown away */
#endif
#ifndef DELETES
#define DELETES 0
#endif
#ifndef CRASH_LIMIT
#define CRASH_LIMIT 3
#endif
#ifndef SEGMENTS_B
#define SEGMENTS_B 1 /* of the second track; the first one has two */
#endif
#ifdef ONE_PROCESS   /* both slots are those of one worker */
#define PROCESS(w) 0
#else
#define PROCESS(w) (w)
#endif

/* Tasks. The model keeps one place for each; a row deleted and inserted again under another id is the
   same place with a higher fence. */
#define TASKS 6
#define PLAN 0
#define CHUNK_A 1
#define CHUNK_B 2
#define MP4 3
#define FINISH 4
#define FETCH 5
#define TASKS_TOTAL 3 /* chunk A, chunk B and the MP4 */

/* tasks.state */
#define NO_ROW 0
#define QUEUED 1
#define RUNNING 2
#define DONE 3
#define FAILED 4
#define CANCELLED 5

/* videos.status; PROCESSING and the words below are apart from those of tasks */
#define V_QUEUED 0
#define V_PROCESSING 1
#define V_COMPLETED 2
#define V_FAILED 3
#define V_CANCELLED 4
#define V_DELETED 5

byte status = V_QUEUED;
byte tasks_done = 0;
bit planned = 0;         /* videos.plan is not null */
byte state[TASKS];
byte fence[TASKS];
byte owner[TASKS];       /* tasks.worker_id: the process, NOBODY also for one that is no more */
bit announced[TASKS];    /* announced_at is not null */
byte task_entry[TASKS];  /* tasks.stream_id */
bit late[TASKS];         /* run_at lies in the future */
byte crashes[TASKS];
#define NOBODY 3
#define COURIER 2

/* Keys that rows name, by the fence in the key; 0 = none. Segments of A at 0 and 1, of B at 2 and 3. */
#define KEYS 6
#define MP4_KEY 4
#define MANIFEST 5
byte named[KEYS];
#ifdef COLLECTING
short object[KEYS];      /* bit f: the object written under fence f lies in the bucket */
byte fixed_manifest = 0; /* who wrote the manifest last, where it has a fixed key (a mutant) */
#endif

/* The stream: two entries a task are enough for a hint and a double of it. */
#define ENTRIES 10
#define TASK_OF(e) ((e) / 2)
#define NO_ENTRY 31
#define ABSENT 0
#define UNREAD 1
#define PENDING 2        /* PENDING + p: delivered to the consumer of process p */
byte entry[ENTRIES];
bit hints_lost = 0;      /* a fault took hints away, which only the reconciler brings back */

/* The two slots' runs: where each stands, and its task, fence, entry and next segment. */
#define IDLE 0
#define GOT 1            /* an entry was read */
#define LOOKING 2        /* the claim met no row */
#define DROPPING 3       /* the entry is of no use */
#define CLAIMED 4
#define PUTTING 5        /* objects are on their way */
#define WORKING 6        /* the next commit is due */
#define HALFWAY 7        /* between the halves of a transaction that a mutant split */
#define REPEATING 8      /* a release, whose answer was lost */
#define ENDING 9
#define LISTED 10        /* a drain has listed its pending entries, */
#define RETURNED 11      /* and given their hints back */
#define GONE 12          /* no such process any more */
byte pc[2];
byte run_task[2];
byte run_fence[2];
byte run_entry[2];
byte run_next[2];
byte counted[2];         /* tasks_done + 1 as seen before the wait (a mutant) */
bit draining = 0;
short drain_list = 0;    /* bit e: the drain means entry e */

/* The dispatch transaction, which holds the row of d_task until it ends. */
#define D_IDLE 0
#define D_MARKING 1
#define D_TAKING 2       /* a mutant */
byte d_pc = D_IDLE;
byte d_task = 0;
byte d_entry;
byte taken_entry;        /* to be settled after a take-back */
byte api_entry;
byte c_pc = IDLE;
byte c_fence = 0;
bit cancel_flag = 0;     /* cancel as a flag (a mutant) */

byte crashes_left = CRASHES, deaths_left = DEATHS, zombies_left = ZOMBIES, flushes_left = FLUSHES;
byte lost_left = LOST_REPLIES, ambiguous_left = AMBIGUOUS, failures_left = FAILURES;
byte releases_left = RELEASES, replans_left = REPLANS, takes_left = TAKE_BACKS, spurious_left = SPURIOUS,
     pauses_left = PAUSES, bad_left = BAD_PIECES;

#define ANY_ENTRY(P) (P(0) || P(1) || P(2) || P(3) || P(4) || P(5) || P(6) || P(7) || P(8) || P(9))
#define ANY_STREAM_TASK(P) (P(0) || P(1) || P(2) || P(3) || P(4))
#define ANY_TASK(P) (ANY_STREAM_TASK(P) || P(5))
#define ANY_KEY(P) (P(0) || P(1) || P(2) || P(3) || P(4) || P(5))

#define FIRST_KEY(t) ((t == CHUNK_A) -> 0 : ((t == CHUNK_B) -> 2 : ((t == MP4) -> MP4_KEY : MANIFEST)))
#define SEGMENTS(t) ((t == CHUNK_A) -> 2 : ((t == CHUNK_B) -> SEGMENTS_B : 1))
#define IS_TRACK(t) (t == CHUNK_A || t == CHUNK_B)
#define TERMINAL (status >= V_COMPLETED)
#define LIVE(t) (state[t] == QUEUED || state[t] == RUNNING)
#define TRACKS_DONE (state[CHUNK_A] == DONE && state[CHUNK_B] == DONE)
#define WORK_DONE ((state[CHUNK_A] == DONE) + (state[CHUNK_B] == DONE) + (state[MP4] == DONE))

/* GUARD: fence = $f and state = 'running' */
#ifdef MUT_GUARD_WITHOUT_FENCE
#define MINE(w) (state[run_task[w]] == RUNNING)
#else
#define MINE(w) (state[run_task[w]] == RUNNING && fence[run_task[w]] == run_fence[w])
#endif
#define AT_WORK(w) (pc[w] >= CLAIMED && pc[w] <= HALFWAY)
#define RUNS(w, t) (AT_WORK(w) && run_task[w] == t && run_fence[w] == fence[t] && state[t] == RUNNING)
#define ALIVE(t) (RUNS(0, t) || RUNS(1, t) || (t == FETCH && c_pc == WORKING && c_fence == fence[t]))
#define IN_HAND(e) (run_entry[0] == e || run_entry[1] == e)
#define IS_UNREAD(e) (entry[e] == UNREAD)
#define IS_THERE(e) (entry[e] != ABSENT)
#define STREAM_EMPTY (!ANY_ENTRY(IS_THERE))
/* The consumer is that of worker 0, which is no more. */
#define ORPHAN(e) (entry[e] == PENDING && pc[0] == GONE)

/* A row that the dispatch transaction has locked: others wait, or skip it. */
#ifdef MUT_MARK_WITHOUT_LOCK
#define ROW_FREE(t) true
#define ROWS_FREE true
#else
#define ROW_FREE(t) (d_pc == D_IDLE || d_task != t)
#define ROWS_FREE (d_pc == D_IDLE)
#endif

/* Announced, and no reader will ever hear of it: only a fault may bring this about. */
#define HINTLESS(t) (state[t] == QUEUED && announced[t] && ROW_FREE(t) && (task_entry[t] == NO_ENTRY || entry[task_entry[t]] == ABSENT || (ORPHAN(task_entry[t]) && !IN_HAND(task_entry[t]))))
#define WITHOUT_ITS_OBJECT(k) (named[k] && !((object[k] >> named[k]) & 1))


/* Each of these is false at every moment. */
#define COUNT_IS_WRONG (tasks_done != WORK_DONE)
#ifdef MUT_CANCEL_AS_FLAG
#define ENDED_VIDEO_HAS_WORK false
#else
#define ENDED_VIDEO_HAS_WORK (TERMINAL && ANY_TASK(LIVE))
#endif
#define FINISH_IS_MISSING (status == V_PROCESSING && tasks_done == TASKS_TOTAL && state[FINISH] == NO_ROW)
#define FINISH_IS_EARLY (LIVE(FINISH) && tasks_done != TASKS_TOTAL)
#define MP4_IS_EARLY (LIVE(MP4) && !TRACKS_DONE)
#define SEGMENTS_ARE_MISSING (!TERMINAL && ((state[CHUNK_A] == DONE && !(named[0] && named[1])) || (state[CHUNK_B] == DONE && !(named[2] && (named[3] || SEGMENTS_B == 1)))))
#define COMPLETED_WITHOUT_ALL (status == V_COMPLETED && !(state[FINISH] == DONE && TRACKS_DONE && named[0] && named[1] && named[2] && named[MP4_KEY] && named[MANIFEST]))
#define ONE_FENCE_TWICE (AT_WORK(0) && AT_WORK(1) && run_task[0] == run_task[1] && run_fence[0] == run_fence[1])
#define HINT_IS_LOST (!hints_lost && ANY_STREAM_TASK(HINTLESS))
#ifdef COLLECTING
#define NAMED_OBJECT_IS_GONE (ANY_KEY(WITHOUT_ITS_OBJECT))
#define MANIFEST_IS_ANOTHER (fixed_manifest != 0 && status == V_COMPLETED && fixed_manifest != named[MANIFEST])
#else
#define NAMED_OBJECT_IS_GONE false
#define MANIFEST_IS_ANOTHER false
#endif
