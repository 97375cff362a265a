-- Names outsiders rely on: videos.status, error_code, error_message, created_at, started_at, completed_at.

create table sources (
  key         text primary key,
  created_at  timestamptz not null default now()
);
comment on table sources is 'Source objects in the bucket; one lives as long as a video names it.';

create table videos (
  id                  uuid primary key,
  owner               text not null default 'default',
  title               text,
  status              text not null default 'queued'
                      check (status in ('queued', 'processing', 'completed', 'failed', 'cancelled')),
  priority            text not null default 'normal' check (priority in ('high', 'normal', 'low')),
  source_kind         text not null check (source_kind in ('url', 'key')),
  source_url          text,
  source_key          text references sources (key),
  source_etag         text,
  source_size_bytes   bigint,
  metadata            jsonb not null default '{}',
  media               jsonb,
  plan                jsonb,
  outputs             jsonb,
  findings            jsonb,
  error_code          text,
  error_message       text,
  generation          integer not null default 1,
  tasks_total         integer not null default 0,
  tasks_done          integer not null default 0,
  event_seq           integer not null default 0,
  cancel_requested_at timestamptz,
  created_at          timestamptz not null default now(),
  started_at          timestamptz,
  completed_at        timestamptz,
  updated_at          timestamptz not null default now()
);
comment on column videos.source_url is 'Where it was fetched from, without credentials and query.';
comment on column videos.source_etag is 'Pinned when the job was made; every read carries If-Match.';
comment on column videos.tasks_total is 'Every task but fetch, plan and finish; set by the plan.';
create index videos_by_age on videos (created_at desc, id desc);
create index videos_by_status on videos (status, created_at desc, id desc);
create index videos_by_source on videos (source_key);

create table tasks (
  id           bigint generated always as identity primary key,
  video_id     uuid not null references videos on delete cascade,
  kind         text not null check (kind in ('fetch', 'plan', 'video', 'audio', 'subtitle', 'mp4', 'finish')),
  position     integer not null default 0,
  -- Order within one video: plan, chunk 0, audio, chunk 1, ...
  rank         integer not null default 0,
  state        text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  attempt      integer not null default 0,
  crashes      integer not null default 0,
  fence        bigint not null default 0,
  worker_id    text,
  lease_until  timestamptz,
  run_at       timestamptz not null default now(),
  announced_at timestamptz,
  stream_id    text,
  input        jsonb not null default '{}',
  result       jsonb,
  error        jsonb,
  created_at   timestamptz not null default now(),
  unique (video_id, kind, position)
);
comment on column tasks.fence is 'Grows with every claim and every loss; an owner''s write names it.';
create index tasks_to_announce on tasks (run_at) where state = 'queued' and announced_at is null;
create index tasks_announced on tasks (announced_at) where state = 'queued' and announced_at is not null;
create index tasks_running on tasks (lease_until) where state = 'running';

-- No foreign key to videos: it would take the video's lock behind the task's and deadlock with delete.
create table segments (
  task_id    bigint not null references tasks on delete cascade,
  idx        integer not null,
  frames     integer not null,
  objects    jsonb not null,
  created_at timestamptz not null default now(),
  primary key (task_id, idx)
);

create table resolutions (
  video_id            uuid not null references videos on delete cascade,
  name                text not null,
  position            integer not null,
  width               integer not null,
  height              integer not null,
  fps                 text not null,
  state               text not null default 'planned' check (state in ('planned', 'ready')),
  codec               text,
  max_bitrate_bps     bigint not null,
  average_bitrate_bps bigint,
  peak_bitrate_bps    bigint,
  size_bytes          bigint,
  frames              integer,
  duration_s          double precision,
  init                jsonb,
  segments            jsonb,
  playlist_key        text,
  mp4_key             text,
  mp4_size_bytes      bigint,
  primary key (video_id, name)
);

create table tracks (
  video_id            uuid not null references videos on delete cascade,
  kind                text not null check (kind in ('audio', 'subtitle')),
  position            integer not null,
  name                text not null,
  state               text not null default 'planned' check (state in ('planned', 'ready', 'skipped')),
  language            text,
  title               text,
  is_default          boolean not null default false,
  channels            integer,
  codec               text,
  average_bitrate_bps bigint,
  peak_bitrate_bps    bigint,
  size_bytes          bigint,
  duration_s          double precision,
  init                jsonb,
  segments            jsonb,
  playlist_key        text,
  primary key (video_id, kind, position)
);

create table task_runs (
  task_id    bigint not null references tasks on delete cascade,
  fence      bigint not null,
  worker_id  text not null,
  first_idx  integer,
  started_at timestamptz not null default clock_timestamp(),
  ended_at   timestamptz,
  outcome    text check (outcome in ('done', 'released', 'retried', 'failed', 'lost', 'cancelled')),
  error      jsonb,
  primary key (task_id, fence)
);
comment on column task_runs.first_idx is 'The segment this run started at; 0 unless it resumed.';

create table events (
  video_id uuid not null references videos on delete cascade,
  seq      integer not null,
  kind     text not null,
  data     jsonb not null default '{}',
  at       timestamptz not null default clock_timestamp(),
  primary key (video_id, seq)
);

create table workers (
  id         text primary key,
  consumer   text not null,
  host       text not null,
  version    text not null,
  build      text not null,
  slots      integer not null,
  draining   boolean not null default false,
  started_at timestamptz not null default clock_timestamp(),
  seen_at    timestamptz not null default clock_timestamp()
);
create index workers_by_seen on workers (seen_at);

create table uploads (
  id         uuid primary key,
  owner      text not null default 'default',
  key        text not null unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index uploads_by_expiry on uploads (expires_at);

-- Folders of the bucket to be compared with the rows; a folder's line outlives its video.
create table collections (
  prefix  text primary key,
  due_at  timestamptz not null,
  passes  integer not null default 0
);
create index collections_by_due on collections (due_at);

create table maintenance (
  only_row  boolean primary key default true check (only_row),
  reaped_at timestamptz not null default now(),
  reap_from timestamptz not null default now()
);
insert into maintenance default values;
