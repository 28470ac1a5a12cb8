--- The new text of a reply: without the quoted message and without the signature.
-- @engine pop3.message.quote
-- @local

-- Ends of the line before a quotation, in lower case: "On ..., X wrote:".
local attributions = {
  "wrote:", "writes:", "schrieb:", "geschrieben:", "a écrit :", "a écrit:",
  "escribió:", "escreveu:", "ha scritto:", "schreef:", "skrev:", "skrev følgende:",
  "napisał:", "napisał(a):", "napsal:", "napsal(a):", "kirjoitti:", "пишет:",
  "писал:", "написал:", "написав:", "írta:", "yazdı:", "έγραψε:", "写道:", "写道：",
  "wrote :", "a scris:",
}

-- Lines before the whole of the older message, in lower case.
local separators = {
  "original message", "forwarded message", "ursprüngliche nachricht",
  "weitergeleitete nachricht", "message d'origine", "message original",
  "mensaje original", "mensagem original", "messaggio originale",
  "oorspronkelijk bericht", "ursprungligt meddelande", "oprindelig meddelelse",
  "исходное сообщение", "пересылаемое сообщение", "wiadomość oryginalna",
}

-- Names of the fields in the header that Outlook puts before the older message.
local fields = { ["from:"] = true, ["von:"] = true, ["de :"] = true, ["de:"] = true,
                 ["da:"] = true, ["van:"] = true, ["fra:"] = true, ["från:"] = true,
                 ["от:"] = true, ["od:"] = true }

local BLANK = "[ \t\r\n]"

-- Without blanks at the end.
local function stripped(line)
  local last = #line
  while last > 0 and line:find("^" .. BLANK, last) do last = last - 1 end
  return line:sub(1, last)
end

local function ends_with(line, list)
  for _, text in ipairs(list) do
    if line:sub(-#text) == text then return true end
  end
  return false
end

-- Is it a line such as "-----Original Message-----"?
local function is_separator(line)
  local first = line:byte()
  if first ~= 45 and first ~= 95 then return false end       -- "-" or "_"
  if line:find "^_+$" and #line >= 20 then return true end
  line = line:lower()
  for _, text in ipairs(separators) do
    if line:find(text, 1, true) then return true end
  end
  return false
end

-- Does a header of Outlook begin at line 'i': a sender, then two more fields?
local function is_header(lines, i)
  local line = lines[i]:gsub("^%*", "")
  local colon = line:find(":", 1, true)
  if not colon or colon > 12 or not fields[line:sub(1, colon):lower()] then
    return false
  end
  local more = 0
  for k = i + 1, math.min(i + 5, #lines) do
    if lines[k]:find "^%*?[^ \t:]+ ?[^ \t:]*:[ *]" then more = more + 1 end
  end
  return more >= 2
end

-- Remove the attribution at the end of 'out', of up to three lines.
local function drop_attribution(out)
  local last = #out
  while last > 0 and out[last] == "" do last = last - 1 end
  if last == 0 or out[last]:sub(-1) ~= ":" and out[last]:sub(-3) ~= "：" then
    return
  end
  if not ends_with(out[last]:lower(), attributions)
     and not (out[last]:find("@", 1, true) or out[last]:find "%d%d:%d%d") then
    return
  end
  local from = last
  while from > 1 and last - from < 2 and out[from - 1] ~= "" do from = from - 1 end
  for i = #out, from, -1 do out[i] = nil end
end

--- @tparam string text
-- @treturn string
return function(text)
  local lines, out, quoted = {}, {}, false
  for line in text:gmatch "[^\n]*\n?" do
    if line ~= "" then lines[#lines + 1] = stripped(line) end
  end
  for i, line in ipairs(lines) do
    if line == "--" or is_separator(line) or is_header(lines, i) then break end
    if line:byte() == 62 then                                 -- ">"
      if not quoted then drop_attribution(out) end
      quoted = true
    else
      quoted = quoted and line == ""
      if not quoted then out[#out + 1] = line end
    end
  end
  local last, first = #out, 1
  while last > 0 and out[last] == "" do last = last - 1 end
  while first <= last and out[first] == "" do first = first + 1 end
  if first > last then return "" end
  return table.concat(out, "\r\n", first, last) .. "\r\n"
end
