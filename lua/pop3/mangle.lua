--- What faults do to the octets of a reply: it is put together here as the
-- engine would, and then changed.
-- @module pop3.mangle
-- @local

local core = require "pop3.core"

local mangle = {}

-- All that a body is, as octets; a source is read to its end.
local function octets_of(body)
  if type(body) == "table" then
    local out = {}
    for i, line in ipairs(body) do out[i] = line .. "\r\n" end
    return table.concat(out)
  elseif type(body) ~= "function" then
    return tostring(body)
  end
  local out = {}
  while true do
    local chunk, err = body()
    if err ~= nil then error(err, 0) end
    if chunk == nil then return table.concat(out) end
    out[#out + 1] = chunk
  end
end

-- The status line.
local function status_line(reply)
  local words = { reply.status }
  if reply.code then words[#words + 1] = "[" .. reply.code .. "]" end
  local text = reply.text and tostring(reply.text) or ""
  if text ~= "" then words[#words + 1] = text end
  return table.concat(words, " ") .. "\r\n"
end

-- 'more' octets where a reply to 'verb' announces a size.
local function resize(verb, head, body, more)
  local function add(before, size) return before .. (size + more) // 1 end
  if verb == "STAT" then
    head = head:gsub("^(%+OK %d+ )(%d+)", add)
  elseif verb == "RETR" then
    head = head:gsub("^(%+OK )(%d+)", add)
  elseif verb == "LIST" and body then
    body = ("\r\n" .. body):gsub("(\r\n%d+ )(%d+)", add):sub(3)
  elseif verb == "LIST" then
    head = head:gsub("^(%+OK %d+ )(%d+)", add)
  end
  return head, body
end

-- Unique-ids in a reply to UIDL, as `how` has them; `first` is that of message 1.
local function reidentify(head, body, how, first)
  if not body then
    local to = how == "duplicate" and "%1" .. first:gsub("%%", "%%%%")
               or how == "empty" and "%1" or nil
    if to then head = head:gsub("^(%+OK %d+ )%S+", to) end
    return head, body
  end
  if first == "" then first = body:match "^%d+ ([^\r]*)" or "" end
  local lines, n = {}, 0
  for number in body:gmatch "(%d+)[^\r]*\r\n" do
    n = n + 1
    if how == "duplicate" then lines[#lines + 1] = number .. " " .. first
    elseif how == "empty" then lines[#lines + 1] = number
    elseif n % 2 == 1 then
      lines[#lines + 1] = body:match("%f[%d]" .. number .. " [^\r]*")
    end
  end
  lines[#lines + 1] = ""
  return head, table.concat(lines, "\r\n")
end

-- Octets that a seed makes.
local function noise(seed, count)
  local x, out = seed, {}
  for i = 1, count do
    x = x * 6364136223846793005 + 1442695040888963407
    out[i] = string.char(x >> 56)
  end
  return table.concat(out)
end

local function changes(effect)
  return effect.wrong_size or effect.unstuffed or effect.no_terminator
         or effect.bare_lf or effect.append or effect.garbage
         or effect.bare_cr or effect.no_text or effect.uids or effect.swap
         or effect.whole
end

-- A reply that is octets: its first line, and what is between that and the last
-- one if that is a dot.
local function split_raw(raw)
  local at = raw:match "^[^\n]*\r\n()"
  if not at or raw:sub(math.max(at - 2, #raw - 4)) ~= "\r\n.\r\n" then return nil end
  return raw:sub(1, at - 1), raw:sub(at, -4)
end

-- The octets of a reply, changed.
local function render(reply, effect, verb, first)
  if effect.garbage then
    return noise(effect.garbage.seed, effect.garbage.bytes)
  end
  local head, body = reply.raw or status_line(reply), nil
  if reply.raw and reply.status == "+OK" then
    local line, rest = split_raw(reply.raw)
    if line then head, body = line, rest end
  elseif reply.body ~= nil and reply.status == "+OK" then
    local text = octets_of(reply.body)
    body = core.encode.dot(text):sub(1, -4)        -- without its last line
  end
  if body and effect.unstuffed then
    body = ("\r\n" .. body):gsub("\r\n%.%.", "\r\n."):sub(3)
  end
  if effect.wrong_size then
    head, body = resize(verb, head, body, effect.wrong_size)
  end
  if effect.uids and verb == "UIDL" and reply.status == "+OK" then
    head, body = reidentify(head, body, effect.uids, first)
  end
  if effect.no_text then head = head:gsub("^(%S+)[^\r\n]*", "%1") end
  local out = head
  if body then
    out = out .. body .. (effect.no_terminator and "" or ".\r\n")
  end
  if effect.bare_lf then out = out:gsub("\r\n", "\n")
  elseif effect.bare_cr then out = out:gsub("\r\n", "\r") end
  return out .. (effect.append or "")
end

-- 'out' up to where a cut is; lines are of the body.
local function cut(out, where)
  if where.bytes then out = out:sub(1, where.bytes) end
  if not where.lines then return out end
  local at = out:match "^[^\n]*\n()" or #out + 1
  for _ = 1, where.lines do at = out:match("^[^\n]*\n()", at) or #out + 1 end
  return out:sub(1, at - 1)
end

--- The reply that leaves instead, if its octets are to change; its `mangled` says
-- that it still is the reply it was.
-- @tparam table reply
-- @tparam table effect see `pop3.fault`
-- @tparam ?string verb nil for the greeting
-- @tparam string first the unique-id of message 1
-- @treturn table reply
function mangle.reply(reply, effect, verb, first)
  -- the engine counts lines of bodies that it encodes
  local counts = reply.raw and effect.cut and effect.cut.lines
  if reply.hangup or not (counts or changes(effect)) then return reply end
  local made = { mangled = true, status = reply.status, close = reply.close,
                 starttls = reply.starttls }
  made.raw = render(reply, effect, verb, first)
  if effect.cut then
    made.raw = cut(made.raw, effect.cut)
    made.close = effect.cut.how or "fin"
  end
  return made
end

return mangle
