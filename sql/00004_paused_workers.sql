alter table workers add column paused_for text[] not null default '{}', add column paused_since timestamptz;
comment on column workers.paused_for is 'What is away without which it begins nothing: database, redis, scratch, storage.';
