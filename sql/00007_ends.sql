-- What ended lately, for the overview of the system.
create index videos_by_end on videos (completed_at) where completed_at is not null;
