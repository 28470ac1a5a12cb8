--- A message in a normal form: a plain table on which any two parsers should agree.
-- Used to compare the reader with other programs.
-- @engine pop3.message.structure
-- @local

local addresses = require "pop3.message.addresses"
local core = require "pop3.core"
local flowed = require "pop3.message.flowed"

-- The subject of the message embedded in 'part'.
local function inner_subject(part)
  local inner = part:_child() or part:message()
  return inner and inner.subject
end

local function describe(part)
  local body = part:body()
  local t = {
    path = part.path, type = part.type, charset = part.charset,
    filename = part.filename, disposition = part.disposition,
    cid = part.cid, size = #body, sha256 = core.sha256(body),
    safe_filename = part.safe_filename,
  }
  if t.type:sub(1, 5) == "text/" then
    t.text = core.message.text(part)
    t.text_flowed = flowed(part, t.text)
  elseif t.type == "message/rfc822" or t.type == "message/global" then
    t.message_subject = inner_subject(part)
  end
  return t
end

-- The signed octets of a multipart/signed (RFC 1847 2.1).
local function signed(part)
  local first = part:_child()
  if not first then return nil end
  local raw = first:raw()
  return {
    path = first.path, protocol = part.params.protocol,
    micalg = part.params.micalg, raw_size = #raw,
    raw_sha256 = core.sha256(raw),
  }
end

return function(m)
  local text, html = m:text_part(), m:html_part()
  local t = {
    subject = m.subject, from = addresses(m.from),
    to = addresses(m.to), date = m.date and m.date.iso,
    message_id = m.message_id, references = m.references,
    in_reply_to = m.in_reply_to, body_text = text and text.path,
    body_html = html and html.path, parts = {},
  }
  for _, part in m:walk() do
    if part:_kind() ~= "multipart" then
      t.parts[#t.parts + 1] = describe(part)
    elseif part.type == "multipart/signed" and not t.signed then
      t.signed = signed(part)
    end
  end
  return t
end
