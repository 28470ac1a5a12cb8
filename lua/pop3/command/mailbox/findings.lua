--- What `pop3 login` has found, as text and as JSON.
-- @module pop3.command.mailbox.findings
-- @local

local certificate = require "pop3.command.mailbox.certificate"
local columns = require "pop3.command.columns"
local json = require "pop3.util.json"
local sorted_keys = require "pop3.util.sorted_keys"
local terminal = require "pop3.command.terminal"
local wrap = require "pop3.command.wrap"

local findings = {}

local MARGIN = 14  -- columns before the values

local modes = {
  implicit = "TLS at once", stls = "TLS by STLS", none = "no TLS",
}

-- Lines with a label before the first one.
local function add(out, label, text)
  text = terminal.harmless(text)
  for i, line in ipairs(wrap(text, out.width and out.width - MARGIN)) do
    out[#out + 1] = columns.fit(i == 1 and label or "", MARGIN) .. line
  end
end

-- The digits of a digest in one piece, or in two where there is no room.
local function digits(out, hex)
  if not out.width or out.width - MARGIN >= #hex then return hex end
  return hex:sub(1, #hex // 2) .. " " .. hex:sub(#hex // 2 + 1)
end

local function add_certificate(out, c, problem)
  add(out, "certificate", c.subject or "(no subject)")
  if c.names[1] then add(out, "  names", table.concat(c.names, ", ")) end
  add(out, "  issuer", c.subject == c.issuer and "itself" or c.issuer or "(none)")
  local left = certificate.days_left(c)
  add(out, "  valid", ("%s to %s%s"):format(c.not_before:sub(1, 10),
    c.not_after:sub(1, 10), not left and ""
    or left < 0 and (", EXPIRED %d days ago"):format(-left)
    or (", %d days left"):format(left)))
  add(out, "  SHA-256", digits(out, c.fingerprint))
  add(out, "  key pin", c.pin)
  for _, other in ipairs(c.chain or {}) do
    add(out, "  sent with", other.subject or "(no subject)")
  end
  if problem then
    add(out, "  problem", (problem:gsub("^certificate refused: ", "")))
  end
end

local function capability_text(capa)
  local lines = {}
  for i, name in ipairs(sorted_keys(capa)) do
    lines[i] = table.concat({ name, table.unpack(capa[name]) }, " ")
  end
  return table.concat(lines, ", ")
end

-- The capabilities that the server announces only after the login.
local function news(before, after)
  local made = {}
  for name, words in pairs(after) do
    local old = before and before[name]
    if not old or table.concat(old, " ") ~= table.concat(words, " ") then
      made[name] = words
    end
  end
  return made
end

local function add_mechanisms(out, found)
  for i, one in ipairs(found.mechanisms) do
    add(out, i == 1 and "mechanisms" or "", one.name
      .. (one.name == found.mechanism and " (used)" or "")
      .. (one.why and " - " .. one.why or ""))
  end
  if not found.mechanisms[1] then add(out, "mechanisms", "none") end
end

--- The findings as text for a person.
-- @tparam table found
-- @treturn string
function findings.text(found)
  local paint = terminal.painter()
  local out = { width = terminal.width() or nil }
  add(out, "server", ("%s, %s%s"):format(found.name, modes[found.mode],
    found.addresses and " (" .. table.concat(found.addresses, ", ") .. ")" or ""))
  if found.connected then add(out, "connected", "to " .. found.connected) end
  if found.tls then
    add(out, "TLS", ("%s, %s"):format(found.tls.version, found.tls.cipher))
  elseif found.greeting then
    add(out, "TLS", "none: everybody on the way can read this connection")
  end
  if found.certificate then
    add_certificate(out, found.certificate, found.problem)
  end
  if found.greeting then add(out, "greeting", "+OK " .. found.greeting) end
  if found.capabilities then
    add(out, "capabilities", capability_text(found.capabilities))
  elseif found.no_capa then
    add(out, "capabilities", "the server does not know CAPA")
  end
  if found.mechanisms then add_mechanisms(out, found) end
  if found.mechanism then
    add(out, "login", ("%s by %s"):format(found.user, found.mechanism))
    local more = found.capabilities_after
                 and capability_text(news(found.capabilities,
                                          found.capabilities_after))
    if more and more ~= "" then add(out, "  gives also", more) end
  end
  if found.messages then
    add(out, "mailbox", ("%d message%s, %s octets"):format(found.messages,
      found.messages == 1 and "" or "s", found.octets or "unknown"))
  end
  for i, line in ipairs(out) do
    if line:find "^%S" then
      out[i] = paint("bold", line:sub(1, MARGIN)) .. line:sub(MARGIN + 1)
    end
  end
  return table.concat(out, "\n") .. "\n"
end

--- What to do about a failure, as lines for standard error.
-- @tparam table found
-- @treturn ?string nil if there is no advice
function findings.advice(found)
  local out = {}
  for _, text in ipairs(found.advice or {}) do
    local width = terminal.width(2)
    for i, line in ipairs(wrap(terminal.harmless(text), width and width - 2)) do
      out[#out + 1] = (i == 1 and "- " or "  ") .. line
    end
  end
  return out[1] and table.concat(out, "\n")
end

local KEYS = { "host", "port", "mode", "addresses", "address", "greeting", "tls",
  "version", "cipher", "certificate", "subject", "issuer", "names", "not_before",
  "not_after", "fingerprint", "pin", "chain", "problem", "capabilities",
  "capabilities_after", "mechanisms", "name", "why", "user", "mechanism",
  "messages", "octets", "failure", "code", "message", "advice" }

local function plain_certificate(c)
  local made = {}
  for name, value in pairs(c) do made[name] = value end
  made.names, made.emails = json.list(c.names), json.list(c.emails)
  if c.chain then
    made.chain = json.list {}
    for i, other in ipairs(c.chain) do made.chain[i] = plain_certificate(other) end
  end
  return made
end

-- Capabilities as lines in a sorted list.
local function plain_capabilities(capa)
  if not capa then return nil end
  local lines = json.list {}
  for name, words in pairs(capa) do
    lines[#lines + 1] = table.concat({ name, table.unpack(words) }, " ")
  end
  table.sort(lines)
  return lines
end

--- The findings for programs.
-- @tparam table found
-- @treturn string
function findings.json(found)
  local failure = found.failure
  return json.encode({
    host = found.host, port = found.port, mode = found.mode,
    addresses = found.addresses and json.list(found.addresses),
    address = found.connected, greeting = found.greeting,
    tls = found.tls and { version = found.tls.version, cipher = found.tls.cipher },
    certificate = found.certificate and plain_certificate(found.certificate),
    problem = found.problem,
    capabilities = plain_capabilities(found.capabilities),
    capabilities_after = plain_capabilities(found.capabilities_after),
    mechanisms = found.mechanisms and json.list(found.mechanisms),
    user = found.user, mechanism = found.mechanism, messages = found.messages,
    octets = found.octets,
    failure = failure and { code = failure.code, message = failure.message,
      reply = failure.reply and { code = failure.reply.code,
                                  text = failure.reply.text } },
    advice = json.list(found.advice or {}),
  }, { indent = true, keyorder = KEYS }) .. "\n"
end

return findings
