--- Parsing a message while it arrives, in memory that does not grow with it.
--
-- The handlers are called in the order of the message:
--
-- * `on_header(name, value, path, raw)`: a header field; `value` is decoded
-- * `on_part(part)`: the header of a part is complete. The part is a plain table with
--   these fields of `pop3.message`:
--   `path type charset filename safe_filename disposition cid encoding params offset`
-- * `on_data(part, octets)`: octets of its body, transfer-decoded
-- * `on_end(part)`: the part ends; the root is the last one
--
-- A handler that returns false ends the stream; the sink returns nil then. Limits
-- are options as for `pop3.message.parse`.
--
-- The message in a part that is base64 or quoted-printable is reported between the
-- data and the end of that part; its offsets begin at 0 again. The parser does not look
-- ahead: a multipart whose delimiter never occurs, which `pop3.message.parse` reads
-- as text, is a multipart without parts here.
-- @module pop3.message.stream
-- @usage
-- local message = require "pop3.message"
-- local octets = 0
-- local sink = message.stream{
--   on_data = function(_, data) octets = octets + #data end,
-- }
-- assert(sink("Subject: hi\r\n\r") and sink("\nbody\r\n") and sink(nil))
-- assert(octets == 6)

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local filename = require "pop3.message.filename"

local limits = { "depth", "parts", "header", "fields", "params" }
local options = {
  on_header = "function", on_part = "function", on_data = "function",
  on_end = "function",
}
for _, name in ipairs(limits) do options[name] = "integer" end

-- Errors are raised at the caller of the function below.
local function check(handlers)
  argument.options(handlers, options, "stream", 2)
  for _, name in ipairs(limits) do
    if handlers[name] and handlers[name] < 1 then
      argument.misuse(2, "stream: option '%s' must be a positive integer",
                      name)
    end
  end
end

-- Set the path of a part, a child of 'up' or the root of the message in the part
-- with path 'outer', and part._base, the beginning of the paths of its parts.
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

-- A function that takes octets, or nil for the end, and calls the handlers 'h'; it
-- returns false if a handler did. 'outer' is the path of the part that holds the
-- message; 'depth' is the number of containers that may be opened.
local function parser(h, outer, depth)
  local stream = core.message.stream(depth, h.parts, h.header, h.fields,
                                     h.params)
  local open, inner = {}, nil      -- the open parts by level
  local event = {}

  function event.head(level, block, offset, kind, digest, opaque)
    local part = { _kind = kind, _count = 0, offset = offset }
    place(part, open[level - 1], outer)
    open[level] = part
    core.message.describe(block, part, digest, opaque, h.fields, h.params)
    if part.filename then
      part.safe_filename = filename.safe(part.filename)
      if part.safe_filename == "" then
        part.safe_filename = filename.default(part)
      end
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

return function(handlers)
  check(handlers)
  local h = {}
  for name, value in pairs(handlers) do h[name] = value end
  local parse = parser(h, nil, h.depth)
  local done = false
  return function(chunk, err)
    if done then return nil, "the stream has ended" end
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
