-- What dispatch orders by stands on the task itself, so that a pass reads one index of what waits and
-- no video: it runs after each commit, whatever has been finished before.
set local statement_timeout = 0;

create function priority_class(priority text) returns smallint language sql immutable
  return (case priority when 'high' then 0 when 'normal' then 1 else 2 end)::smallint;

-- One class up for every ten minutes, never above the highest.
create function waiting_class(priority smallint, since timestamptz) returns integer language sql stable
  return greatest(0, priority - floor(extract(epoch from now() - since) / 600))::integer;

alter table tasks add column owner text, add column priority smallint, add column video_at timestamptz;
update tasks t set owner = v.owner, priority = priority_class(v.priority), video_at = v.created_at
  from videos v where v.id = t.video_id;
alter table tasks alter column owner set not null, alter column priority set not null, alter column video_at set not null;
comment on column tasks.priority is '0 high, 1 normal, 2 low; like owner and video_at a copy from the video, which never changes them.';

create function inherit_turn() returns trigger language plpgsql as $$
begin
  select owner, priority_class(priority), created_at into new.owner, new.priority, new.video_at
  from videos where id = new.video_id;
  return new;
end $$;
create trigger tasks_inherit_turn before insert on tasks for each row execute function inherit_turn();

drop index tasks_to_announce;
create index tasks_by_turn on tasks (priority, owner, video_at, video_id, rank)
  where state = 'queued' and announced_at is null and kind <> 'fetch';
create index tasks_to_fetch on tasks (priority, id) where state = 'queued' and kind = 'fetch';

create index videos_queued on videos (owner, priority, created_at, id) where status = 'queued';
create index videos_failed on videos (completed_at desc, id desc) where status = 'failed';

alter table videos add column discarded_at timestamptz;
comment on column videos.discarded_at is 'When the finished pieces of a failed or cancelled video were given up.';
create index videos_to_discard on videos (completed_at)
  where status in ('failed', 'cancelled') and discarded_at is null;

-- A closed upload names its object no longer; the row stays for a while, to tell a late PUT from
-- what people put there by themselves.
alter table uploads add column closed_at timestamptz;
drop index uploads_by_expiry;
create index uploads_open on uploads (expires_at) where closed_at is null;
create index uploads_closed on uploads (closed_at) where closed_at is not null;

-- Passes that do more than one short transaction: whoever moves next_at on has the turn.
create table passes (
  name    text primary key,
  next_at timestamptz not null,
  place   text not null default ''
);
comment on column passes.place is 'Where a pass that goes on over many turns has got to.';

alter table maintenance add column installation uuid not null default gen_random_uuid();
comment on column maintenance.installation is 'Names this database to its bucket, which another one must not sweep.';
