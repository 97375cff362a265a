-- Who may ask, and what is whose.
set local statement_timeout = 0;

create table api_keys (
  id           text primary key,
  secret_hash  bytea not null,
  owner        text not null,
  name         text not null,
  scopes       text[] not null check (cardinality(scopes) > 0 and scopes <@ array['submit', 'read', 'admin']),
  created_at   timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at   timestamptz,
  revoked_at   timestamptz
);
comment on table api_keys is 'Rows stay when a key is revoked: an API that ever had a key never opens again.';
comment on column api_keys.secret_hash is 'SHA-256 of the secret, which has 256 bits and is kept nowhere.';

alter table maintenance add column token_secret bytea;
comment on column maintenance.token_secret is 'Signs sessions and links, unless TOKEN_SECRET does; made by the first API that needs it.';

-- A source is one owner's: no other owner's video can name it.
alter table sources add column owner text not null default 'default';
alter table sources add constraint sources_of_owner unique (key, owner);
alter table videos drop constraint videos_source_key_fkey;
alter table videos add constraint videos_source_of_owner
  foreign key (source_key, owner) references sources (key, owner);

create index videos_by_owner on videos (owner, created_at desc, id desc);
create index videos_by_owner_status on videos (owner, status, created_at desc, id desc);
