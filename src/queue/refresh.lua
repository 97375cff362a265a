-- KEYS[1] stream; ARGV: group, consumer, entry id.
-- Makes a running task's entry young again, only while it is ours: a bare XCLAIM by a worker that
-- lost its lease would take the entry back from its new owner.
local mine = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])
if #mine == 0 then return 0 end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'JUSTID')
return 1
