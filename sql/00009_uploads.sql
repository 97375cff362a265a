-- What the uploader says of the file. Whether its object is there only the store knows, and it is asked.
alter table uploads add column filename text, add column size_bytes bigint, add column content_type text;
comment on column uploads.size_bytes is 'As announced; the upload is whole when the object has as many.';
comment on column uploads.content_type is 'A hint, and never more: what a file is tells its probe.';
comment on column uploads.expires_at is 'UPLOAD_KEEP_S after the last address was signed. Before 00009: the end of the only address.';
update uploads set expires_at = expires_at + interval '1 day' where closed_at is null;
