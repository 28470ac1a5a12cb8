-- The events of a message as text: from the parser that gets the message in pieces, and
-- from the one that gets all of it at once.

local message = require "pop3.message"

local told = {}

-- A stream cannot look ahead: it reports a multipart whose delimiter never occurs as
-- a multipart without parts, where the parser has text/plain. Both, and one whose
-- parts a limit leaves out, are told as "no parts", without the path.
local function no_parts(out, from)
  for i = from, #out do
    out[i] = out[i]:gsub("^header %S*", "header -"):gsub("^part .*", "no parts")
  end
  out[#out + 1] = "end -"
end

-- The events of a stream for 'text', given in pieces of 'step'
-- octets, or of the number that 'step' returns.
function told.stream(text, step, limits)
  local out, data = {}, {}
  local begun, first, at = {}, 1, {}     -- open parts; first line of the next one
  local handlers = {
    on_header = function(name, value, path, raw)
      out[#out + 1] = ("header %s %s %q %q"):format(path, name, value, raw)
    end,
    on_part = function(part)
      out[#out + 1] = ("part %s %s %s %s %d"):format(part.path, part.type,
        part.charset, part.filename, part.offset)
      if #begun > 0 then begun[#begun].parts = true end
      begun[#begun + 1] = part
      at[part], first = first, #out + 1
    end,
    on_data = function(part, octets)
      data[part] = (data[part] or "") .. octets
    end,
    on_end = function(part)
      begun[#begun] = nil
      if part._kind == "multipart" and not part.parts then
        no_parts(out, at[part])
      else
        out[#out + 1] = ("end %s %q"):format(part.path, data[part] or "")
      end
      first = #out + 1
    end,
  }
  for name, value in pairs(limits or {}) do handlers[name] = value end
  local sink = message.stream(handlers)
  local i = 1
  while i <= #text do
    local n = type(step) == "function" and step() or step
    assert(sink(text:sub(i, i + n - 1)))
    i = i + n
  end
  assert(sink(nil))
  return table.concat(out, "\n")
end

-- The same, told by the parser that sees all at once.
function told.parsed(text, limits)
  local out, without = {}, {}
  local function tell(part, base)
    local path, first = part.path, #out + 1
    for name, raw in part:fields() do
      out[#out + 1] = ("header %s %s %q %q"):format(path, name,
        message.decode_words(raw), raw)
    end
    out[#out + 1] = ("part %s %s %s %s %d"):format(path, part.type,
      part.charset, part.filename, (part:offsets()))
    for child in part:_parts() do tell(child, base) end
    local kind = part:_kind()
    if kind == "encoded" then
      local found
      for p, inner in base:walk() do       -- the first after it
        if found and (p == path .. ".1" or p == path .. ".TEXT") then
          tell(inner, base)
          break
        end
        found = found or p == path
      end
    end
    if kind == "multipart" and not part:_child()
       or kind == "leaf" and without[(part:offsets())] then
      return no_parts(out, first)
    end
    local leaf = kind == "leaf" or kind == "encoded"
    out[#out + 1] = ("end %s %q"):format(path, leaf and part:body() or "")
  end
  local m = message.parse(text, limits)
  for _, defect in ipairs(m.defects) do
    if defect.text:find "delimiter of a multipart does not" then
      without[defect.offset] = true
    end
  end
  tell(m, m)
  return table.concat(out, "\n")
end

return told
