--- Reads CSV (RFC 4180): fields between commas, in quotes when they hold commas, line
-- ends or quotes, which are doubled there.
-- @module pop3.command.fleet.csv
-- @local

-- The field that begins at a position, and the position after it; or nil, message.
local function field(text, at)
  if text:sub(at, at) ~= '"' then
    local value, stop = text:match('^([^,\r\n"]*)()', at)
    if text:sub(stop, stop) == '"' then
      return nil, "a quote inside a field that does not begin with one"
    end
    return value, stop
  end
  local parts, from = {}, at + 1
  while true do
    local quote = text:find('"', from, true)
    if not quote then return nil, "a quote is not closed" end
    parts[#parts + 1] = text:sub(from, quote - 1)
    if text:sub(quote + 1, quote + 1) ~= '"' then
      return table.concat(parts), quote + 1
    end
    parts[#parts + 1] = '"'
    from = quote + 2
  end
end

local function count_lines(text)
  return select(2, text:gsub("\n", ""))
end

--- Read it.
-- @tparam string text
-- @treturn {table,...} records: lists of fields, each with `line`, the number of its
-- first line. Empty lines are left out. Or nil, line, message
return function(text)
  local records, line, at = {}, 1, 1
  if text:sub(1, 3) == "\xEF\xBB\xBF" then at = 4 end  -- a byte order mark
  while at <= #text do
    local record = { line = line }
    while true do
      local value, stop = field(text, at)
      if not value then return nil, line, stop end
      record[#record + 1] = value
      line, at = line + count_lines(text:sub(at, stop - 1)), stop
      local c = text:sub(at, at)
      if c ~= "," then break end
      at = at + 1
    end
    local after = text:match("^\r?\n()", at) or text:match("^\r()$", at)
    if not after and at <= #text then return nil, line, "octets follow a quote" end
    if #record > 1 or record[1] ~= "" then records[#records + 1] = record end
    line, at = line + 1, after or at
  end
  return records
end
