-- The one writer of progress:<video_id>. Accepts a message only when newer, recomputes the whole,
-- stamps an increasing seq, publishes one JSON snapshot to both channels and keeps it in `json`.
-- KEYS[1] hash; ARGV: the video's channel, the channel of all, time to live in s, the message (JSON).
-- Returns 'cold' when the hash lacks its totals (lost with Redis, or of an earlier life of the job): the
-- caller seeds it and repeats. 'old' when the message tells nothing newer.
local key = KEYS[1]
local m = cjson.decode(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function get(field) return redis.call('HGET', key, field) or nil end
local function num(field) return tonumber(get(field) or 0) or 0 end
local function set(field, value) redis.call('HSET', key, field, value) end
local function given(value) return value ~= nil and value ~= cjson.null end

local order = { queued = 0, fetching = 1, planning = 2, encoding = 3, packaging = 4, finishing = 5, done = 6 }
local function stage_to(stage)
  if (order[stage] or 0) >= (order[get('stage') or 'queued'] or 0) then set('stage', stage) end
end

local over = { completed = true, failed = true, cancelled = true }
local function is_over() return over[get('status')] == true end
local function is_cold() return not get('total') or is_over() end

local function forget_all_but(kept)
  local values = redis.call('HMGET', key, unpack(kept))
  redis.call('DEL', key)
  for i, field in ipairs(kept) do if values[i] then set(field, values[i]) end end
end

-- A seed was read from the rows a moment ago: it must not undo what runs reported since, so it counts
-- only where totals are lacking or another plan's.
local function seed()
  if not is_cold() and m.generation <= num('generation') then return false end
  forget_all_but({ 'seq', 'percent' })
  set('generation', m.generation)
  set('status', m.status); set('stage', m.stage)
  set('total', given(m.total) and m.total or '')
  set('units_per_s', given(m.units_per_s) and m.units_per_s or '')
  set('frames_shown', m.frames_shown and 1 or 0)
  set('chunks_total', m.chunks_total); set('chunks_done', m.chunks_done); set('chunks_running', 0)
  set('pack_total', m.pack_total); set('pack_done', m.pack_done)
  set('units', 0)
  set('rungs', cjson.encode(m.rungs))
  for _, rung in ipairs(m.rungs) do
    set('segments:' .. rung.name, rung.segments); set('bytes:' .. rung.name, rung.bytes)
  end
  for _, task in ipairs(m.tasks) do
    set('t:' .. task.id, task.fence .. ':' .. task.units .. ':' .. task.state)
    redis.call('HINCRBY', key, 'units', task.units)
  end
  return true
end

-- A run's own report: (fence, units) may only grow; a later fence may fall back to what is committed.
-- MP4s and figures come after the seed; any other task it does not know is of an earlier plan.
local function task()
  local field = 't:' .. m.task
  local known = get(field)
  if not known and not m.pack then return false end
  local fence, units, state = string.match(known or '0:0:idle', '^(%d+):(%d+):(%a+)$')
  fence, units = tonumber(fence), tonumber(units)
  if m.fence < fence or (m.fence == fence and state == 'done') then return false end
  local next_units = m.units
  if m.fence == fence and next_units < units then next_units = units end
  redis.call('HINCRBY', key, 'units', next_units - units)
  set(field, m.fence .. ':' .. next_units .. ':' .. m.state)
  if m.chunk and m.state ~= state then
    if m.state == 'running' then redis.call('HINCRBY', key, 'chunks_running', 1) end
    if state == 'running' and num('chunks_running') > 0 then redis.call('HINCRBY', key, 'chunks_running', -1) end
    if m.state == 'done' then redis.call('HINCRBY', key, 'chunks_done', 1) end
  end
  if m.pack and m.state == 'done' and state ~= 'done' then redis.call('HINCRBY', key, 'pack_done', 1) end
  if given(m.added) then
    for name, bytes in pairs(m.added) do
      redis.call('HINCRBY', key, 'segments:' .. name, 1); redis.call('HINCRBY', key, 'bytes:' .. name, bytes)
    end
  end
  if given(m.stage) then stage_to(m.stage) end
  return true
end

local function stage()
  if is_over() then return false end
  set('status', m.status); stage_to(m.stage)
  if given(m.fetched) then
    set('fetched', m.fetched.bytes)
    if given(m.fetched.total_bytes) then set('fetched_total', m.fetched.total_bytes) end
  end
  return true
end

local function finish()
  set('status', m.status); set('stage', 'done'); set('chunks_running', 0)
  if given(m.error) then set('error_code', m.error.code); set('error_message', m.error.message) end
  return true
end

local function restart()
  forget_all_but({ 'seq' })
  set('status', 'queued')
  return true
end

-- Units a second, smoothed over the last few seconds; all workers together.
local function measure()
  local at = num('rate_at')
  if at == 0 then set('rate_at', now); set('rate_units', num('units')); return end
  local span = now - at
  if span < 1000 then return end
  local rate = math.max(0, num('units') - num('rate_units')) * 1000 / span
  local weight = math.min(0.7, span / 8000 + 0.15)
  local old = get('rate')
  set('rate', old and (tonumber(old) * (1 - weight) + rate * weight) or rate)
  set('rate_at', now); set('rate_units', num('units'))
end

-- Encoding is 95 of 100, the MP4s and figures 4, the finish the rest. Never backwards.
local function percent()
  local total, value = tonumber(get('total') or ''), 0
  if total and total > 0 then value = 95 * math.min(1, num('units') / total) end
  if get('stage') == 'packaging' or get('stage') == 'finishing' then
    value = 95
    if num('pack_total') > 0 then value = 95 + 4 * math.min(1, num('pack_done') / num('pack_total')) end
  end
  if get('status') == 'completed' then value = 100 end
  value = math.max(value, num('percent'))
  set('percent', value)
  return math.floor(value * 10 + 0.5) / 10
end

local function snapshot()
  local total, per_s = tonumber(get('total') or ''), tonumber(get('units_per_s') or '')
  local active = get('stage') == 'encoding'
  local rate = active and tonumber(get('rate') or '') or nil
  local shown = get('frames_shown') == '1'
  local whole = percent()
  local rungs = {}
  for _, rung in ipairs(cjson.decode(get('rungs') or '[]')) do
    rungs[#rungs + 1] = cjson.encode({
      name = rung.name, segments = num('segments:' .. rung.name), bytes = num('bytes:' .. rung.name) })
  end
  local out = {
    video_id = m.video_id, seq = num('seq'), status = get('status') or 'queued', stage = get('stage') or 'queued',
    percent = whole,
    frames = shown and num('units') or 0,
    total_frames = shown and total or cjson.null,
    fps = shown and rate and math.floor(rate * 10 + 0.5) / 10 or cjson.null,
    speed = rate and per_s and math.floor(rate / per_s * 100 + 0.5) / 100 or cjson.null,
    eta_s = rate and rate > 0 and total and math.ceil(math.max(0, total - num('units')) / rate + 1) or cjson.null,
    chunks = { done = num('chunks_done'), running = num('chunks_running'), total = num('chunks_total') },
  }
  if get('fetched') then
    out.fetched = { bytes = num('fetched'), total_bytes = tonumber(get('fetched_total') or '') or cjson.null }
  end
  if get('error_code') then out.error = { code = get('error_code'), message = get('error_message') or '' } end
  local text = cjson.encode(out)
  -- cjson writes an empty Lua table as an object, so the list is set in by hand.
  return string.sub(text, 1, -2) .. ',"resolutions":[' .. table.concat(rungs, ',') .. ']}'
end

if m.op == 'task' and is_cold() then return 'cold' end
local take = { seed = seed, task = task, stage = stage, ['end'] = finish, restart = restart }
if not take[m.op]() then return 'old' end
measure()
set('seq', math.max(num('seq') + 1, now))
local text = snapshot()
set('json', text)
redis.call('EXPIRE', key, ARGV[3])
redis.call('PUBLISH', ARGV[1], text)
redis.call('PUBLISH', ARGV[2], text)
return 'ok'
