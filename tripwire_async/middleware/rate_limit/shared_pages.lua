-- Pages of events and the window of sends for many processes: one exchange of one process, in one atomic step.
--
-- All times are microseconds on the clock of this server.

if ARGV[1] == '' then
  return {} -- sent to open a connection and to load this script
end

local LEASE = 5000000 -- for which one process reads a page and the others wait
local PRESENCE = 5000000 -- for which a process counts after its last exchange
local LIFETIME = 60000000 -- of a page
local KEEP = 60000 -- milliseconds for which a key is kept without an exchange

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Numbers become text with 14 digits, and microseconds since 1970 have 16.
local function text(number)
  return string.format('%.0f', number)
end

-- The reports of the other processes that are present; the others are deleted.
local function others_in(key, worker)
  local present, fields = {}, redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    local report = cjson.decode(fields[i + 1])
    if math.abs(now - report.at) >= PRESENCE then
      redis.call('HDEL', key, fields[i])
    elseif fields[i] ~= worker then
      present[fields[i]] = report
    end
  end
  return present
end

local function store(key, worker, report)
  redis.call('HSET', key, worker, cjson.encode(report))
  redis.call('PEXPIRE', key, KEEP)
end

if ARGV[1] == 'page' then
  local PAGE, READERS, worker = KEYS[1], KEYS[2], ARGV[2]
  local after, is_due, is_reading = tonumber(ARGV[3]), ARGV[4] == '1', ARGV[5] == '1'
  local awaited, overdue, published = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
  local others = others_in(READERS, worker)
  local state = redis.call('HMGET', PAGE, 'started', 'reader', 'lease_end')
  local started, reader, lease_end = tonumber(state[1]) or 0, state[2] or '', tonumber(state[3]) or 0
  if started > 0 and (started <= now - LIFETIME or started > now) then
    started = 0 -- too old, or the clock of this server was set back
    redis.call('HDEL', PAGE, 'started', 'body')
  end
  if published > 0 then
    if published > started and published <= now then
      started = published
      redis.call('HSET', PAGE, 'started', text(started), 'body', ARGV[9])
      for other, report in pairs(others) do
        report.overdue = 0
        store(READERS, other, report)
      end
    end
    reader = reader ~= worker and reader or ''
  end
  if lease_end <= now or lease_end > now + LEASE then
    reader = ''
  end
  local has_page = started > (after <= now and after or 0)
  local is_reader = not has_page and is_due and (reader == '' or reader == worker)
  if is_reader then
    reader, lease_end = worker, now + LEASE
  elseif reader == worker and not is_reading then
    reader = ''
  end
  redis.call('HSET', PAGE, 'reader', reader, 'lease_end', text(lease_end))
  redis.call('PEXPIRE', PAGE, KEEP)
  store(READERS, worker, { at = now, awaited = awaited, overdue = has_page and 0 or overdue })
  local count, sum_awaited, sum_overdue = 0, 0, 0
  for _, report in pairs(others) do
    count, sum_awaited, sum_overdue = count + 1, sum_awaited + report.awaited, sum_overdue + report.overdue
  end
  local body = has_page and redis.call('HGET', PAGE, 'body') or ''
  return { now, has_page and started or 0, body, is_reader and 1 or 0, count, sum_awaited, sum_overdue }
end

local WINDOW, worker = KEYS[1], ARGV[2]
local width, used, wanted, sent = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), now - tonumber(ARGV[6])
local others, wants, held, count, oldest = others_in(WINDOW, worker), { wanted }, 0, 0, now
for _, report in pairs(others) do
  table.insert(wants, report.wanted)
  held, count, oldest = held + report.held, count + 1, math.min(oldest, report.sent)
end
-- Equal parts, except that no process has more than it wants. The rest is divided between the others.
table.sort(wants)
local left, fair = width, 0
for i, each in ipairs(wants) do
  fair = math.min(each, math.max(1, math.floor(left / (#wants - i + 1))))
  if each == wanted then
    break
  end
  left = left - fair
end
local part = math.max(0, math.min(fair, width - held))
if wanted > 0 then
  oldest = math.min(oldest, sent)
  store(WINDOW, worker, { at = now, wanted = wanted, held = math.max(part, used), sent = sent })
else
  redis.call('HDEL', WINDOW, worker)
end
return { part, now - oldest, count }
