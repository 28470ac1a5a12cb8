--- RTF bodies of Outlook: decompression (MS-OXRTFCP), and the HTML or text that they
-- hold (MS-OXRTFEX).
-- @engine pop3.message.rtf
-- @local

local core = require "pop3.core"

local rtf = {}

local MOST = 16 * 1024 * 1024   -- octets of a body, decompressed

-- --------------------------------------------------------- decompression

-- The dictionary at the start (MS-OXRTFCP 2.1.2.1).
local START = [[{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}]]
  .. [[{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif]]
  .. [[SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0]]
  .. "\r\n" .. [[\par \pard\plain\f0\fs20\b\i\u\tab\tx]]

local function expand(octets, raw)
  local dict, write = { START:byte(1, -1) }, #START
  local out, done, n, at = {}, {}, 0, 17
  local function put(octet)
    n = n + 1
    out[#out + 1] = string.char(octet)
    if #out == 4096 then
      done[#done + 1] = table.concat(out)
      out = {}
    end
    dict[write % 4096 + 1] = octet
    write = write + 1
  end
  local function all()
    return (table.concat(done) .. table.concat(out)):sub(1, raw)
  end
  while at <= #octets and n < raw do
    local flags = octets:byte(at)
    at = at + 1
    for bit = 0, 7 do
      if flags >> bit & 1 == 0 then
        local octet = octets:byte(at)
        if not octet then return all() end
        put(octet)
        at = at + 1
      else
        if at + 1 > #octets then return all() end
        local token = (">I2"):unpack(octets, at)
        at = at + 2
        local from, length = token >> 4, (token & 15) + 2
        if from == write % 4096 then return all() end
        for i = 0, length - 1 do put(dict[(from + i) % 4096 + 1] or 0) end
      end
      if n >= raw then break end
    end
  end
  return all()
end

--- Decompress a body; one that is not compressed is returned as it is.
-- @tparam string octets
-- @treturn string|nil
-- @treturn string the error
function rtf.decompress(octets)
  if octets:sub(1, 5) == "{\\rtf" then return octets end
  if #octets < 16 then return nil, "an RTF body is too short" end
  local _, raw, magic = ("<I4I4I4"):unpack(octets)
  if raw > MOST then return nil, "an RTF body is too long" end
  if magic == 0x414C454D then                           -- "MELA"
    if raw > #octets - 16 then return nil, "an RTF body is too short" end
    return octets:sub(17, 16 + raw)
  elseif magic ~= 0x75465A4C then                       -- "LZFu"
    return nil, "an RTF body has an unknown compression"
  end
  return expand(octets, raw)
end

-- --------------------------------------------------------------- content

-- The code pages of \fcharset.
local charsets = { [0] = 1252, [77] = 10000, [128] = 932, [129] = 949, [130] = 1361,
                   [134] = 936, [136] = 950, [161] = 1253, [162] = 1254,
                   [163] = 1258, [177] = 1255, [178] = 1256, [186] = 1257,
                   [204] = 1251, [222] = 874, [238] = 1250, [254] = 437,
                   [255] = 437 }

-- Control words that stand for text.
local words = { par = "\r\n", line = "\r\n", tab = "\t", lquote = "‘", rquote = "’",
                ldblquote = "“", rdblquote = "”", bullet = "•", endash = "–",
                emdash = "—", emspace = " ", enspace = " ", cell = "\t", row = "\r\n" }

-- Destinations without text of the body.
local skipped = { fonttbl = true, colortbl = true, stylesheet = true, info = true,
                  pict = true, object = true, header = true, footer = true,
                  generator = true, listtable = true, listoverridetable = true }

local DEPTH = 1000         -- open groups; real bodies have fewer than 20

-- Text that is collected: octets of code pages, and UTF-8.
local function collector()
  local out, octets, page = {}, {}, nil
  local self = {}
  local function flush()
    if #octets == 0 then return end
    local raw = table.concat(octets)
    out[#out + 1] = core.decode.text(raw, "cp" .. page)
                    or core.decode.text(raw, "cp1252")
    octets = {}
  end
  function self.octets(more, codepage)
    if codepage ~= page then flush() end
    page = codepage
    octets[#octets + 1] = more
  end
  function self.text(text)
    flush()
    out[#out + 1] = text
  end
  function self.all()
    flush()
    return table.concat(out)
  end
  return self
end

-- A UTF-16 code unit of \u; the halves of a pair are joined.
local function put_unit(state, n)
  n = n & 0xFFFF
  local high = state.high
  state.high = nil
  if n >= 0xD800 and n < 0xDC00 then
    state.high = n
  elseif n < 0xDC00 or n > 0xDFFF then
    state.collect.text(utf8.char(n))
  elseif high then
    state.collect.text(utf8.char(0x10000 + ((high - 0xD800) << 10) + n - 0xDC00))
  end
end

-- Is the text of a group part of the result?
local function is_visible(g)
  return not g.destination and (g.tag or not g.suppressed)
end

local function put_octets(state, octets)
  if #octets <= state.skip then
    state.skip = state.skip - #octets
    return
  end
  octets = octets:sub(state.skip + 1)
  state.skip = 0
  local g = state.group
  if is_visible(g) then
    state.collect.octets(octets, g.page or state.fonts[state.default] or state.page)
  end
end

-- Control symbols that stand for text.
local symbols = { ["~"] = "\u{A0}", ["_"] = "\u{2011}" }

-- Control words that set the state of the group 'g' or of the body, 'state'.
local controls = {
  ansicpg = function(state, _, n) state.page = n end,
  mac = function(state) state.page = 10000 end,
  pc = function(state) state.page = 437 end,
  pca = function(state) state.page = 850 end,
  deff = function(state, _, n) state.default = n end,
  plain = function(_, g) g.page = nil end,
  bin = function(state, _, n) state.binary = math.max(n, 0) end,
  upr = function(_, g) g.twice = true end,
  fromhtml = function(state, _, n) state.html = n ~= 0 end,
  uc = function(_, g, n) g.uc = n end,
  htmlrtf = function(_, g, n) g.suppressed = n ~= 0 end,
  f = function(state, g, n)
    if g.destination == "fonttbl" then state.font = n
    else g.page = state.fonts[n] end
  end,
  fcharset = function(state, g, n)
    if g.destination == "fonttbl" and state.font then
      state.fonts[state.font] = charsets[n]
    end
  end,
}

local function control_word(state, word, n)
  local g = state.group
  if g.starred then                       -- a destination that may be unknown
    g.starred = nil
    if word == "htmltag" then g.tag = true
    elseif word == "bin" then controls.bin(state, g, n or 0)
    elseif word ~= "ud" then g.destination = g.destination or word end
  elseif skipped[word] then
    g.destination = g.destination or word
  elseif controls[word] then
    controls[word](state, g, n or 1)
  elseif is_visible(g) then
    if word == "u" and n then
      put_unit(state, n)
      state.skip = g.uc
    elseif words[word] then
      state.collect.text(words[word])
    end
  end
end

-- A control at 'at', after its backslash; returns one past it.
local function control(state, octets, at)
  local _, last = octets:find("^%a+", at)
  if last then
    if last - at >= 32 then return last + 1 end     -- no word is so long
    local _, digits = octets:find("^%-?%d+", last + 1)
    digits = digits or last
    if digits - last > 10 then return digits + 1 end
    control_word(state, octets:sub(at, last),
                 tonumber(octets:sub(last + 1, digits)))
    local after = octets:byte(digits + 1) == 32 and digits + 2 or digits + 1
    local binary = state.binary
    state.binary = 0
    return after + binary
  end
  local c = octets:sub(at, at)
  if c == "'" then
    local x = tonumber(octets:match("^%x%x", at + 1) or "3f", 16)
    put_octets(state, string.char(x))
    return at + 3
  elseif c == "*" then state.group.starred = true
  elseif symbols[c] then
    if is_visible(state.group) then state.collect.text(symbols[c]) end
  elseif c == "\\" or c == "{" or c == "}" then put_octets(state, c)
  elseif c == "\r" or c == "\n" then control_word(state, "par") end
  return at + 1
end

local function open_group(state)
  local g = state.group
  state.groups[#state.groups + 1] = g
  state.group = { uc = g.uc, suppressed = g.suppressed, page = g.page, tag = g.tag,
                  destination = g.destination or g.twice and "upr" or nil }
  g.twice = nil                      -- \upr{text}{\*\ud{the same in Unicode}}
  state.skip = 0
end

--- The HTML or the text that an RTF body was made from.
-- @tparam string octets RTF, decompressed
-- @treturn string UTF-8
-- @treturn boolean is it HTML?
function rtf.content(octets)
  local state = { page = 1252, fonts = {}, default = 0, skip = 0, binary = 0,
                  html = false, groups = {}, group = { uc = 1 },
                  collect = collector() }
  local at, n = 1, #octets
  while at <= n do
    local _, last = octets:find("^[^\\{}\r\n]+", at)
    if last then
      put_octets(state, octets:sub(at, last))
      at = last + 1
    else
      local c = octets:byte(at)
      at = at + 1
      if c == 92 then                                     -- "\\"
        at = control(state, octets, at)
      elseif c == 123 then                                -- "{"
        if #state.groups == DEPTH then break end
        open_group(state)
      elseif c == 125 then                                -- "}"
        if #state.groups == 0 then break end
        state.group = table.remove(state.groups)
        state.skip = 0
      end
    end
  end
  return state.collect.all(), state.html
end

return rtf
