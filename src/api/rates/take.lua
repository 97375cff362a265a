-- KEYS[1] one client's allowance of one policy; ARGV: microseconds in which a unit comes back, units that it holds,
-- units that are wanted; fewer are given where fewer are left.
-- The generic cell rate algorithm (ITU-T I.371, annex A): the one number that is kept is the time at which the
-- allowance is whole again. By the clock of this server, so that all who ask mean the same time.
-- Returns units given, units left, microseconds until it is whole; or 0, 0, microseconds until there is a unit.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval = tonumber(ARGV[1])
local window = interval * tonumber(ARGV[2])
local whole = math.max(tonumber(redis.call('GET', KEYS[1])) or now, now)
-- A clock that was set back must not keep anybody out for longer than a window.
whole = math.min(whole, now + window)
local room = math.floor((now + window - whole) / interval)
if room < 1 then return { 0, 0, math.ceil(whole + interval - now - window) } end
local units = math.min(room, tonumber(ARGV[3]))
whole = whole + interval * units
redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000))
return { units, room - units, math.ceil(whole - now) }
