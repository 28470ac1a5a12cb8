--- Text in lines of a width. No word is broken.
-- @module pop3.command.wrap
-- @local

local columns = require "pop3.command.columns"

--- Divide a text at its blanks.
-- @tparam string text one line of valid UTF-8 without control characters
-- @tparam ?integer width columns; nil: one line
-- @treturn {string,...} lines; a word that is longer than the width has a line of
-- its own
return function(text, width)
  if not width then return { text } end
  local lines, line, used = {}, nil, 0
  for word in text:gmatch "%S+" do
    local n = columns.of(word)
    if line and used + 1 + n <= width then
      line, used = line .. " " .. word, used + 1 + n
    else
      lines[#lines + 1] = line
      line, used = word, n
    end
  end
  lines[#lines + 1] = line or ""
  return lines
end
