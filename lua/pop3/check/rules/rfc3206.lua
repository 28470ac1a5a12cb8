--- Checks of response codes: SYS and AUTH (RFC 3206), and the format of all
-- codes (RFC 2449 section 8).
-- @module pop3.check.rules.rfc3206
-- @local

local authorization = require "pop3.check.rules.authorization"
local maildrop = require "pop3.check.maildrop"
local new_list = require "pop3.check.list"
local sasl = require "pop3.check.rules.sasl"

local checks, check = new_list(3206)

local refusals = {
  { "PASS", authorization.wrong_pass }, { "APOP", authorization.wrong_apop },
  { "AUTH", sasl.wrong },
}
for _, row in ipairs(refusals) do
  check("AUTH-code-of-" .. row[1], "6", function(t)
    if not maildrop.announced(t)["AUTH-RESP-CODE"] then
      t:skip "AUTH-RESP-CODE is not announced"
    end
    local reply = row[2](t)
    t:must(reply.level == "AUTH", "a wrong password is refused without [AUTH]: "
           .. "%s", reply.shown)
  end)
end

local logins = { USER = true, PASS = true, APOP = true, AUTH = true }

-- The replies of the run whose code matches the pattern.
local function coded(t, pattern)
  local list = {}
  for _, reply in ipairs(t.seen) do
    if reply.code and reply.code:find(pattern) then
      list[#list + 1] = reply
    end
  end
  if not list[1] then t:skip "no reply has this response code" end
  return list
end

check("AUTH-code-where-it-belongs", "5", function(t)
  for _, reply in ipairs(coded(t, "^AUTH$")) do
    -- the verb of a SASL response is not a command
    t:must(not reply.ok, "a +OK reply has [AUTH]: %s", reply.line)
    t:should(logins[reply.verb] or not reply.verb:find "^%u%u%u%u?$",
             "%s is refused with [AUTH]", reply.verb)
  end
end, { looks = true })

check("SYS-code-format", "4", function(t)
  for _, reply in ipairs(coded(t, "^SYS")) do
    local code = reply.code
    t:must(not reply.ok, "a +OK reply has [%s]: %s", code, reply.line)
    t:must(code:find "^SYS/TEMP" or code:find "^SYS/PERM",
           "the code is neither SYS/TEMP nor SYS/PERM: %s", reply.line)
  end
end, { looks = true })

-- Codes that belong only to -ERR, and only to some commands. The verb of a SASL
-- response is not a command.
for _, row in ipairs {
  { "IN-USE", 2449, "8.1.2", logins, "a login" },
  { "LOGIN-DELAY", 2449, "8.1.1", logins, "a login" },
  { "UTF8", 6856, "5", { LIST = true, TOP = true, RETR = true },
    "LIST, TOP or RETR" },
} do
  local code, rfc, section, verbs, what = table.unpack(row)
  local pattern = "^" .. code:gsub("-", "%%-") .. "%f[/%z]"
  check(code .. "-code-where-it-belongs", section, function(t)
    for _, reply in ipairs(coded(t, pattern)) do
      t:must(not reply.ok, "a +OK reply has [%s]: %s", code, reply.line)
      t:should(verbs[reply.verb] or not reply.verb:find "^%u%u%u%u?$",
               "[%s] is not in a reply to %s: %s", code, what, reply.line)
    end
  end, { rfc = rfc, looks = true })
end

local known = { AUTH = true, SYS = true, ["IN-USE"] = true, UTF8 = true,
                ["LOGIN-DELAY"] = true }

local function announced(t)
  if not maildrop.announced(t)["RESP-CODES"] then
    t:skip "RESP-CODES is not announced"
  end
end

check("response-code-format", "8", function(t)
  announced(t)
  for _, reply in ipairs(t.seen) do
    if reply.ok ~= nil and reply.text:sub(1, 1) == "[" then
      local code = reply.text:match "^%[([^%]]*)%]"
      t:must(code and not ("/" .. code .. "/"):find "//"
             and code:find "^[\33-\92\94-\127]+$",
             "the text begins with '[' and has no valid response code: %s",
             reply.line)
    end
  end
end, { rfc = 2449 })

check("RESP-CODES-announced", "8", function(t)
  local tags = maildrop.announced(t)
  if not next(tags) then t:skip "CAPA is not offered" end
  if tags["RESP-CODES"] then return end
  for _, reply in ipairs(t.seen) do
    t:should(not known[reply.level], "a reply has a response code, and "
             .. "RESP-CODES is not announced: %s", reply.line)
  end
end, { rfc = 2449 })

check("response-codes-known", "8", function(t)
  announced(t)
  for _, reply in ipairs(t.seen) do
    local first = reply.ok ~= nil and reply.level
    t:should(not first or known[first] or first:find "^X%-",
             "the response code is not defined by an RFC: %s", reply.line)
  end
end, { rfc = 2449 })

return checks
