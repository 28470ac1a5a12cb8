--- What faults do to the octets of a reply: it is put together here as the
-- engine would, and then changed. All of it is done piece by piece, so that a
-- big body is never held: pieces come from functions that return the next one, nil
-- after the last.
-- @module pop3.mangle
-- @local

local mangle = {}

local PIECE = 65536  -- octets of a piece, and of a reply that is made at once

-- ------------------------------------------------------------------ pieces

-- Octets in pieces. A CR LF stays in one.
local function slices(octets)
  local at = 1
  return function()
    if at > #octets then return nil end
    local from, last = at, at + PIECE - 1
    if octets:byte(last) == 13 then last = last + 1 end
    at = last + 1
    return octets:sub(from, last)
  end
end

-- What a body is, in pieces.
local function pieces_of(body)
  if type(body) == "table" then
    local out = {}
    for i, line in ipairs(body) do out[i] = line .. "\r\n" end
    return slices(table.concat(out))
  elseif type(body) ~= "function" then
    return slices(tostring(body))
  end
  return function()
    local chunk, err = body()
    if err ~= nil then error(err, 0) end
    if chunk ~= nil and type(chunk) ~= "string" then
      error("a source returned a " .. type(chunk), 0)
    end
    return chunk
  end
end

-- All of them as one.
local function whole(pieces)
  local out = {}
  for piece in pieces do out[#out + 1] = piece end
  return table.concat(out)
end

-- Each piece changed by `change`.
local function each(pieces, change)
  return function()
    local piece = pieces()
    return piece and change(piece)
  end
end

-- One after the other.
local function sequence(...)
  local list, i = { ... }, 1
  return function()
    while list[i] do
      local piece = list[i]()
      if piece then return piece end
      i = i + 1
    end
  end
end

-- ----------------------------------------------------------------- a reply

-- The status line; what would end it is a space there.
local function status_line(reply)
  local words = { reply.status }
  if reply.code and reply.code ~= "" then
    words[#words + 1] = "[" .. reply.code .. "]"
  end
  local text = reply.text and tostring(reply.text) or ""
  if text ~= "" then words[#words + 1] = text end
  return table.concat(words, " "):gsub("%c", " ") .. "\r\n"
end

-- A body on the wire (RFC 1939 section 3), without its last line. A CR at the end
-- of a piece is kept for the next one, which may begin with its LF.
local function encode(pieces, unstuffed)
  local at_start, kept, ended = true, "", false
  return function()
    if ended then return nil end
    local piece = pieces()
    if not piece then
      ended = true
      return not at_start and kept .. "\r\n" or nil
    end
    piece = kept .. piece
    kept = piece:sub(-1) == "\r" and "\r" or ""
    piece = piece:sub(1, -1 - #kept):gsub("\r?\n", "\r\n")
    if not unstuffed then
      local before = at_start and "\n" or ""
      piece = (before .. piece):gsub("\n%.", "\n.."):sub(#before + 1)
    end
    if piece ~= "" or kept ~= "" then
      at_start = kept == "" and piece:sub(-1) == "\n"
    end
    return piece
  end
end

-- 'more' octets where a reply to 'verb' announces a size.
local function resize(verb, head, body, more)
  local function add(before, size) return before .. (size + more) // 1 end
  if verb == "STAT" then
    head = head:gsub("^(%+OK %d+ )(%d+)", add)
  elseif verb == "RETR" then
    head = head:gsub("^(%+OK )(%d+)", add)
  elseif verb == "LIST" and body then
    body = slices(("\r\n" .. whole(body)):gsub("(\r\n%d+ )(%d+)", add):sub(3))
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
  local text, lines, n = whole(body), {}, 0
  if first == "" then first = text:match "^%d+ ([^\r]*)" or "" end
  for line, number in text:gmatch "((%d+)[^\r]*)\r\n" do
    n = n + 1
    if how == "duplicate" then lines[#lines + 1] = number .. " " .. first
    elseif how == "empty" then lines[#lines + 1] = number
    elseif n % 2 == 1 then lines[#lines + 1] = line end
  end
  lines[#lines + 1] = ""
  return head, slices(table.concat(lines, "\r\n"))
end

-- Octets that a seed makes.
local function noise(seed, count)
  local x, made = seed, 0
  return function()
    if made >= count then return nil end
    local out = {}
    for i = 1, math.min(count - made, PIECE) do
      x = x * 6364136223846793005 + 1442695040888963407
      out[i] = string.char(x >> 56)
    end
    made = made + #out
    return table.concat(out)
  end
end

-- ----------------------------------------------------------------- changes

local function changes(effect, reply)
  return effect.wrong_size or effect.unstuffed or effect.no_terminator
         or effect.bare_lf or effect.append or effect.garbage
         or effect.bare_cr or effect.no_text or effect.uids or effect.swap
         or effect.whole
         or effect.cut and effect.cut.lines and reply.raw
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
    return sequence(noise(effect.garbage.seed, effect.garbage.bytes),
                    slices(effect.append or ""))
  end
  local head, body = reply.raw or status_line(reply), nil
  if reply.raw and reply.status == "+OK" then
    local line, rest = split_raw(reply.raw)
    if line then
      if effect.unstuffed then
        rest = ("\r\n" .. rest):gsub("\r\n%.%.", "\r\n."):sub(3)
      end
      head, body = line, slices(rest)
    end
  elseif reply.body ~= nil and reply.status == "+OK" then
    body = encode(pieces_of(reply.body), effect.unstuffed)
  end
  if effect.wrong_size then
    head, body = resize(verb, head, body, effect.wrong_size)
  end
  if effect.uids and verb == "UIDL" and reply.status == "+OK" then
    head, body = reidentify(head, body, effect.uids, first)
  end
  if effect.no_text then head = head:gsub("^(%S+)[^\r\n]*", "%1") end
  local out = slices(head)
  if body then
    out = sequence(out, body, slices(effect.no_terminator and "" or ".\r\n"))
  end
  local line_end = effect.bare_lf and "\n" or effect.bare_cr and "\r"
  if line_end then
    out = each(out, function(piece) return (piece:gsub("\r\n", line_end)) end)
  end
  return sequence(out, slices(effect.append or ""))
end

-- Pieces up to where a cut is; lines are of the body, whose ends are `line_end`.
local function cut(pieces, where, line_end)
  local octets = where.bytes or math.huge
  local lines = where.lines and where.lines + 1 or math.huge  -- the status, too
  return function()
    local piece = octets > 0 and lines > 0 and pieces()
    if not piece then return nil end
    if #piece > octets then piece = piece:sub(1, octets) end
    local at = 0
    while at and lines > 0 and lines < math.huge do
      at = piece:find(line_end, at + 1, true)
      if at then lines = lines - 1 end
    end
    if lines == 0 then piece = piece:sub(1, at) end
    octets = octets - #piece
    return piece
  end
end

-- As one if it is to be or it is small; otherwise a function that returns pieces.
-- One that fails does so where it leaves.
local function gathered(pieces, must)
  if must then return whole(pieces) end
  local out, size = {}, 0
  local ok, piece = pcall(pieces)
  while ok and piece and size <= PIECE do
    out[#out + 1] = piece
    size = size + #piece
    ok, piece = pcall(pieces)
  end
  local start = slices(table.concat(out))
  if not ok then return sequence(start, function() error(piece, 0) end) end
  if not piece then return table.concat(out) end
  return sequence(start, slices(piece), pieces)
end

--- The reply that leaves instead, if its octets are to change; its `mangled` says
-- that it still is the reply it was.
-- @tparam table reply
-- @tparam table effect see `pop3.fault`
-- @tparam ?string verb nil for the greeting
-- @tparam string first the unique-id of message 1
-- @treturn table reply; its `raw` is a function when it is big
function mangle.reply(reply, effect, verb, first)
  if reply.hangup or not changes(effect, reply) then return reply end
  local made = { mangled = true, status = reply.status, close = reply.close,
                 starttls = reply.starttls }
  local pieces = render(reply, effect, verb, first)
  if effect.cut then
    pieces = cut(pieces, effect.cut, effect.bare_cr and "\r" or "\n")
    made.close = effect.cut.how or "fin"
  end
  made.raw = gathered(pieces, effect.swap or effect.whole)
  return made
end

return mangle
