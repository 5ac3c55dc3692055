-- One rate limit for many processes: records what one of them reports and grants it slots, in one atomic step.
--
-- A slot is the right to send one request. It is open from its grant until its end is reported. Then it counts for one
-- window after that end, because the service counted the request no later. The open slots of a client that is silent for
-- a LEASE are released: its process is gone, or has no waiting call. If its requests were counted, the next response
-- corrects the count.
--
-- All times are microseconds on the clock of this server, which all processes share.

if ARGV[1] == '' then
  return {} -- sent to open a connection and to load this script
end

local STATE, SLOTS, CLIENTS, ASKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ENDED = KEYS[5] -- for each report of this client, the number of its requests, until the last of them has left

local LEASE = 5000000
local RECHECK_INTERVAL = 20000 -- between two requests for what only the end of a request can change
local BATCH_INTERVAL = 5000 -- between two batches for one client
local MAX_WAIT = 1000000
local WAITING_GRACE = 200000 -- how late a client that waits for slots may ask again
local KEEP = 86400000 -- milliseconds for which everything is kept without a request
local MAX_SLOTS = 20000
local FORGET_AFTER = 60000000
local REPORT_DELAY = 100000 -- by how much the times of a report may be late if that is unknown
local MAX_REPORT_DELAY = 1000000 -- a longer one is a clock that was set
local OPEN = 4e15 -- added to the score of open slots, so that they count and sort after all finished ones

local request = cjson.decode(ARGV[1])

-- Numbers become text with 14 digits, and microseconds since 1970 have 16.
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
local held_until, half_open, probe = known('held_until', 0), known('half_open', 0), state.probe or ''
local newest, reported, reported_at = known('newest', 0), known('reported', 0), known('reported_at', 0)
local other_clients, other_clients_until = known('other_clients', 0), known('other_clients_until', 0)
local probe_at, unexpected_at, shrunk_at = known('probe_at', 0), known('unexpected_at', 0), known('shrunk_at', 0)
local checked, last = known('checked', 0), known('last')

local forgotten = not last
if last and now < last then
  -- The clock of this server was set back. By little: keep the time. By more: the counted requests are unknown.
  if now < last - 1000000 then
    redis.call('DEL', SLOTS, CLIENTS, ASKS)
    held_until, newest, reported, reported_at = 0, 0, 0, 0
    other_clients, other_clients_until, probe_at, unexpected_at, shrunk_at, checked = 0, 0, 0, 0, 0, 0
    probe, forgotten = '', true
  else
    now = last
  end
end
if forgotten then
  limit, window = limit or request.limit, window or request.window
  if limit then
    -- There was a store before this one. A single request goes first and shows how many the service counts.
    half_open = 1
  end
end

-- How long a request counts after its end, with a margin for clock drift and rounding.
local function lifetime()
  return window + 1000 + window * 0.0005
end

local function count(from, to)
  return redis.call('ZCOUNT', SLOTS, from, to)
end

-- The time at which a finished request was sent is the end of its name.
local function sent_at(member)
  return tonumber(string.match(member, '|(%d+)'))
end

-- Shorten the window if the service counts fewer requests than were sent in it.
local function shrink(sent, at, counted)
  -- One measurement must not take too much away.
  if not window or now < shrunk_at + window or count(text(sent - window), '(' .. text(sent)) <= counted + 1 then
    return
  end
  -- One more than the count must have left; another one more, for services that count a request after reporting.
  local missing, oldest = counted + 1, sent
  for _, member in ipairs(redis.call('ZREVRANGEBYSCORE', SLOTS, '(' .. text(sent), '-inf')) do
    local left = sent_at(member)
    if left and string.sub(member, -1) ~= '?' then
      oldest = math.min(oldest, left)
      missing = missing - 1
      if missing == 0 then
        local shorter = math.max(at - oldest, math.ceil(window / 2))
        if shorter < window then
          window, shrunk_at = shorter, now
        end
        return
      end
    end
  end
end

-- Infer the length of the window from a rejection: the oldest of the last requests that fit is the next to leave.
local function infer(sent, at, retry_after)
  local members = redis.call('ZREVRANGEBYSCORE', SLOTS, text(at), '-inf', 'LIMIT', 0, limit)
  local oldest = sent
  for _, member in ipairs(members) do
    oldest = math.min(oldest, sent_at(member) or sent)
  end
  local bound, whole = at + retry_after - oldest, #members >= limit
  if not window then
    -- With only a few of our requests in the window, the oldest counted one is hardly one of them.
    if whole or #members > limit / 2 then
      window = bound
    end
  elseif sent >= unexpected_at and count(text(sent - lifetime()), '+inf') <= limit then
    -- There was room by our count: other clients use the key, or the window is longer than assumed.
    unexpected_at = at
    if whole and bound > window then
      window = math.min(bound, 2 * window)
    end
  end
end

local asked = { number = 0, granted = 0, serial = 0, open = 0 }
local before = redis.call('HGET', ASKS, request.client)
if before then
  asked = cjson.decode(before)
else
  redis.call('DEL', ENDED)
end

-- A report has its own way to this server, so its times are late. By how much at most follows from the earliest time
-- at which the client can have made the report. Without it, nothing may depend on the report's order among others.
local delay = request.earliest and now - request.earliest
local is_delay_known = delay and delay >= 0 and delay <= MAX_REPORT_DELAY
if not is_delay_known then
  delay = REPORT_DELAY
end

redis.call('ZREM', CLIENTS, request.client)
local waiting = redis.call('ZRANGEBYSCORE', CLIENTS, '(' .. text(now), '+inf')
local others = #waiting

local ended, last_end = 0, 0 -- how many requests of this report count, and the end of the last one
local newest_response -- the newest response in this report that has a count

-- Record the end of a request: it was sent at *sent* or later, and had ended by *at*.
local function record(finished)
  local slot = request.client .. ':' .. finished.slot
  local sent, at = now - delay - finished.sent_ago, now - finished.ended_ago
  asked.open = math.max(0, asked.open - redis.call('ZREM', SLOTS, slot))
  if finished.outcome ~= 'unsent' then
    local doubt = finished.outcome == 'accepted' and is_delay_known and '' or '?'
    redis.call('ZADD', SLOTS, text(at), slot .. '|' .. text(sent) .. doubt)
    ended, last_end = ended + 1, math.max(last_end, at)
  end
  if finished.limit and sent >= newest then
    newest, limit = sent, finished.limit
  end
  if finished.count and (sent >= reported_at or finished.count >= reported) then
    -- A response replaces all responses from before its request was sent. Of the others, the highest count includes all.
    reported, reported_at = finished.count, at
  end
  if probe == slot then
    probe = ''
    if finished.outcome == 'accepted' then
      half_open = 0
    end
  end
  if finished.outcome == 'accepted' then
    if finished.limit and finished.count and (not newest_response or sent >= newest_response.sent) then
      newest_response = { sent = sent, at = at, count = finished.count }
    end
  elseif finished.outcome == 'rejected' and limit then
    reported, reported_at = math.max(reported, limit), at
    if finished.retry_after then
      infer(sent, at, finished.retry_after)
    end
  end
  if finished.outcome == 'rejected' or finished.hold > 0 then
    held_until, half_open = math.max(held_until, at + finished.hold), 1
    if finished.outcome == 'rejected' then
      probe_at = 2 * held_until - at
    end
  end
end

for _, finished in ipairs(request.finished) do
  if finished.serial > asked.serial then
    asked.serial = finished.serial
    record(finished)
  end
end
if ended > 0 then
  redis.call('ZADD', ENDED, text(last_end), asked.serial .. ':' .. ended)
end
if newest_response then
  if is_delay_known then
    shrink(newest_response.sent, newest_response.at, newest_response.count)
  end
  if window and newest_response.sent >= newest then
    -- What the service counts and this store does not was sent by clients that do not use this store.
    other_clients = math.max(0, newest_response.count - count('(' .. text(newest_response.sent - lifetime()), '+inf'))
    other_clients_until = newest_response.at + lifetime()
  end
end
if limit then
  local finished = count('-inf', '(' .. text(OPEN))
  local surplus = finished - math.min(2 * limit, MAX_SLOTS)
  if surplus > 0 then
    redis.call('ZREMRANGEBYRANK', SLOTS, 0, surplus - 1)
  end
end

-- Release the open slots of clients that are silent for a lease. Each is checked once, at the end of its lease.
local function release(client)
  local theirs = cjson.decode(redis.call('HGET', ASKS, client) or '{"open":0}')
  if theirs.open > 0 then
    for _, slot in ipairs(redis.call('ZRANGEBYSCORE', SLOTS, text(OPEN), '+inf')) do
      if string.sub(slot, 1, #client + 1) == client .. ':' then
        redis.call('ZREM', SLOTS, slot)
        if probe == slot then
          probe = ''
        end
      end
    end
    theirs.open = 0
    redis.call('HSET', ASKS, client, cjson.encode(theirs))
  end
end

for _, client in ipairs(redis.call('ZRANGEBYSCORE', CLIENTS, '(' .. text(checked), text(now - LEASE))) do
  release(client)
end
checked = now - LEASE
for _, client in ipairs(redis.call('ZRANGEBYSCORE', CLIENTS, '-inf', text(now - FORGET_AFTER))) do
  redis.call('ZREM', CLIENTS, client)
  redis.call('HDEL', ASKS, client)
end

local open = count(text(OPEN), '+inf')
local counts_for = window and lifetime() or FORGET_AFTER
redis.call('ZREMRANGEBYSCORE', ENDED, '-inf', text(now - counts_for))

-- Each client that waits for slots may use an equal part of them. It uses its open slots, and its finished ones that
-- count. So a client that is far away or slow finds its part. The remainder goes to other clients in each window.
local function part_of(available)
  local clients, position = others + 1, math.floor(now / window)
  for _, client in ipairs(waiting) do
    if client < request.client then
      position = position + 1
    end
  end
  position = position % clients
  local part = math.floor((position + 1) * available / clients) - math.floor(position * available / clients)
  for _, member in ipairs(redis.call('ZRANGE', ENDED, 0, -1)) do
    part = part - string.match(member, ':(%d+)')
  end
  return part - asked.open
end

local wanted, granted, wait = request.interactive + request.bulk, 0, 0
if asked.number == request.number then
  granted = asked.granted
  asked.open = asked.open - granted
elseif wanted == 0 then
  granted = 0
elseif now < held_until then
  wait = held_until - now
elseif half_open == 1 then
  if probe == '' then
    granted = 1
    probe = request.client .. ':' .. request.number .. '.1'
  end
  wait = RECHECK_INTERVAL
elseif not limit then
  -- The client starts slowly by itself: it requests no more slots than it had responses.
  granted = wanted
else
  local reserve = limit >= 100 and window and window > 5000000 and math.floor(limit / 50) or 0
  local since, free
  if window then
    since = '(' .. text(now - lifetime())
    other_clients = now < other_clients_until and other_clients or 0
    free = limit - other_clients - count(since, '+inf')
  else
    free = limit - reported - open
  end
  -- The next client must find slots too: grant small batches, and equal parts.
  local part = free
  if window and others > 0 then
    part = math.min(free, part_of(limit - other_clients - (request.interactive > 0 and 0 or reserve)))
  end
  local batch = math.min(part, math.max(4, math.ceil(limit / 10)))
  local interactive = math.max(0, math.min(request.interactive, batch))
  local bulk = math.max(0, math.min(request.bulk, batch - interactive, free - reserve - interactive))
  granted = interactive + bulk
  if not window and free <= 0 and open == 0 and now >= probe_at then
    granted = 1 -- only a rejection can tell when the next one fits
  end
  if granted < wanted then
    local short = 1 - (free - granted) + (interactive < request.interactive and 0 or reserve)
    if short <= 0 then
      wait = part > batch and BATCH_INTERVAL or RECHECK_INTERVAL -- until the next batch, or until others had theirs
    elseif not window then
      wait = open == 0 and math.max(RECHECK_INTERVAL, probe_at - now) or RECHECK_INTERVAL
    else
      -- Until several fit at once, which saves requests, but hardly longer than until the first one does.
      local function leaves(index)
        local found = redis.call('ZRANGEBYSCORE', SLOTS, since, text(now), 'WITHSCORES', 'LIMIT', index, 1)
        return found[2] and found[2] + lifetime()
      end
      local several = short - 1 + math.min(wanted - granted, math.max(1, math.floor(limit / 20)))
      local first = leaves(short - 1)
      local at = first and math.min(first + RECHECK_INTERVAL, leaves(several - 1) or math.huge) or now + lifetime()
      if other_clients > 0 then
        at = math.min(at, other_clients_until)
      end
      wait = at - now
    end
  end
end
wait = math.max(1000, math.min(wait, MAX_WAIT))

for i = 1, granted do
  redis.call('ZADD', SLOTS, text(OPEN + now), request.client .. ':' .. request.number .. '.' .. i)
end
redis.call('ZADD', CLIENTS, text(granted < wanted and now + wait + WAITING_GRACE or now), request.client)
redis.call('HSET', ASKS, request.client, cjson.encode({
  number = request.number, granted = granted, serial = asked.serial, open = math.max(0, asked.open) + granted,
}))
redis.call(
  'HSET', STATE, 'last', text(now), 'held_until', text(held_until), 'half_open', half_open, 'probe', probe,
  'newest', text(newest), 'reported', reported, 'reported_at', text(reported_at),
  'other_clients', other_clients, 'other_clients_until', text(other_clients_until),
  'probe_at', text(probe_at), 'unexpected_at', text(unexpected_at), 'shrunk_at', text(shrunk_at),
  'checked', text(checked)
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
redis.call('PEXPIRE', ENDED, math.ceil(math.max(FORGET_AFTER, counts_for) / 1000))

local unsettled = (half_open == 1 or not limit or not window) and 1 or 0
return {
  granted, math.ceil(wait), limit or -1, window and math.ceil(window) or -1,
  math.ceil(math.max(0, held_until - now)), unsettled, others, now,
}
