-- KEYS[1] stream; ARGV: group, idle time in ms. Returns the number of consumers deleted.
-- XGROUP DELCONSUMER drops what the consumer has pending for good. So the look and the deletion are one
-- step, and one with anything pending is left to the janitor first.
local gone = 0
for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #row, 2 do consumer[row[i]] = row[i + 1] end
  if consumer['pending'] == 0 and consumer['idle'] > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
    gone = gone + 1
  end
end
return gone
