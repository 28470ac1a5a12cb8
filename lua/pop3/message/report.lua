--- Reports about messages: delivery status (RFC 3464), disposition notifications
-- (RFC 8098), feedback (RFC 5965).
-- @engine pop3.message.report
-- @local

local comment = require "pop3.message.comment"
local core = require "pop3.core"

local kinds = {
  ["message/delivery-status"] = "delivery",
  ["message/global-delivery-status"] = "delivery",
  ["message/disposition-notification"] = "disposition",
  ["message/global-disposition-notification"] = "disposition",
  ["message/feedback-report"] = "feedback",
}

-- Fields with "type; value", of which the value is wanted.
local typed = {
  final_recipient = true, original_recipient = true, reporting_mta = true,
  remote_mta = true, dsn_gateway = true, received_from_mta = true,
  mdn_gateway = true,
}

-- Fields of words, in which comments are allowed.
local words = { action = true, status = true }

-- Fields of a recipient (RFC 3464 2.3).
local of_recipient = {
  "original_recipient", "final_recipient", "action", "status", "remote_mta",
  "diagnostic_code", "last_attempt_date", "final_log_id", "will_retry_until",
}

local dates = { arrival_date = true, last_attempt_date = true,
                will_retry_until = true, received_date = true }

-- Fields that may occur several times (RFC 5965 3.2).
local lists = { original_rcpt_to = true, authentication_results = true,
                reported_domain = true, reported_uri = true }

-- The blocks of fields in a body, which empty lines separate.
local function blocks(body)
  local list, lines = {}, {}
  local function close()
    if #lines > 0 then list[#list + 1] = table.concat(lines) .. "\r\n" end
    lines = {}
  end
  for line in body:gmatch "[^\n]*\n?" do
    if line:find "^\r*\n?$" then close() else lines[#lines + 1] = line end
  end
  close()
  return list
end

-- A value without comments and without blanks at the ends.
local function without_comments(value)
  local out, at = {}, 1
  while true do
    local from, to = value:find('^"[^"]*"', at)
    if not from then from, to = value:find('^[^"(]+', at) end
    if not from then
      if at > #value then break end
      local skipped = value:byte(at) == 40 and comment.skip(value, at)
      from, to = at, at
      if value:byte(at) == 40 then
        if not skipped then break end                     -- "(" without ")"
        from, to = skipped, skipped - 1
      end
    end
    out[#out + 1] = value:sub(from, to)
    at = to + 1
  end
  local text = table.concat(out)
  local last = #text
  while last > 0 and text:find("^[ \t]", last) do last = last - 1 end
  return text:sub(1, last)
end

-- The value of a field "type; value", or of one without its type.
local function typed_value(value)
  local semicolon = value:find(";", 1, true)
  if semicolon then
    value = value:sub(value:find("[^ ]", semicolon + 1) or #value + 1)
  end
  value = without_comments(value)
  return value:match "^<([^<>]*)>$" or value
end

-- The fields of a block, by name with "_" for "-".
local function read(block, t)
  t = t or {}
  local m <close> = core.message.parse(block)
  for name, raw in m:fields() do
    local key = name:lower():gsub("%-", "_")
    local value = core.decode.words(raw)
    local from = value:find "[^ \t]"
    value = from and value:sub(from) or ""
    if typed[key] then
      value = typed_value(value)
    elseif words[key] then
      value = without_comments(value):lower()
    elseif dates[key] then
      value = core.message.date(value)
    end
    if lists[key] then
      t[key] = t[key] or {}
      t[key][#t[key] + 1] = value
    elseif t[key] == nil then
      t[key] = value
    end
  end
  return t
end

-- "manual-action/MDN-sent-manually; displayed/error" (RFC 8098 3.2.6).
local function disposition(value)
  local words_of = {}
  value = without_comments(value:lower())
  if not value:find("[/;]") then value = "; " .. value end
  local mode, rest = value:match "^([^;]*);?(.*)$"
  for word in rest:gmatch "[^;/, ]+" do words_of[#words_of + 1] = word end
  local action, sending = mode:match "^ *([^/ ]*) */? *([^/ ]*)"
  return { action = action ~= "" and action or nil,
           sending = sending ~= "" and sending or nil, type = words_of[1],
           modifiers = { table.unpack(words_of, 2) } }
end

local read_kind = {}

-- The first block is about the message (RFC 3464 2.1). Some programs leave it out, or
-- write the fields of a recipient in it.
function read_kind.delivery(list)
  local report = list[1] and read(list[1]) or {}
  report.recipients = {}
  if report.final_recipient then
    local recipient = {}
    for _, key in ipairs(of_recipient) do
      recipient[key], report[key] = report[key], nil
    end
    report.recipients[1] = recipient
  end
  for i = 2, #list do table.insert(report.recipients, read(list[i])) end
  return report
end

-- All blocks as one: these reports have one only.
local function read_all(list)
  local report = {}
  for _, block in ipairs(list) do read(block, report) end
  return report
end

function read_kind.disposition(list)
  local report = read_all(list)
  report.disposition = report.disposition and disposition(report.disposition)
  return report
end

read_kind.feedback = read_all

-- The message that the report is about, or its header.
local function original(part)
  if part.type == "message/rfc822" or part.type == "message/global" then
    return part:message()
  elseif part.type == "text/rfc822-headers" or part.type == "message/rfc822-headers"
         or part.type == "message/global-headers" then
    return core.message.parse(part:body())
  end
end

--- @tparam part part
-- @treturn table|nil see the method `m:report` of `pop3.message`
return function(part)
  local report
  local function search(at)
    if at:_kind() == "multipart" then
      for child in at:_parts() do search(child) end
      return
    end
    local kind = kinds[at.type]
    if kind and not report then
      report = read_kind[kind](blocks(at:body()))
      report.kind = kind
    elseif report and not report.original then
      report.original = original(at)
    end
  end
  search(part)
  return report
end
