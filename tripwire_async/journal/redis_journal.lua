-- One step of a journal. ARGV[1] names it; an empty name does nothing. Times are milliseconds of the server's clock.
--
-- RUN        hash: the values frozen at the start, and the state of the run
-- LOG        stream: one entry per exchange that appends, with a field for each chunk
-- CHUNKS     stream: one entry per chunk that has not ended. The consumer group holds their leases
-- ENDPOINTS  hash: the endpoints of each chunk, as JSON
-- POSITIONS  hash: the last entry of the log when a chunk was claimed for the first time
-- COUNTS     hash: the totals
-- WORKERS    sorted set: the time until which each worker is alive and holds its chunks
-- REPLIES    hash: the number and the reply of the last exchange of each worker
local RUN, LOG, CHUNKS, ENDPOINTS, POSITIONS, COUNTS, WORKERS, REPLIES = unpack(KEYS)
local GROUP = 'leases'
local FREE = 'free chunks' -- holds what workers gave back
local DAY = 86400000
local SCAN = 100

local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)

local function text(number)
  return string.format('%.0f', number)
end

local function hash(key)
  local flat, values = redis.call('HGETALL', key), {}
  for index = 1, #flat, 2 do
    values[flat[index]] = flat[index + 1]
  end
  return values
end

local function server(pattern)
  return string.match(redis.call('INFO', 'server'), pattern)
end

-- The id of an entry cannot be 0-0.
local function entry(chunk)
  return text(chunk + 1) .. '-0'
end

local function chunk_of(id)
  return tonumber(string.match(id, '^%d+')) - 1
end

local function alive()
  return redis.call('ZCOUNT', WORKERS, '(' .. text(now), '+inf')
end

local function is_alive(worker)
  local score = redis.call('ZSCORE', WORKERS, worker)
  return score and tonumber(score) > now
end

local function description(run)
  return {'found', cjson.encode(run), redis.call('HGETALL', COUNTS), alive(), text(now)}
end

-- Let all keys expire together, once the run is finished.
local function expire(run, open)
  if open == 0 and not run.finished then
    redis.call('HSET', RUN, 'finished', text(now))
    if run.keep then
      run.expires = text(now + run.keep)
      redis.call('HSET', RUN, 'expires', run.expires)
    end
  end
  if run.expires then
    for _, key in ipairs(KEYS) do
      redis.call('PEXPIREAT', key, run.expires)
    end
  end
end

local function begin(new)
  local run = hash(RUN)
  if run.id then
    return description(run)
  end
  if not new then
    return {'missing'}
  end
  local version = tonumber(server('redis_version:(%d+)'))
  if version < 7 then
    return {'old', server('redis_version:([%w.]+)')}
  end
  local memory = redis.call('INFO', 'memory')
  local policy = string.match(memory, 'maxmemory_policy:(allkeys%S+)')
  if policy and string.match(memory, 'maxmemory:([1-9])') then
    return {'evicts', policy}
  end
  if redis.call('EXISTS', unpack(KEYS)) > 0 then
    -- The rest of a run that was deleted in part.
    redis.call('DEL', unpack(KEYS))
  end
  -- The first write, which fails without streams or without memory.
  redis.call('XGROUP', 'CREATE', CHUNKS, GROUP, '0', 'MKSTREAM')
  for index = 3, #ARGV do
    local chunk = index - 3
    redis.call('HSET', ENDPOINTS, chunk, ARGV[index])
    redis.call('XADD', CHUNKS, entry(chunk), 'chunk', chunk)
  end
  for name, value in pairs(cjson.decode(new)) do
    redis.call('HSET', RUN, name, value)
  end
  redis.call('HSET', RUN, 'created', text(now), 'server', server('run_id:(%w+)'), 'last', '0-0')
  run = hash(RUN)
  expire(run, #ARGV - 2)
  return description(hash(RUN))
end

-- The id of the server's process changes with a restart and with a failover, which can lose the last writes.
local function epoch(run)
  local id, changes = server('run_id:(%w+)'), tonumber(run.changes or 0)
  if run.server ~= id then
    changes = redis.call('HINCRBY', RUN, 'changes', 1)
    redis.call('HSET', RUN, 'server', id)
  end
  return changes > 0 and (changes .. ':' .. id) or ''
end

-- Forget the workers that have been silent for a day, but none that still holds a chunk in the group.
local function prune()
  for _, worker in ipairs(redis.call('ZRANGEBYSCORE', WORKERS, '-inf', text(now - DAY))) do
    redis.call('ZREM', WORKERS, worker)
    redis.call('HDEL', REPLIES, worker)
    if #redis.call('XPENDING', CHUNKS, GROUP, '-', '+', 1, worker) == 0 then
      redis.call('XGROUP', 'DELCONSUMER', CHUNKS, GROUP, worker)
    end
  end
end

local function holds(worker, chunk)
  local id = entry(chunk)
  return #redis.call('XPENDING', CHUNKS, GROUP, id, id, 1, worker) > 0
end

-- Store what the worker still has the right to store; return the chunks that it has lost.
local function store(run, ask, is_current)
  local refused, fields = {}, {}
  for index, append in ipairs(ask.appends) do
    if is_current and holds(ask.worker, append.chunk) then
      fields[#fields + 1] = append.chunk
      fields[#fields + 1] = ARGV[2 + index]
      for name, count in pairs(append.counts) do
        redis.call('HINCRBY', COUNTS, name, count)
      end
    else
      refused[#refused + 1] = append.chunk
    end
  end
  if #fields > 0 then
    run.last = redis.call('XADD', LOG, '*', unpack(fields))
    redis.call('HSET', RUN, 'last', run.last)
  end
  for _, chunk in ipairs(ask.ended) do
    if is_current and holds(ask.worker, chunk) then
      redis.call('XACK', CHUNKS, GROUP, entry(chunk))
      redis.call('XDEL', CHUNKS, entry(chunk))
    else
      refused[#refused + 1] = chunk
    end
  end
  return refused
end

local function leave(worker)
  local held = redis.call('XPENDING', CHUNKS, GROUP, '-', '+', SCAN, worker)
  while #held > 0 do
    for _, each in ipairs(held) do
      redis.call('XCLAIM', CHUNKS, GROUP, FREE, 0, each[1], 'JUSTID')
    end
    held = redis.call('XPENDING', CHUNKS, GROUP, '-', '+', SCAN, worker)
  end
  redis.call('XGROUP', 'DELCONSUMER', CHUNKS, GROUP, worker)
  -- Kept as a worker that is not alive, so that its last ask is known until it is pruned.
  redis.call('ZADD', WORKERS, text(now), worker)
end

-- Lease chunks to the worker: first the chunks of dead workers, then new ones.
local function claim(run, ask)
  local claims, claimed = {}, 0
  local function take(id)
    local chunk = chunk_of(id)
    local position = redis.call('HGET', POSITIONS, chunk)
    if not position then
      redis.call('HSET', POSITIONS, chunk, run.last)
    end
    claims[#claims + 1] = {chunk, position or ''}
    claimed = claimed + math.min(run.chunk_size, run.endpoints - chunk * run.chunk_size)
  end
  local from = '-'
  while claimed < ask.wanted do
    local pending = redis.call('XPENDING', CHUNKS, GROUP, from, '+', SCAN)
    for _, each in ipairs(pending) do
      local id, holder = each[1], each[2]
      if claimed < ask.wanted and holder ~= ask.worker and not is_alive(holder) then
        redis.call('XCLAIM', CHUNKS, GROUP, ask.worker, 0, id, 'JUSTID')
        take(id)
      end
      from = '(' .. id
    end
    if #pending < SCAN then
      break
    end
  end
  while claimed < ask.wanted do
    local new = redis.call('XREADGROUP', 'GROUP', GROUP, ask.worker, 'COUNT', 1, 'STREAMS', CHUNKS, '>')
    if not new then
      break
    end
    take(new[1][2][1][1])
  end
  return claims
end

local function render(reply)
  local claims = {}
  for _, each in ipairs(reply.claims) do
    claims[#claims + 1] = {each[1], redis.call('HGET', ENDPOINTS, each[1]), each[2]}
  end
  return {
    'done', reply.refused, claims, reply.open, reply.workers, reply.paused and 1 or 0, reply.counts, reply.time,
    reply.epoch,
  }
end

local function exchange(ask)
  local run = hash(RUN)
  if run.id ~= ask.run then
    return {run.id and 'replaced' or 'missing'}
  end
  local known = redis.call('HGET', REPLIES, ask.worker)
  known = known and cjson.decode(known)
  if known and ask.number <= known.number then
    -- A lower number is a question that was cut off and arrives late; its reply is not read.
    return ask.number == known.number and render(known.reply) or {'late'}
  end
  local worker = ask.worker
  local joined = known and not known.left and known.joined
  if not joined then
    joined = tonumber(run.pauses or 0)
    redis.call('HSET', RUN, 'paused', '')
    prune()
  end
  local lives = ask.lease > 0
  if lives then
    redis.call('ZADD', WORKERS, text(now + ask.lease), worker)
  end
  local reply = {epoch = epoch(run), claims = {}, time = text(now)}
  -- A worker that does not know of the last loss must not end a chunk whose records are gone.
  local is_current = reply.epoch == ask.epoch
  reply.refused = store(run, ask, is_current)
  reply.paused = tonumber(run.pauses or 0) > joined
  if not lives then
    leave(worker)
  elseif is_current and not reply.paused then
    reply.claims = claim(run, ask)
  end
  reply.open = redis.call('XLEN', CHUNKS)
  reply.workers = alive()
  reply.counts = redis.call('HGETALL', COUNTS)
  local record = {number = ask.number, joined = joined, left = not lives, reply = reply}
  redis.call('HSET', REPLIES, worker, cjson.encode(record))
  expire(run, reply.open)
  return render(reply)
end

if ARGV[1] == '' then
  return
elseif ARGV[1] == 'begin' then
  return begin(ARGV[2])
elseif ARGV[1] == 'exchange' then
  return exchange(cjson.decode(ARGV[2]))
elseif ARGV[1] == 'read' then
  return redis.call('XRANGE', LOG, ARGV[2], '+', 'COUNT', ARGV[3])
elseif ARGV[1] == 'pause' then
  if redis.call('EXISTS', RUN) == 0 then
    return {'missing'}
  end
  if redis.call('HEXISTS', RUN, 'finished') == 0 then
    redis.call('HSET', RUN, 'paused', '1')
  end
  redis.call('HINCRBY', RUN, 'pauses', 1)
  return {'done'}
elseif ARGV[1] == 'drop' then
  return {redis.call('DEL', unpack(KEYS)) > 0 and 'done' or 'missing'}
end
