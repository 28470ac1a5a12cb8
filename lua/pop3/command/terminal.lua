--- Makes untrusted text safe for a terminal: it cannot move the cursor, change
-- colours, or change the direction of the text around it.
-- @module pop3.command.terminal
-- @local

local core = require "pop3.core"

local terminal = {}

-- U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: bidi controls.
local function is_bidi(c)
  return c == 0x61C or c == 0x200E or c == 0x200F
         or c >= 0x202A and c <= 0x202E or c >= 0x2066 and c <= 0x2069
end

-- The replacement of a character, or nil to keep it. U+2400 to U+241F are
-- pictures of the C0 control characters.
local function picture(c)
  if c < 0x20 then return utf8.char(0x2400 + c) end
  if c == 0x7F then return utf8.char(0x2421) end
  if c >= 0x80 and c < 0xA0 or c == 0x2028 or c == 0x2029 or is_bidi(c) then
    return "\u{FFFD}"
  end
end

local function show(char)
  return picture(utf8.codepoint(char))
end

local function show_lines(char)
  if char ~= "\n" and char ~= "\t" then return show(char) end
end

--- Replace control characters, bidi controls and invalid UTF-8.
-- @tparam string text any octets
-- @tparam[opt=false] boolean lines keep line ends and tabs; CRLF becomes LF
-- @treturn string valid UTF-8
function terminal.harmless(text, lines)
  if lines then text = text:gsub("\r\n", "\n") end
  local out, at = {}, 1
  while at <= #text do
    local whole, bad = utf8.len(text, at)
    local good = text:sub(at, whole and #text or bad - 1)
    out[#out + 1] = good:gsub("[\0-\x1F\x7F-\xFF][\x80-\xBF]*",
                              lines and show_lines or show)
    if whole then break end
    out[#out + 1] = "\u{FFFD}"
    at = bad + 1
  end
  return table.concat(out)
end

-- Select Graphic Rendition, ECMA-48 section 8.3.117.
local colours = { red = "31", green = "32", yellow = "33", cyan = "36",
                  dim = "2", bold = "1" }

--- Is a descriptor a terminal?
-- @tparam[opt=1] integer fd 1 is standard output, 2 is standard error
-- @treturn boolean
function terminal.is_output(fd)
  return core.isatty(fd or 1)
end

--- Is it a terminal that can move its cursor? TERM=dumb says that it cannot.
-- @tparam[opt=1] integer fd
-- @treturn boolean
function terminal.has_cursor(fd)
  return terminal.is_output(fd) and os.getenv "TERM" ~= "dumb"
end

--- A function that gives text a colour, if the output is a terminal that has
-- colours, and the environment does not set NO_COLOR.
-- @tparam[opt=1] integer fd
-- @treturn function `paint(colour, text)`, where colour is "red", "green",
-- "yellow", "cyan", "dim" or "bold"
function terminal.painter(fd)
  local plain = os.getenv "NO_COLOR"
  if not terminal.has_cursor(fd) or plain and plain ~= "" then
    return function(_, text) return text end
  end
  return function(colour, text)
    return ("\27[%sm%s\27[0m"):format(colours[colour], text)
  end
end

--- The width of the output: what the environment variable COLUMNS says, or else
-- the terminal.
-- @tparam[opt=1] integer fd
-- @treturn ?integer columns; nil if it is not a terminal and COLUMNS is not set
function terminal.width(fd)
  local set = math.tointeger(tonumber(os.getenv "COLUMNS" or ""))
  if set and set > 0 then return set end
  return core.columns(fd or 1) or terminal.is_output(fd) and 80 or nil
end

return terminal
