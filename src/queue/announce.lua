-- KEYS[1] stream; ARGV: group, length limit or '', then for each task: its former entry or '', its id.
-- Adds an entry for each, in order, in place of the former one. Returns their ids, fewer where the
-- stream became as long as the limit.
local added = {}
for i = 3, #ARGV, 2 do
  if ARGV[2] ~= '' and redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then break end
  if ARGV[i] ~= '' then
    redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
    redis.call('XDEL', KEYS[1], ARGV[i])
  end
  added[#added + 1] = redis.call('XADD', KEYS[1], '*', 'task', ARGV[i + 1])
end
return added
