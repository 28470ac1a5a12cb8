--- The new text of a reply: without the quoted message and without the signature.
-- @engine pop3.message.quote
-- @local

-- All texts below are in lower case, with plain blanks and apostrophes.

-- Ends of the line before a quotation: "On ..., X wrote:".
local attributions = {
  "wrote:", "writes:", "schrieb:", "geschrieben:", "a écrit :", "a écrit:",
  "escribió:", "escreveu:", "ha scritto:", "schreef:", "skrev:", "skrev følgende:",
  "napisał:", "napisał(a):", "napsal:", "napsal(a):", "kirjoitti:", "пишет:",
  "писал:", "написал:", "написав:", "írta:", "yazdı:", "έγραψε:", "写道:", "wrote :",
  "a scris:", "작성:",
}

-- What is written between dashes before the whole of the older message.
local separators = {
  "original message", "forwarded message", "ursprüngliche nachricht",
  "weitergeleitete nachricht", "original-nachricht", "message d'origine",
  "message original", "message transféré", "message réexpédié", "mensaje original",
  "mensaje reenviado", "mensagem original", "mensagem encaminhada",
  "messaggio originale", "messaggio inoltrato", "oorspronkelijk bericht",
  "doorgestuurd bericht", "ursprungligt meddelande", "oprindelig meddelelse",
  "opprinnelig melding", "alkuperäinen viesti", "исходное сообщение",
  "пересылаемое сообщение", "wiadomość oryginalna", "původní zpráva",
  "eredeti üzenet", "orijinal mesaj", "元のメッセージ", "原始邮件", "原始郵件", "원본 메시지",
}

-- Lines before a forwarded message.
local introductions = {
  ["begin forwarded message:"] = true,
  ["anfang der weitergeleiteten nachricht:"] = true,
  ["début du message réexpédié :"] = true, ["début du message transféré :"] = true,
  ["inicio del mensaje reenviado:"] = true, ["inizio messaggio inoltrato:"] = true,
  ["início da mensagem reenviada:"] = true,
  ["início da mensagem encaminhada:"] = true, ["begin doorgestuurd bericht:"] = true,
  ["vidarebefordrat brev:"] = true, ["начало переадресованного сообщения:"] = true,
}

-- Names of the first field in the header that Outlook puts before the older message.
local fields = { ["from:"] = true, ["von:"] = true, ["de :"] = true, ["de:"] = true,
                 ["da:"] = true, ["van:"] = true, ["fra:"] = true, ["från:"] = true,
                 ["от:"] = true, ["od:"] = true, ["lähettäjä:"] = true,
                 ["feladó:"] = true, ["kimden:"] = true, ["差出人:"] = true,
                 ["发件人:"] = true, ["寄件者:"] = true, ["보낸 사람:"] = true }

local BLANK = "[ \t\r\n]"

-- A line as it is compared: in lower case, with plain blanks, apostrophes and colons.
-- Upper case of Latin-1 (U+00C0 to U+00DE) and of Russian (U+0410 to U+042F).
local function plain(line)
  line = line:lower()
  if not line:find "[\x80-\xFF]" then return line end
  return (line:gsub("\u{A0}", " "):gsub("\u{202F}", " "):gsub("’", "'")
              :gsub("：", ":"):gsub("\xC3([\x80-\x9E])", function(c)
    return c ~= "\x97" and "\xC3" .. string.char(c:byte() + 32) or nil
  end):gsub("\xD0[\x90-\xAF]", function(c)
    return utf8.char(utf8.codepoint(c) + 32)
  end))
end

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

-- Is it a line such as "-----Original Message-----", or "---- On ... wrote ----"?
local function is_separator(line)
  local first = line:byte()
  if first ~= 45 and first ~= 95 then return false end       -- "-" or "_"
  if line:find "^_+$" and #line >= 20 then return true end
  if line:sub(1, 2) ~= "--" or line:sub(-2) ~= "--" then return false end
  line = plain(line)
  for _, text in ipairs(separators) do
    if line:find(text, 1, true) then return true end
  end
  return line:find("^%-+ on ") ~= nil and line:find(" wrote %-+$") ~= nil
end

-- Does a header of Outlook begin at line 'i': a sender, then two more fields?
local function is_header(lines, i)
  local line = plain(lines[i]:sub(1, 60):gsub("^%*", ""))
  local colon = line:find(":", 1, true)
  if not colon or colon > 24 or not fields[line:sub(1, colon)] then
    return false
  end
  local more = 0
  for k = i + 1, math.min(i + 5, #lines) do
    if plain(lines[k]:sub(1, 60)):find "^%*?[^ \t:]+ ?[^ \t:]*:[ *]" then
      more = more + 1
    end
  end
  return more >= 2
end

-- The lines of the attribution at the end of 'out', of up to three lines: the first
-- and the last one; nil if there is none.
local function attribution(out)
  local last = #out
  while last > 0 and out[last] == "" do last = last - 1 end
  if last == 0 then return nil end
  local line = plain(out[last])
  if line:sub(-1) ~= ":" or not ends_with(line, attributions)
     and not (line:find("@", 1, true) or line:find "%d%d:%d%d") then
    return nil
  end
  local first = last
  while first > 1 and last - first < 2 and out[first - 1] ~= "" do
    first = first - 1
  end
  return first, last
end

-- Does 'out' end in an attribution that is one also if nothing is marked as quoted:
-- with an address, a time, and a word such as "wrote"?
local function is_certain(out)
  local first, last = attribution(out)
  if last ~= #out or not ends_with(plain(out[last]), attributions) then
    return false
  end
  local text = table.concat(out, " ", first, last)
  return text:find "<[^<> ]+@[^<> ]+>" ~= nil and text:find "%d%d?[:.]%d%d" ~= nil
end

local function drop_attribution(out)
  local first = attribution(out)
  for i = #out, first or #out + 1, -1 do out[i] = nil end
end

-- Drop blank lines, and rules of dashes, at the end.
local function drop_rules(out)
  while out[1] and out[#out]:find "^%-*$" do out[#out] = nil end
end

-- May the line be quoted: by ">", "|", or initials?
local function marked(line)
  return line:find "^[>|]" ~= nil or line:find "^ ?%u%u?%u?%u?>" ~= nil
end

-- Is the line quoted? Other marks than ">" count within a quotation and after its
-- attribution only; ">_<" is a face.
local function is_quoted(line, out, quoted)
  if line:byte() == 62 then return not line:find "^>[_.-]+<" end
  return marked(line) and (quoted or attribution(out) ~= nil)
end

-- Does the older message begin at line 'i', up to the end?
local function ends_at(lines, i)
  return is_separator(lines[i]) or is_header(lines, i)
         or introductions[plain(lines[i]:sub(1, 100))]
end

-- Do quoted lines follow line 'i'?
local function is_quoted_next(lines, i)
  repeat i = i + 1 until lines[i] ~= ""
  return lines[i] ~= nil and marked(lines[i])
end

--- @tparam string text
-- @treturn string
return function(text)
  local lines, out, quoted = {}, {}, false
  for line in text:gmatch "[^\n]*\n?" do
    if line ~= "" then lines[#lines + 1] = stripped(line) end
  end
  for i, line in ipairs(lines) do
    if line == "--" then break end
    if ends_at(lines, i) then
      drop_rules(out)
      break
    end
    if is_quoted(line, out, quoted) then
      if not quoted then drop_attribution(out) end
      quoted = true
    else
      quoted = quoted and line == ""
      if not quoted then out[#out + 1] = line end
      if line:sub(-1) == ":" and is_certain(out) and not is_quoted_next(lines, i) then
        drop_attribution(out)
        break
      end
    end
  end
  local last, first = #out, 1
  while last > 0 and out[last] == "" do last = last - 1 end
  while first <= last and out[first] == "" do first = first + 1 end
  if first > last then return "" end
  return table.concat(out, "\r\n", first, last) .. "\r\n"
end
