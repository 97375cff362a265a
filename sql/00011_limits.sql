-- How many uploads of an owner are open is counted before it begins one more.
create index uploads_open_by_owner on uploads (owner) where closed_at is null;
