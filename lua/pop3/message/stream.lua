--- Parsing a message while it comes, in memory that does not grow with it.
--
-- The parser is the one under `pop3.message`; what it cannot do is look
-- back. Parts are told of in the order they stand in:
--
-- * `on_header(name, value, path, raw)`: a header field; `value` is decoded
-- * `on_part(part)`: the header of a part is complete. `part` is a plain table
--   with `path type charset filename safe_filename disposition cid encoding
--   params offset`
-- * `on_data(part, octets)`: octets of its body, transfer-decoded
-- * `on_end(part)`: it is over; the root is the last one
--
-- A message that is embedded in an encoded part is told of between the data and
-- the end of that part, with offsets of its own. A handler that returns false
-- ends it all; the sink returns nil then.
-- @module pop3.message.stream
-- @usage
-- local message = require "pop3.message"
-- local octets = 0
-- local sink = message.stream{
--   on_data = function(_, data) octets = octets + #data end,
-- }
-- assert(sink("Subject: hi\r\n\r") and sink("\nbody\r\n") and sink(nil))
-- assert(octets == 6)

local core = require "pop3.core"
local names = require "pop3.message.filename"

local options = {
  on_header = "function", on_part = "function", on_data = "function",
  on_end = "function", depth = "number", parts = "number",
  header = "number", fields = "number", params = "number",
}

local function check(handlers, level)
  if type(handlers) ~= "table" then
    error("handlers: table expected, got " .. type(handlers), level)
  end
  for name, value in pairs(handlers) do
    local want = options[name]
    if not want then
      error("unknown option '" .. tostring(name) .. "'", level)
    elseif type(value) ~= want then
      error("option '" .. name .. "': " .. want .. " expected", level)
    elseif want == "number" and
           (not math.tointeger(value) or value < 1) then
      error("option '" .. name .. "' must be a positive integer", level)
    end
  end
end

-- The path of a part, below 'up' or in the part of path 'outer'; sets
-- part._base, what the paths of its own parts begin with.
local function place(part, up, outer)
  if up and up._kind == "multipart" then
    up._count = up._count + 1
    part.path = up._base .. up._count
    part._base = part.path .. "."
    return
  end
  outer = up and up.path or outer
  part._base = outer and outer .. "." or ""
  if part._kind ~= "multipart" then
    part.path = part._base .. "1"
  else
    part.path = outer and part._base .. "TEXT" or ""
  end
end

local function tell_fields(block, part, limit, on_header)
  local head <close> = core.message.parse(block, { fields = limit,
                                                   header = #block + 1 })
  for name, raw in head:fields() do
    local value = core.decode.words(raw)
    if on_header(name, value, part.path, raw) == false then return false end
  end
  return true
end

-- A function of octets, or of nil for the end, that tells the handlers 'h' of a
-- message; it returns false when one of them did. 'outer' is the path of the
-- part that it lies in; 'depth' containers may be opened.
local function parser(h, outer, depth)
  local stream = core.message.stream(depth, h.parts, h.header, h.fields,
                                     h.params)
  local open, inner = {}, nil      -- the parts that are open, by level
  local event = {}

  function event.head(level, block, offset, kind, digest, opaque)
    local part = { _kind = kind, _count = 0, offset = offset }
    place(part, open[level - 1], outer)
    open[level] = part
    core.message.describe(block, part, digest, opaque, h.fields, h.params)
    if part.filename then
      part.safe_filename = names.safe(part.filename)
      if part.safe_filename == "" then
        part.safe_filename = names.default(part)
      end
    end
    if kind == "leaf" or kind == "encoded" then
      stream:code(opaque and "7bit" or part.encoding)
    end
    if h.on_header and
       not tell_fields(block, part, h.fields, h.on_header) then
      return false
    end
    if h.on_part and h.on_part(part) == false then return false end
    local left = (depth or 100) - level - 1
    inner = kind == "encoded" and left > 0 and parser(h, part.path, left)
  end

  function event.data(octets)
    if h.on_data and h.on_data(open[#open], octets) == false then
      return false
    end
    return not inner or inner(octets)
  end

  event["end"] = function(level, octets)
    if octets and event.data(octets) == false then return false end
    if inner and not inner(nil) then return false end
    inner = nil
    local part = open[level]
    open[level] = nil
    if h.on_end then return h.on_end(part) end
  end

  local function act(name, ...)
    if name == nil then return nil end
    return event[name](...) ~= false
  end

  return function(chunk)
    stream:feed(chunk)
    local more
    repeat more = act(stream:next()) until not more
    if chunk == nil or more == false then stream:close() end
    return more == nil
  end
end

return function(handlers, level)
  check(handlers, (level or 1) + 1)
  local h = {}
  for name, value in pairs(handlers) do h[name] = value end
  local parse = parser(h, nil, h.depth)
  local done = false
  return function(chunk, err)
    if done then return nil, "the stream is over" end
    if chunk == nil and err then
      done = true
      return nil, err
    end
    done = chunk == nil
    if not parse(chunk) then
      done = true
      return nil, "a handler ended the stream"
    end
    return 1
  end
end
