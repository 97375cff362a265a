#!/bin/sh
# A role for each process that uses the database, without any right: `migrate` grants what each needs
# (src/grants.sql). Run by the image when it sets itself up, and by hand as often as you like.
set -eu
psql -v ON_ERROR_STOP=1 --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  -v api="$POSTGRES_API_PASSWORD" -v worker="$POSTGRES_WORKER_PASSWORD" -v courier="$POSTGRES_COURIER_PASSWORD" <<'SQL'
select format('create role %I login nosuperuser nocreatedb nocreaterole noreplication connection limit -1', name)
from unnest(array['stepladder_api', 'stepladder_worker', 'stepladder_courier']) as name
where not exists (select from pg_roles where rolname = name) \gexec
alter role stepladder_api password :'api';
alter role stepladder_worker password :'worker';
alter role stepladder_courier password :'courier';
SQL
