-- What a run began with, for the timeline: the task's own counters begin anew with a person's retry and
-- with each committed segment.
alter table task_runs add column attempt integer, add column crashes integer;
comment on column task_runs.attempt is 'Earlier runs that ended with a passing fault; null in rows from before this column.';
comment on column task_runs.crashes is 'Earlier runs that ended their worker at the same segment.';
