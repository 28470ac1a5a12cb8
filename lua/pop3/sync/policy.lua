--- Decides for each new message of a listing: fetch it, skip it, delete it, or
-- leave it for later (`pop3.sync`, options `seed`, `filter`, `max_size`,
-- `partial`, `order`).
-- @module pop3.sync.policy
-- @local

local argument = require "pop3.util.argument"
local core = require "pop3.core"

local decisions = { fetch = true, skip = true, later = true, delete = true }

-- The header of a message; false, which is reported, when the server does not give
-- it; or nil, message, code, reply when the session ended.
local function header_of(run, m)
  local header, message, code, reply = run.session:headers(m.number)
  if not header then
    if run.session:state() ~= "transaction" then
      return nil, message, code, reply
    end
    run:report("problem", m, message, code, reply)
    return false
  end
  m.digest = m.digest or core.header_digest(header:raw())
  return header
end

-- Does the option `seed` say that a message counts as seen? `left` is the number
-- of new messages from this one on. nil, message, code, reply when the session
-- ended.
local function is_seeded(run, m, left)
  local seed = run.options.seed
  if seed.all then return true end
  if seed.newest then return left > seed.newest end
  local header, message, code, reply = header_of(run, m)
  if not header then return header, message, code, reply end
  return header.date ~= nil and header.date.epoch < seed.since
end

-- The decision of the filter; nil, message, code, reply when the session ended.
local function filtered(run, m)
  local header, message, code, reply = header_of(run, m)
  if header == nil then return nil, message, code, reply end
  if not header then return "later" end
  if m.key then m.handle = run:handle_of(m) end
  local handle = m.handle or { number = m.number, size = m.size, uid = m.uid }
  local ok, decision = pcall(run.options.filter, header, handle)
  if ok and decisions[decision] then return decision end
  run:report("problem", m, ok and ("the filter returned %s; it must return "
    .. "\"fetch\", \"skip\", \"later\" or \"delete\""):format(tostring(decision))
    or "the filter failed: " .. argument.said(decision), "err")
  return "later"
end

local function decide(run, m, left)
  local o = run.options
  if m.record then return "fetch" end  -- it was decided in an earlier run
  if o.seed and m.key then
    local is, message, code, reply = is_seeded(run, m, left)
    if is == nil then return nil, message, code, reply end
    if is then return "skip" end
  end
  if not o.filter then return "fetch" end
  local decision, message, code, reply = filtered(run, m)
  if not decision then return nil, message, code, reply end
  -- without a key the message cannot be recorded as skipped
  if not m.key and decision ~= "later" then return "fetch" end
  return decision
end

-- How a message is fetched: by RETR, or only its beginning by TOP; false when it
-- is too large.
local function set_command(run, m)
  local o = run.options
  local r = m.record
  local was_partial = r and (r.status == "partial" or r.flag == "begun")
  m.command = "RETR " .. m.number
  if o.max_size and m.size and m.size > o.max_size then
    if not o.partial or was_partial then return false end
    m.partial = o.partial
    m.command = ("TOP %d %d"):format(m.number, o.partial)
    if m.handle then m.handle.partial = o.partial end
  elseif was_partial then
    m.begun = true
    -- the whole message is another file
    if r.status == "partial" then m.handle.name = nil end
  end
  return true
end

-- In the order of fetching. Messages that failed before come last: they must not
-- delay the others.
local function in_order(messages, order)
  local fresh, tried = {}, {}
  for i = 1, #messages do
    local m = messages[order == "newest" and #messages + 1 - i or i]
    local list = m.record and (m.record.tries or 0) > 0 and tried or fresh
    list[#list + 1] = m
  end
  table.sort(tried, function(a, b)
    if a.record.tries ~= b.record.tries then
      return a.record.tries < b.record.tries
    end
    return a.number < b.number
  end)
  return table.move(tried, 1, #tried, #fresh + 1, fresh)
end

--- Decide.
-- @tparam table run see `pop3.sync.run`
-- @tparam {message,...} messages that are not settled, in order of their numbers
-- @treturn table `fetch`, in the order of fetching; `skip`, to be recorded;
-- `delete`, to be recorded and deleted; `large`: how many are too large. Or nil,
-- message, code, reply when the session ended
return function(run, messages)
  local lists = { fetch = {}, skip = {}, delete = {}, later = {}, large = 0 }
  for i, m in ipairs(messages) do
    local what, message, code, reply = decide(run, m, #messages - i + 1)
    if not what then return nil, message, code, reply end
    -- a seed can skip 100,000 messages: they need no handle
    if m.key and not m.handle and what ~= "skip" then
      m.handle = run:handle_of(m)
    end
    if what == "fetch" and not set_command(run, m) then
      lists.large = lists.large + 1
    else
      table.insert(lists[what], m)
    end
  end
  if not run.into and not run.options.dry_run then lists.fetch = {} end
  lists.fetch = in_order(lists.fetch, run.options.order)
  return lists
end
