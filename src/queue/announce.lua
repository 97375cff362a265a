-- KEYS[1] stream; ARGV: group, the task's former entry or '', task id, length limit or ''.
-- Returns the new entry's id, or nil when the stream is as long as the limit already.
if ARGV[4] ~= '' and redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[4]) then return nil end
if ARGV[2] ~= '' then
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
  redis.call('XDEL', KEYS[1], ARGV[2])
end
return redis.call('XADD', KEYS[1], '*', 'task', ARGV[3])
