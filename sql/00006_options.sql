alter table videos add column options jsonb not null default '{}';
comment on column videos.options is 'What the submitter asked for beyond the source: src/media/job-options.ts.';

-- Figures of each rung against the source, made after the encode; one task a chunk.
alter table tasks drop constraint tasks_kind_check;
alter table tasks add constraint tasks_kind_check
  check (kind in ('fetch', 'plan', 'video', 'audio', 'subtitle', 'mp4', 'quality', 'finish'));
alter table resolutions add column quality jsonb, add column iframe_playlist_key text,
  add column iframe_average_bitrate_bps bigint, add column iframe_peak_bitrate_bps bigint;
comment on column resolutions.quality is 'SSIM, PSNR and VMAF over all frames; null unless asked for.';
