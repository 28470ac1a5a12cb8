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
-- A handler that returns false ends it all; the sink returns nil then. A
-- message that is embedded in an encoded part is not looked into.
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
local names = require "pop3.message.names"

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
           (math.type(value) ~= "integer" or value < 1) then
      error("option '" .. name .. "' must be a positive integer", level)
    end
  end
end

-- The path of the part that begins at 'level', below 'up'; sets part._base,
-- what the paths of its own parts begin with.
local function place(part, up)
  if up and up._kind == "multipart" then
    up._count = up._count + 1
    part.path = up._base .. up._count
    part._base = part.path .. "."
  elseif up then
    part.path = up.path .. (part._kind == "multipart" and ".TEXT" or ".1")
    part._base = up.path .. "."
  else
    part.path = part._kind == "multipart" and "" or "1"
    part._base = ""
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

return function(handlers, level)
  check(handlers, (level or 1) + 1)
  local h = {}
  for name, value in pairs(handlers) do h[name] = value end
  local stream = core.message.stream(h.depth, h.parts, h.header, h.fields,
                                     h.params)
  local open = {}                  -- the parts that are open, by level
  local event = {}

  function event.head(at_level, block, offset, kind, digest, opaque)
    local part = { _kind = kind, _count = 0, offset = offset }
    place(part, open[at_level - 1])
    open[at_level] = part
    core.message.describe(block, part, digest, opaque, h.fields, h.params)
    if part.filename then
      part.safe_filename = names.safe(part.filename)
      if part.safe_filename == "" then
        part.safe_filename = names.default(part)
      end
    end
    if kind == "leaf" then
      stream:code(opaque and "7bit" or part.encoding)
    end
    if h.on_header and
       not tell_fields(block, part, h.fields, h.on_header) then
      return false
    end
    if h.on_part then return h.on_part(part) end
  end

  function event.data(octets)
    if h.on_data then return h.on_data(open[#open], octets) end
  end

  event["end"] = function(at_level, octets)
    local part = open[at_level]
    if octets and h.on_data and h.on_data(part, octets) == false then
      return false
    end
    open[at_level] = nil
    if h.on_end then return h.on_end(part) end
  end

  local function act(name, ...)
    if name == nil then return nil end
    return event[name](...) ~= false
  end

  local done = false
  return function(chunk, err)
    if done then return nil, "the stream is over" end
    if chunk == nil and err then
      done = true
      stream:close()
      return nil, err
    end
    stream:feed(chunk)
    while true do
      local more = act(stream:next())
      if more == nil then break end
      if not more then
        done = true
        stream:close()
        return nil, "a handler ended the stream"
      end
    end
    if chunk == nil then
      done = true
      stream:close()
    end
    return 1
  end
end
