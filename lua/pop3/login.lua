--- Logging in: which mechanism, and its exchange.
--
-- A mechanism is a row here: what it needs, whether it shows the secret to
-- whoever reads the link, and its steps.
-- @module pop3.login
-- @local

local core = require "pop3.core"

-- Replies after which trying again later can help (RFC 2449, RFC 3206).
local passing = { ["IN-USE"] = true, ["LOGIN-DELAY"] = true,
                  ["SYS/TEMP"] = true }

-- The stamp of a greeting, by the letter of RFC 822's msg-id: anything looser
-- lets a false server work towards the password (CVE-2007-1558).
local function stamp(greeting)
  local found = greeting:match "<[^<>]*>"
  if found and found:find "^<[^@]+@[^@]+>$"
     and not found:find '[%c \127-\255"(),;:\\]' then
    return found
  end
end

local mechanisms = {
  -- USER and PASS (RFC 1939 section 7)
  USER = {
    cleartext = true,
    run = function(s, exchange, user, secret)
      local ok, message, code, reply = exchange(s, "USER", "USER " .. user)
      if not ok then return nil, message, code, reply end
      return exchange(s, "PASS", "PASS " .. secret)
    end,
  },
  -- APOP (RFC 1939 section 7)
  APOP = {
    usable = function(s)
      if stamp(s.hello) then return true end
      return nil, "the greeting has no valid APOP stamp"
    end,
    run = function(s, exchange, user, secret)
      local digest = core.md5(stamp(s.hello) .. secret)
      s.engine:secret(secret)  -- a server must not get it into our errors
      return exchange(s, "APOP", "APOP " .. user .. " " .. digest)
    end,
  },
}

-- Which mechanisms to try, best first. Only what is asked for by name is
-- tried without being offered.
local function candidates(s, mechs)
  if mechs then return mechs end
  local capa, message, code = s:capa()
  if not capa and code ~= "err" then return nil, message, code end
  if not capa or capa.USER or not capa.SASL then return { "USER" } end
  return {}
end

local login = {}

--- Log in.
-- @tparam table s the session
-- @tparam function exchange(s, label, line) → true or nil, message, code, reply
-- @tparam string user
-- @tparam string secret
-- @tparam ?table mechs an allow list in order of preference
-- @tparam function fail(s, label, message, code, reply)
-- @treturn boolean true and the mechanism, or nil, message, code, reply
function login.run(s, exchange, user, secret, mechs, fail)
  local list, message, code = candidates(s, mechs)
  if not list then return nil, message, code end
  local why = "the server offers no mechanism that can be used"
  for _, name in ipairs(list) do
    local mech = mechanisms[name]
    local ok, reason = mech ~= nil, "not supported"
    if mech and mech.cleartext and not s:may_send_cleartext() then
      ok, reason = false, "a cleartext password would cross a link without "
                          .. "TLS (insecure = true allows it)"
    elseif mech and mech.usable then
      ok, reason = mech.usable(s)
    end
    if ok then
      local done, m, c, reply = mech.run(s, exchange, user, secret)
      if done then return true, name end
      if c == "err" and not (reply and passing[reply.code]) then c = "auth" end
      return nil, m, c, reply
    end
    why = name .. ": " .. reason
  end
  return fail(s, "login", why, "auth")
end

return login
