--- Reports about messages: delivery status (RFC 3464), disposition notifications
-- (RFC 8098), feedback (RFC 5965).
-- @engine pop3.message.report
-- @local

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

-- The fields of a block, by name with "_" for "-".
local function read(block)
  local t = {}
  local m <close> = core.message.parse(block)
  for name, raw in m:fields() do
    local key = name:lower():gsub("%-", "_")
    local value = core.decode.words(raw)
    local from = value:find "[^ \t]"
    value = from and value:sub(from) or ""
    if typed[key] then
      local semicolon = value:find(";", 1, true)
      value = semicolon and value:sub((value:find("[^ ]", semicolon + 1))
                                      or semicolon + 1) or value
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
  local words = {}
  for word in (value or ""):lower():gmatch "[^;/, ]+" do words[#words + 1] = word end
  return { action = words[1], sending = words[2], type = words[3],
           modifiers = { table.unpack(words, 4) } }
end

local read_kind = {}

function read_kind.delivery(list)
  local report = list[1] and read(list[1]) or {}
  report.recipients = {}
  for i = 2, #list do report.recipients[i - 1] = read(list[i]) end
  return report
end

function read_kind.disposition(list)
  local report = read(table.concat(list))
  report.disposition = disposition(report.disposition)
  return report
end

function read_kind.feedback(list)
  return read(table.concat(list))
end

-- The message that the report is about, or its header.
local function original(part)
  if part.type == "message/rfc822" or part.type == "message/global" then
    return part:message()
  elseif part.type == "text/rfc822-headers"
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
