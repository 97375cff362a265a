-- What was answered to a request with an Idempotency-Key; committed with what that request made.
create table idempotency_keys (
  owner       text not null default 'default',
  route       text not null,
  key         text not null,
  fingerprint bytea not null,
  location    text,
  body        text not null,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  primary key (owner, route, key)
);
comment on column idempotency_keys.fingerprint is 'SHA-256 of the request''s canonical JSON.';
comment on column idempotency_keys.body is 'As it was sent, so that it comes back byte for byte.';
create index idempotency_keys_by_expiry on idempotency_keys (expires_at);
