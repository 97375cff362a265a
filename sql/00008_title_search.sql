-- Any part of a title finds it. Creating a trusted extension needs CREATE on the database and no superuser.
set local statement_timeout = 0;
create extension if not exists pg_trgm;
-- The collation of ICU, so that case is ignored in every script whatever the locale of the database is.
create index videos_by_title on videos using gin (title collate "und-x-icu" gin_trgm_ops);
