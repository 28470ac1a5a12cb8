--- How many columns of a terminal a text takes, and text that fits into columns.
--
-- Combining characters take none, and those of East Asia and emoji two (UAX #11,
-- "W" and "F"). The table covers the common scripts of mail, not all scripts.
-- @module pop3.command.columns
-- @local

local columns = {}

-- Ranges of code points, sorted, as pairs in one list.
local function ranges(text)
  local list = {}
  for from, to in text:gmatch "(%x+)%-?(%x*)" do
    list[#list + 1] = tonumber(from, 16)
    list[#list + 1] = tonumber(to ~= "" and to or from, 16)
  end
  return list
end

local none = ranges [[
  300-36F 483-489 591-5BD 5BF 5C1-5C2 5C4-5C5 5C7 610-61A 64B-65F 670 6D6-6DC
  6DF-6E4 6E7-6E8 6EA-6ED 711 730-74A 900-902 93A 93C 941-948 94D 951-957
  962-963 981 9BC 9C1-9C4 9CD 9E2-9E3 E31 E34-E3A E47-E4E EB1 EB4-EBC EC8-ECD
  1AB0-1ACE 1DC0-1DFF 200B-200D 2060 20D0-20F0 2CEF-2CF1
  2D7F 2DE0-2DFF 302A-302D 3099-309A FE00-FE0F
  FE20-FE2F FEFF E0100-E01EF]]

local wide = ranges [[
  1100-115F 231A-231B 2329-232A 23E9-23EC 23F0 23F3 25FD-25FE 2614-2615
  2648-2653 267F 2693 26A1 26AA-26AB 26BD-26BE 26C4-26C5 26CE 26D4 26EA
  26F2-26F3 26F5 26FA 26FD 2705 270A-270B 2728 274C 274E 2753-2755 2757
  2795-2797 27B0 27BF 2B1B-2B1C 2B50 2B55 2E80-303E 3041-3247 3250-4DBF
  4E00-A4CF A960-A97F AC00-D7A3 F900-FAFF FE10-FE1F FE30-FE6F FF01-FF60
  FFE0-FFE6 16FE0-1B2FF 1F004 1F0CF 1F18E 1F191-1F19A 1F200-1F320 1F32D-1F335
  1F337-1F37C 1F37E-1F393 1F3A0-1F3CA 1F3CF-1F3D3 1F3E0-1F3F0 1F3F4
  1F3F8-1F43E 1F440 1F442-1F4FC 1F4FF-1F53D 1F54B-1F54E 1F550-1F567 1F57A
  1F595-1F596 1F5A4 1F5FB-1F64F 1F680-1F6C5 1F6CC 1F6D0-1F6D2 1F6D5-1F6DF
  1F6EB-1F6EF 1F6F4-1F6FF 1F7E0-1F7EB 1F7F0 1F90C-1F93A 1F93C-1F945
  1F947-1F9FF 1FA70-1FAFF 20000-3FFFD]]

local function is_in(list, c)
  local low, high = 1, #list // 2
  while low <= high do
    local middle = (low + high) // 2
    if c < list[2 * middle - 1] then high = middle - 1
    elseif c > list[2 * middle] then low = middle + 1
    else return true end
  end
  return false
end

local function of_character(c)
  if c < 0x300 then return 1 end
  return is_in(none, c) and 0 or is_in(wide, c) and 2 or 1
end

--- The columns of a text.
-- @tparam string text valid UTF-8 without control characters
-- @treturn integer
function columns.of(text)
  local n = 0
  for _, c in utf8.codes(text) do n = n + of_character(c) end
  return n
end

--- Cut a text to a number of columns; "…" at its end shows that it was cut.
-- @tparam string text
-- @tparam integer most columns, 1 or more
-- @treturn string
-- @treturn integer its columns
function columns.cut(text, most)
  local n, keep, kept = 0, 0, 0  -- up to `keep`, "…" fits after it
  for at, c in utf8.codes(text) do
    local width = of_character(c)
    if n + width > most then return text:sub(1, keep) .. "…", kept + 1 end
    n = n + width
    if n <= most - 1 then
      keep, kept = (utf8.offset(text, 2, at) or #text + 1) - 1, n
    end
  end
  return text, n
end

--- Cut a text, or add blanks, so that it takes exactly some columns.
-- @tparam string text
-- @tparam integer width
-- @tparam[opt=false] boolean right add the blanks before it
-- @treturn string
function columns.fit(text, width, right)
  local cut, n = columns.cut(text, width)
  local blanks = (" "):rep(width - n)
  return right and blanks .. cut or cut .. blanks
end

return columns
