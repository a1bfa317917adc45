"""What Redis does for us in one step each (Lua, EVAL: one round trip also after its restart).

Keys: the record (a hash, see ari_app.stores.serial), the set of all calls, the record's effects (a
hash: `?` begun, `=…` finished). A deleted record leaves its key with the field `gone` behind for a
while, so that a write that comes late cannot raise the dead.

Every write carries who wrote (`writer`, one for each store) and the writer's count (`attempt`).
When an answer did not come, the writer cannot know whether its attempts `since` then were carried
out: finding one of them in the record, it is not overtaken by anybody else but by itself.
"""

_PREAMBLE = """
local function unsure(writer, attempt)
  local last = tonumber(attempt or 0)
  return writer == ARGV[3] and last >= tonumber(ARGV[5]) and last < tonumber(ARGV[4])
end
"""

SAVE = (
    _PREAMBLE
    + """
-- KEYS record calls effects; ARGV format worker writer attempt since ms call revision record,
-- then key and value of each effect that the writer knows
local stored = redis.call('HMGET', KEYS[1], 'format', 'worker', 'writer', 'attempt', 'revision',
  'gone')
local ours, theirs = tonumber(ARGV[8]), tonumber(stored[5] or 0)
if stored[6] then return false end
if stored[1] then
  if stored[1] ~= ARGV[1] or stored[2] ~= ARGV[2] then return false end
  if theirs > ours and not unsure(stored[3], stored[4]) then return false end
end
local revision = math.max(ours, theirs) + 1
redis.call('HSET', KEYS[1], 'format', ARGV[1], 'worker', ARGV[2], 'writer', ARGV[3],
  'attempt', ARGV[4], 'revision', revision, 'record', ARGV[9])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('SADD', KEYS[2], ARGV[7])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
if theirs < ours then  -- the server lost what it had confirmed (a failover, no disk)
  for i = 10, #ARGV, 2 do
    redis.call('HSETNX', KEYS[3], ARGV[i], ARGV[i + 1])
    redis.call('PEXPIRE', KEYS[3], ARGV[6])
  end
end
return revision
"""
)
"The new revision, or nil: somebody else's, or over."

CLAIM = (
    _PREAMBLE
    + """
-- KEYS record; ARGV format worker writer attempt since ms lost
local stored = redis.call('HMGET', KEYS[1], 'format', 'worker', 'writer', 'attempt')
if stored[1] ~= ARGV[1] then return false end
if not unsure(stored[3], stored[4]) then
  if stored[2] ~= ARGV[7] then return false end
  if stored[2] == ARGV[2] and stored[3] == ARGV[3] then return false end
end
redis.call('HSET', KEYS[1], 'worker', ARGV[2], 'writer', ARGV[3], 'attempt', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'revision', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return redis.call('HMGET', KEYS[1], 'format', 'revision', 'worker', 'record')
"""
)
"The record's fields, or nil: not the lost one's any more."

DELETE = """
-- KEYS record calls effects; ARGV format worker ms call
local stored = redis.call('HMGET', KEYS[1], 'format', 'worker')
if stored[1] and (stored[1] ~= ARGV[1] or stored[2] ~= ARGV[2]) then return false end
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('HSET', KEYS[1], 'gone', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('SREM', KEYS[2], ARGV[4])
return 1
"""

LOAD_MANY = """
-- KEYS calls record...; ARGV call...
local found = {}
for i, call in ipairs(ARGV) do
  found[i] = redis.call('HMGET', KEYS[i + 1], 'format', 'revision', 'worker', 'record')
  if not found[i][1] then redis.call('SREM', KEYS[1], call) end
end
return found
"""
"The fields of each call's record; those that expired leave the set."

BEGIN = """
-- KEYS effects; ARGV key ms
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if stored then return stored end
redis.call('HSET', KEYS[1], ARGV[1], '?')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return false
"""
"nil for who comes first, else what is known of it."

FINISH = """
-- KEYS effects; ARGV key ms value
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""
