--- The octets of a reply, taken apart for the effects that change them.
--
-- `rewrite.open` makes the parts of a reply, as the engine would encode it. The
-- `rewrite` function of an effect's row changes these parts, and
-- `rewrite.close` makes octets of them. A large body is never held: it goes
-- through in pieces. A source of pieces is a function that returns the next
-- piece, nil after the last.
-- @module pop3.server.fault.rewrite
-- @local

local rewrite = {}

local PIECE = 65536  -- octets of a piece, and of a reply that is kept whole

-- ------------------------------------------------------------------ pieces

--- Octets as a source of pieces. A CRLF is not divided.
-- @tparam string octets
-- @treturn function
local function pieces_of(octets)
  local at = 1
  return function()
    if at > #octets then return nil end
    local from, last = at, at + PIECE - 1
    if octets:byte(last) == 13 then last = last + 1 end
    at = last + 1
    return octets:sub(from, last)
  end
end

--- All pieces of a source as one string.
-- @tparam function pieces
-- @treturn string
local function whole(pieces)
  local out = {}
  for piece in pieces do out[#out + 1] = piece end
  return table.concat(out)
end

-- A source that applies `change` to each piece of another one.
local function each(pieces, change)
  return function()
    local piece = pieces()
    return piece and change(piece)
  end
end

-- One source after the other.
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

-- The body of a reply as a source: octets, a list of lines, or an ltn12 source.
local function body_pieces(body)
  if type(body) == "table" then
    local out = {}
    for i, line in ipairs(body) do out[i] = line .. "\r\n" end
    return pieces_of(table.concat(out))
  elseif type(body) ~= "function" then
    return pieces_of(tostring(body))
  end
  return function()
    local chunk, err = body()
    if err ~= nil then error(err, 0) end
    if chunk ~= nil and type(chunk) ~= "string" then
      error("the source of a body returned a " .. type(chunk), 0)
    end
    return chunk
  end
end

-- Line ends as CRLF, and a final CRLF. A CR at the end of a piece is kept for
-- the next piece, which may begin with the LF.
local function canonical(pieces)
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
    if piece ~= "" or kept ~= "" then
      at_start = kept == "" and piece:sub(-1) == "\n"
    end
    return piece
  end
end

-- A dot before each line that begins with one (RFC 1939 section 3).
local function stuffed(pieces)
  local at_start = true
  return each(pieces, function(piece)
    local before = at_start and "\n" or ""
    if piece ~= "" then at_start = piece:sub(-1) == "\n" end
    return (before .. piece):gsub("\n%.", "\n.."):sub(#before + 1)
  end)
end

-- A raw body without the dots that were added.
local function unstuffed(pieces)
  return pieces_of(("\r\n" .. whole(pieces)):gsub("\r\n%.%.", "\r\n."):sub(3))
end

-- Pieces up to a bound: `bytes` octets of the reply or `lines` of its body,
-- whichever comes first.
local function limited(pieces, bound, line_end)
  local octets = bound.bytes or math.huge
  local lines = bound.lines and bound.lines + 1 or math.huge  -- and the status
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

-- ------------------------------------------------------------------- parts

-- The status line as the engine writes it: control characters become spaces.
local function status_line(reply)
  local words = { reply.status }
  if reply.code and reply.code ~= "" then
    words[#words + 1] = "[" .. reply.code .. "]"
  end
  local text = reply.text and tostring(reply.text) or ""
  if text ~= "" then words[#words + 1] = text end
  return table.concat(words, " "):gsub("%c", " ") .. "\r\n"
end

-- The status line and the body of raw octets that end with a terminator.
local function divide(raw)
  local at = raw:match "^[^\n]*\r\n()"
  if not at or raw:sub(math.max(at - 2, #raw - 4)) ~= "\r\n.\r\n" then
    return raw
  end
  return raw:sub(1, at - 1), raw:sub(at, -4)
end

--- Take a reply apart.
-- @tparam table reply of a handler; no `hangup`
-- @tparam ?string verb nil for the greeting
-- @treturn table the parts: `verb`; `ok`, whether it is +OK; `head`, the status
-- line; `body`, a source of pieces with CRLF line ends, or nil; `terminator`;
-- `line_end`; `after`, octets after the reply; `raw`, whether the dots of the
-- body are stuffed already. A row may set `stuff` to false, `octets`, a source
-- that replaces the reply, `bound`, see the effect `cut`, `closes`, how the
-- connection ends after the reply, and `hold`, that the reply must not leave in
-- pieces
function rewrite.open(reply, verb)
  local ok = reply.status == "+OK"
  local parts = { verb = verb, ok = ok, terminator = ".\r\n", after = "",
                  line_end = "\r\n", stuff = true, raw = reply.raw ~= nil,
                  closes = reply.close }
  if not reply.raw then
    parts.head = status_line(reply)
    if ok and reply.body ~= nil then
      parts.body = canonical(body_pieces(reply.body))
    end
  else
    local head, body = reply.raw, nil
    if ok then head, body = divide(reply.raw) end
    parts.head, parts.body = head, body and pieces_of(body)
  end
  return parts
end

-- The octets as one string if the reply is small or must be one, otherwise a
-- source of pieces. A source of the script that fails does so when it is sent.
local function gathered(pieces, must)
  if must then return whole(pieces) end
  local out, size = {}, 0
  local ok, piece = pcall(pieces)
  while ok and piece and size <= PIECE do
    out[#out + 1] = piece
    size = size + #piece
    ok, piece = pcall(pieces)
  end
  local start = pieces_of(table.concat(out))
  if not ok then return sequence(start, function() error(piece, 0) end) end
  if not piece then return table.concat(out) end
  return sequence(start, pieces_of(piece), pieces)
end

-- Head, body and terminator with the line ends of the parts.
local function assembled(parts)
  local out = pieces_of(parts.head)
  local body = parts.body
  if body then
    if parts.stuff and not parts.raw then body = stuffed(body)
    elseif parts.raw and not parts.stuff then body = unstuffed(body) end
    out = sequence(out, body, pieces_of(parts.terminator))
  end
  local line_end = parts.line_end
  if line_end == "\r\n" then return out end
  return each(out, function(piece) return (piece:gsub("\r\n", line_end)) end)
end

--- Put the parts together.
-- @tparam table parts
-- @treturn string|function octets, or a source of pieces when there are many
function rewrite.close(parts)
  local out = sequence(parts.octets or assembled(parts), pieces_of(parts.after))
  if parts.bound then
    out = limited(out, parts.bound, parts.line_end:sub(-1))
  end
  return gathered(out, parts.hold)
end

-- ----------------------------------------------- what rows do with the parts

--- Add to the sizes that a reply to STAT, LIST or RETR announces.
-- @tparam table parts
-- @tparam integer more octets
function rewrite.resize(parts, more)
  local verb, head, body = parts.verb, parts.head, parts.body
  local function add(before, size) return before .. (size + more) // 1 end
  if verb == "RETR" then
    parts.head = head:gsub("^(%+OK )(%d+)", add)
  elseif verb == "LIST" and body then
    local text = ("\r\n" .. whole(body)):gsub("(\r\n%d+ )(%d+)", add)
    parts.body = pieces_of(text:sub(3))
  elseif verb == "STAT" or verb == "LIST" then
    parts.head = head:gsub("^(%+OK %d+ )(%d+)", add)
  end
end

--- Change the unique-ids in a reply to UIDL.
-- @tparam table parts
-- @tparam string how "duplicate", "missing" or "empty"
-- @tparam string first the unique-id of message 1, "" if it has no unique-id
function rewrite.reidentify(parts, how, first)
  if parts.verb ~= "UIDL" or not parts.ok then return end
  if not parts.body then
    local to = how == "duplicate" and "%1" .. first:gsub("%%", "%%%%")
               or how == "empty" and "%1" or nil
    if to then parts.head = parts.head:gsub("^(%+OK %d+ )%S+", to) end
    return
  end
  local text, lines, n = whole(parts.body), {}, 0
  if first == "" then first = text:match "^%d+ ([^\r]*)" or "" end
  for line, number in text:gmatch "((%d+)[^\r]*)\r\n" do
    n = n + 1
    if how == "duplicate" then lines[#lines + 1] = number .. " " .. first
    elseif how == "empty" then lines[#lines + 1] = number
    elseif n % 2 == 1 then lines[#lines + 1] = line end
  end
  lines[#lines + 1] = ""
  parts.body = pieces_of(table.concat(lines, "\r\n"))
end

--- Pseudorandom octets, the same ones for the same seed.
-- @tparam integer seed
-- @tparam integer count
-- @treturn function a source of pieces
function rewrite.noise(seed, count)
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

return rewrite
