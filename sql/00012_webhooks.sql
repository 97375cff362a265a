-- Whom to tell of what becomes of a video. The rows of an event's deliveries are written by a trigger on
-- `events`, in the transaction of the change itself: none can be missed, and none can tell of what was
-- rolled back.
create table webhook_endpoints (
  id              uuid primary key,
  owner           text not null default 'default',
  url             text,
  events          text[] not null,
  description     text,
  disabled_at     timestamptz,
  disabled_reason text check (disabled_reason in ('asked', 'gone', 'failing')),
  failing_since   timestamptz,
  created_at      timestamptz not null default now(),
  deleted_at      timestamptz,
  check ((disabled_at is null) = (disabled_reason is null))
);
comment on column webhook_endpoints.url is 'Null for the one whose address each job gives in webhook_url.';
comment on column webhook_endpoints.failing_since is 'The first failed attempt after the last delivered one.';
comment on column webhook_endpoints.deleted_at is 'Its deliveries, which may be many, go in the passes after it; then the row.';
create index webhook_endpoints_by_owner on webhook_endpoints (owner, created_at) where deleted_at is null;
create unique index webhook_endpoints_per_job on webhook_endpoints (owner) where url is null and deleted_at is null;

-- Apart from the rest, so that a role may be kept from it, and as it is: it must sign.
create table webhook_secrets (
  endpoint_id uuid not null references webhook_endpoints on delete cascade,
  secret      bytea not null,
  created_at  timestamptz not null default clock_timestamp(),
  expires_at  timestamptz,
  primary key (endpoint_id, created_at)
);
comment on column webhook_secrets.expires_at is 'Null for the one that counts; others sign beside it until then.';

-- One for each event that somebody is told of. No foreign key to videos: a deleted one is still told of.
create table webhook_messages (
  id         uuid primary key default gen_random_uuid(),
  type       text not null,
  data       jsonb not null,
  at         timestamptz not null
);
comment on column webhook_messages.data is 'As of the event, so that it is the same however late it arrives.';
create index webhook_messages_by_age on webhook_messages (at);

create table webhook_deliveries (
  id          bigint generated always as identity primary key,
  message_id  uuid not null references webhook_messages on delete cascade,
  endpoint_id uuid not null references webhook_endpoints on delete cascade,
  video_id    uuid,
  url         text,
  lane        text not null,
  state       text not null default 'waiting' check (state in ('waiting', 'sending', 'delivered', 'failed', 'cancelled')),
  attempt     integer not null default 0,
  fence       bigint not null default 0,
  next_at     timestamptz not null default now(),
  lease_until timestamptz,
  created_at  timestamptz not null default now(),
  ended_at    timestamptz
);
comment on column webhook_deliveries.id is 'Grows with the events of a video, which are written under its lock: its order.';
comment on column webhook_deliveries.url is 'That of the job; null where the endpoint has one.';
comment on column webhook_deliveries.lane is 'What is full or dead together: an endpoint, or a host that jobs name.';
create index webhook_deliveries_waiting on webhook_deliveries (lane, next_at, id) where state = 'waiting';
create index webhook_deliveries_sending on webhook_deliveries (lease_until) where state = 'sending';
create index webhook_deliveries_open on webhook_deliveries (endpoint_id, video_id, id) where state in ('waiting', 'sending');
create index webhook_deliveries_by_endpoint on webhook_deliveries (endpoint_id, id desc);
create index webhook_deliveries_by_message on webhook_deliveries (message_id);

create table webhook_attempts (
  delivery_id bigint not null references webhook_deliveries on delete cascade,
  fence       bigint not null,
  started_at  timestamptz not null default clock_timestamp(),
  ended_at    timestamptz,
  status      integer,
  error       text,
  response    text,
  primary key (delivery_id, fence)
);

-- Endpoints are locked so that none can go in the midst of it, in a mode that writers of events share.
create function queue_webhooks(of_owner text, of_type text, content jsonb, happened_at timestamptz,
                               of_video uuid default null, job_url text default null) returns void language sql as $$
  with target as materialized (
    select id, url from webhook_endpoints
    where owner = of_owner and deleted_at is null and disabled_at is null and of_type = any (events)
      and coalesce(url, job_url) is not null
    for key share
  ), message as (
    insert into webhook_messages (type, data, at) select of_type, content, happened_at
    where exists (select from target) returning id
  )
  insert into webhook_deliveries (message_id, endpoint_id, video_id, url, lane)
  select m.id, t.id, of_video, case when t.url is null then job_url end,
         t.id::text || case when t.url is null then ' ' || substring(job_url from '^https?://([^/?#]+)') else '' end
  from target t, message m order by t.id
$$;

create function utc_text(moment timestamptz) returns text language sql stable
  return to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

alter table videos add column webhook_url text;

-- With the rights of its owner: who writes of a video's end needs none on these tables.
create function tell_of_event() returns trigger language plpgsql security definer set search_path from current as $$
begin
  perform queue_webhooks(v.owner, 'video.' || new.kind, jsonb_build_object('video', jsonb_build_object(
      'id', v.id, 'title', v.title, 'status', v.status, 'priority', v.priority,
      'source', jsonb_build_object('kind', v.source_kind, 'url', v.source_url, 'key', v.source_key, 'size_bytes', v.source_size_bytes),
      'metadata', v.metadata,
      'error', case when v.error_code is not null then jsonb_build_object('code', v.error_code, 'message', coalesce(v.error_message, '')) end,
      'created_at', utc_text(v.created_at), 'started_at', utc_text(v.started_at), 'completed_at', utc_text(v.completed_at),
      'poster', v.outputs -> 'poster_key' is not null, 'storyboard', v.outputs -> 'storyboard' is not null)),
    new.at, v.id, v.webhook_url)
  from videos v where v.id = new.video_id;
  return null;
end $$;
create trigger events_tell after insert on events for each row
  when (new.kind in ('completed', 'failed', 'cancelled')) execute function tell_of_event();
