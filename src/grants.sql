-- What each process may do with the tables, for those of the roles that the server has; `migrate` runs it each
-- time. Tables belong to the role that migrates; nobody else can change their shape, or drop them.
do $$
begin
  if exists (select from pg_roles where rolname = 'stepladder_api') then
    revoke all on all tables in schema public from stepladder_api;
    grant select on schema_migrations, workers to stepladder_api;
    grant select, insert, update, delete on
      sources, videos, tasks, segments, resolutions, tracks, task_runs, events, uploads, idempotency_keys, collections
      to stepladder_api;
    -- It looks at keys, and makes none.
    grant select, update (last_used_at) on api_keys to stepladder_api;
    grant select (token_secret), update (token_secret) on maintenance to stepladder_api;
    grant select, insert, update on webhook_endpoints, webhook_deliveries to stepladder_api;
    grant select, insert on webhook_messages to stepladder_api;
    grant select on webhook_attempts to stepladder_api;
    -- Writes secrets, and cannot read them.
    grant select (endpoint_id, expires_at), insert, update (expires_at), delete on webhook_secrets to stepladder_api;
  end if;

  if exists (select from pg_roles where rolname = 'stepladder_worker') then
    revoke all on all tables in schema public from stepladder_worker;
    grant select, insert, update, delete on
      sources, videos, tasks, segments, resolutions, tracks, task_runs, events, uploads, collections, workers,
      passes
      to stepladder_worker;
    grant select (reaped_at, reap_from, installation), update (reaped_at, reap_from) on maintenance
      to stepladder_worker;
    -- Removes answers that are old, and cannot read them.
    grant select (owner, route, key, expires_at), update (expires_at), delete on idempotency_keys
      to stepladder_worker;
    -- Removes what is old.
    grant select (id, deleted_at), delete on webhook_endpoints to stepladder_worker;
    grant select (id, endpoint_id), delete on webhook_deliveries to stepladder_worker;
    grant select (id, at), delete on webhook_messages to stepladder_worker;
    grant select (expires_at), delete on webhook_secrets to stepladder_worker;
  end if;

  if exists (select from pg_roles where rolname = 'stepladder_courier') then
    revoke all on all tables in schema public from stepladder_courier;
    grant select, insert, update on tasks, task_runs, events to stepladder_courier;
    grant select, update on videos to stepladder_courier;
    grant select, insert on sources to stepladder_courier;
    -- What a failure throws away.
    grant select, insert, update on collections to stepladder_courier;
    grant select (task_id), delete on segments to stepladder_courier;
    grant select (video_id), update (mp4_key, mp4_size_bytes) on resolutions to stepladder_courier;
    grant select, insert, update on webhook_deliveries, webhook_attempts to stepladder_courier;
    grant select, insert on webhook_messages to stepladder_courier;
    grant select, update on webhook_endpoints to stepladder_courier;
    grant select on webhook_secrets to stepladder_courier;
  end if;
end
$$;
