-- One rate limit for many processes: takes in what one of them tells, and grants it slots, as one step.
--
-- A slot is one request. Until its end is reported it counts for ABANDONED_AFTER longer than the window, in case its process is
-- gone; from then on for one window after its end, as the service counted it no later than that.
-- All times are microseconds on the clock of this server, which all processes share.

local STATE, SLOTS, CLIENTS, ASKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local ABANDONED_AFTER = 5000000 -- after which a request that nobody tells of has reached the service, or never will
local RECHECK_INTERVAL = 20000 -- between two looks at what only the end of a request can change; and to gather slots
local BATCH_INTERVAL = 5000 -- between two batches
local LONGEST_WAIT = 1000000
local NEAR = 200000 -- by which a process that waits for slots may be late
local KEEP = 86400000 -- milliseconds that all this is remembered when nobody asks
local MOST_SLOTS = 20000
local IDLE = 60000000

local request = cjson.decode(ARGV[1])

-- Numbers turn into text with 14 digits, and microseconds since 1970 have 16.
local function text(number)
  return string.format('%.0f', number)
end

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local state = {}
local fields = redis.call('HGETALL', STATE)
for i = 1, #fields, 2 do
  state[fields[i]] = fields[i + 1]
end
local function known(name, default)
  return tonumber(state[name]) or default
end

local limit, window = known('limit'), known('window')
local held_until, pending, probe = known('held_until', 0), known('pending', 0), state.probe or ''
local newest, reported, reported_at = known('newest', 0), known('reported', 0), known('reported_at', 0)
local other_clients, other_clients_until = known('other_clients', 0), known('other_clients_until', 0)
local probe_at, unexpected_at = known('probe_at', 0), known('unexpected_at', 0)
local last = known('last')

local forgotten = not last
if last and now < last then
  -- This server's clock was set back: by little, time stands still; by more, what counted is not known any more.
  if now < last - 1000000 then
    redis.call('DEL', SLOTS, CLIENTS, ASKS)
    held_until, newest, reported, reported_at = 0, 0, 0, 0
    other_clients, other_clients_until, probe_at, unexpected_at = 0, 0, 0, 0
    probe, forgotten = '', true
  else
    now = last
  end
end
if forgotten then
  limit, window = limit or request.limit, window or request.window
  if limit then
    -- There was a store before this one: a interactive request goes first, and tells how many the service counts.
    pending = 1
  end
end

-- How long a request counts after its end, with something to spare for clocks and rounding.
local function stay()
  return window + 1000 + window * 0.0005
end

local function count(from, to)
  return redis.call('ZCOUNT', SLOTS, from, to)
end

local newest_response -- the newest answer reported now that brought a count

-- The request that a slot was used for left at the time that its name ends with, once it has ended.
local function sent_at(member)
  return tonumber(string.match(member, '|(%d+)'))
end

-- Shorten the window if the service counts fewer requests than were sent in it.
local function tighten(sent, at, counted)
  if not window or count(text(sent - window), '(' .. text(sent)) <= counted + 1 then
    return
  end
  -- One more than the count must have left; another one more, for services that count the request afterwards.
  local missing, oldest = counted + 1, sent
  for _, member in ipairs(redis.call('ZREVRANGEBYSCORE', SLOTS, '(' .. text(sent), '-inf')) do
    local left = sent_at(member)
    if left and string.sub(member, -1) ~= '?' then
      oldest = math.min(oldest, left)
      missing = missing - 1
      if missing == 0 then
        window = math.min(window, at - oldest)
        return
      end
    end
  end
end

-- Take the length of the window from a refusal: the oldest of the last requests that fit is the one to leave.
local function infer(sent, at, retry_after)
  local members = redis.call('ZREVRANGEBYSCORE', SLOTS, text(at), '-inf', 'LIMIT', 0, limit)
  local oldest = sent
  for _, member in ipairs(members) do
    oldest = math.min(oldest, sent_at(member) or sent)
  end
  local bound, whole = at + retry_after - oldest, #members >= limit
  if not window then
    -- With only a few requests of ours in the window the oldest in it is hardly one of them.
    if whole or #members > limit / 2 then
      window = bound
    end
  elseif sent >= unexpected_at and count(text(sent - stay()), '+inf') <= limit then
    -- There was room by our count: others use the key too, or the window is longer than thought.
    unexpected_at = at
    if whole and bound > window then
      window = math.min(bound, 2 * window)
    end
  end
end

-- Note the end of a request.
local function record(ended)
  local slot = request.client .. ':' .. ended.slot
  local sent, at = now - ended.sent_ago, now - ended.ended_ago
  redis.call('ZREM', SLOTS, slot)
  if ended.outcome ~= 'unsent' then
    local doubt = ended.outcome == 'accepted' and '' or '?'
    redis.call('ZADD', SLOTS, text(at), slot .. '|' .. text(sent) .. doubt)
  end
  if ended.limit and sent >= newest then
    newest, limit = sent, ended.limit
  end
  if ended.count and (sent >= reported_at or ended.count >= reported) then
    -- An answer replaces those that had come when its request went out. Of the others the highest count counts them all.
    reported, reported_at = ended.count, at
  end
  if ended.outcome == 'accepted' then
    if ended.limit and ended.count and (not newest_response or sent >= newest_response.sent) then
      newest_response = { sent = sent, at = at, count = ended.count }
    end
    if probe == slot then
      probe, pending = '', 0
    end
  elseif probe == slot then
    probe = ''
  end
  if ended.outcome == 'rejected' then
    if limit then
      reported, reported_at = math.max(reported, limit), at
      if ended.retry_after then
        infer(sent, at, ended.retry_after)
      end
    end
    held_until, pending = math.max(held_until, at + ended.hold), 1
    probe_at = 2 * held_until - at
  end
end

local asked = cjson.decode(redis.call('HGET', ASKS, request.client) or '{"number":0,"granted":0,"period":0,"had":0,"serial":0}')
for _, ended in ipairs(request.finished) do
  if ended.serial > asked.serial then
    asked.serial = ended.serial
    record(ended)
  end
end
if newest_response then
  tighten(newest_response.sent, newest_response.at, newest_response.count)
  if window and newest_response.sent >= newest then
    -- What the service counts and we do not was sent by somebody who does not ask here.
    other_clients = math.max(0, newest_response.count - count('(' .. text(newest_response.sent - stay()), '+inf'))
    other_clients_until = newest_response.at + stay()
  end
end
if limit then
  redis.call('ZREMRANGEBYRANK', SLOTS, 0, -(math.min(2 * limit, MOST_SLOTS) + 1))
end

local under_way = count('(' .. text(now), '+inf')
if probe ~= '' and tonumber(redis.call('ZSCORE', SLOTS, probe) or 0) <= now then
  probe = ''
end

-- Who else waits for slots? Each of them may have an equal part of every window.
for _, client in ipairs(redis.call('ZRANGEBYSCORE', CLIENTS, '-inf', text(now - IDLE))) do
  redis.call('ZREM', CLIENTS, client)
  redis.call('HDEL', ASKS, client)
end
redis.call('ZREM', CLIENTS, request.client)
local others = redis.call('ZCOUNT', CLIENTS, '(' .. text(now), '+inf')
local period = window and math.floor(now / window) or 0
local had = asked.period == period and asked.had or 0

local wanted, granted, wait = request.interactive + request.bulk, 0, 0
if asked.number == request.number then
  granted = asked.granted
  had = math.max(0, had - granted)
elseif wanted == 0 then
  granted = 0
elseif now < held_until then
  wait = held_until - now
elseif pending == 1 then
  if probe == '' then
    granted = 1
    probe = request.client .. ':' .. request.number .. '.1'
  end
  wait = RECHECK_INTERVAL
elseif not limit then
  -- How to open is the asker's: it wants no more than it had answers.
  granted = wanted
else
  local reserve = limit >= 100 and window and window > 5000000 and math.floor(limit / 50) or 0
  local since, free
  if window then
    since = '(' .. text(now - stay())
    other_clients = now < other_clients_until and other_clients or 0
    free = limit - other_clients - count(since, '+inf')
  else
    free = limit - reported - under_way
  end
  -- Whoever comes a moment later is to find something: small batches, and an equal part for everybody.
  local part = others == 0 and free or math.min(free, math.ceil(limit / (others + 1)) - had)
  local batch = math.min(part, math.max(4, math.ceil(limit / 10)))
  local interactive = math.max(0, math.min(request.interactive, batch))
  local bulk = math.max(0, math.min(request.bulk, batch - interactive, free - reserve - interactive))
  granted = interactive + bulk
  if not window and free <= 0 and under_way == 0 and now >= probe_at then
    granted = 1 -- nothing else can tell when the next one fits: a refusal will
  end
  if granted < wanted then
    local short = 1 - (free - granted) + (interactive < request.interactive and 0 or reserve)
    if short <= 0 then
      wait = part > batch and BATCH_INTERVAL or RECHECK_INTERVAL -- until the next batch, or the others have had theirs
    elseif not window then
      wait = under_way == 0 and math.max(RECHECK_INTERVAL, probe_at - now) or RECHECK_INTERVAL
    else
      -- Until some fit at once, so that few questions are asked, but hardly longer than until the first does.
      local function leaves(index)
        local found = redis.call('ZRANGEBYSCORE', SLOTS, since, text(now), 'WITHSCORES', 'LIMIT', index, 1)
        return found[2] and found[2] + stay()
      end
      local some = short - 1 + math.min(wanted - granted, math.max(1, math.floor(limit / 20)))
      local first = leaves(short - 1)
      local when = first and math.min(first + RECHECK_INTERVAL, leaves(some - 1) or math.huge) or now + stay()
      if other_clients > 0 then
        when = math.min(when, other_clients_until)
      end
      wait = when - now
    end
  end
end
wait = math.max(1000, math.min(wait, LONGEST_WAIT))

for i = 1, granted do
  redis.call('ZADD', SLOTS, text(now + ABANDONED_AFTER), request.client .. ':' .. request.number .. '.' .. i)
end
redis.call('ZADD', CLIENTS, text(granted < wanted and now + wait + NEAR or now), request.client)
redis.call(
  'HSET', ASKS, request.client,
  cjson.encode({ number = request.number, granted = granted, period = period, had = had + granted, serial = asked.serial })
)
redis.call(
  'HSET', STATE, 'last', text(now), 'held_until', text(held_until), 'pending', pending, 'probe', probe,
  'newest', text(newest), 'reported', reported, 'reported_at', text(reported_at),
  'other_clients', other_clients, 'other_clients_until', text(other_clients_until),
  'probe_at', text(probe_at), 'unexpected_at', text(unexpected_at)
)
if limit then
  redis.call('HSET', STATE, 'limit', text(limit))
end
if window then
  redis.call('HSET', STATE, 'window', text(window))
end
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, KEEP)
end

local unsettled = (pending == 1 or not limit or not window) and 1 or 0
return {
  granted, math.ceil(wait), limit or -1, window and math.ceil(window) or -1,
  math.ceil(math.max(0, held_until - now)), unsettled, others,
}
