--- What may be wrong when `pop3 login` fails, and what to do about it.
-- @module pop3.command.mailbox.diagnosis
-- @local

local address = require "pop3.util.address"
local certificate = require "pop3.command.mailbox.certificate"
local pop3 = require "pop3"

local diagnosis = {}

local PROBE = 10  -- seconds for a second connection, which only probes

-- Connect once more to see how the server answers; the certificate does not matter,
-- since no secret is sent. A session without a login, or nil.
local function probe(opts, tls)
  return pop3.connect { host = opts.host, port = opts.port, tls = tls,
    verify = false, family = opts.family, proxy = opts.proxy, timeout = PROBE }
end

local function url_of(scheme, opts)
  return ("%s://%s"):format(scheme, address.text(opts.host, opts.port))
end

-- ------------------------------------------------------- what a port speaks

-- A connection without TLS found no POP3: does the port use implicit TLS?
local function try_tls(opts, port)
  local s <close> = probe({ host = opts.host, port = port, family = opts.family,
                            proxy = opts.proxy }, "implicit")
  if not s then return nil end
  return ("The server speaks TLS at once on this port: use %s"):format(
    url_of("pops", { host = opts.host, port = port }))
end

-- The TLS handshake failed: does the port speak POP3 without TLS?
local function try_plain(opts, port)
  local here = { host = opts.host, port = port, family = opts.family,
                 proxy = opts.proxy }
  local s <close> = probe(here, "none")
  if not s then return nil end
  local stls = s:supports "STLS"
  s:quit()
  if stls then
    return ("The server speaks POP3 without TLS at first on this port, and has STLS: "
            .. "use %s"):format(url_of("pop", here))
  end
  return "The server speaks POP3 without TLS on this port, and does not offer STLS."
end

-- Other protocols, by the first line of the server.
local protocols = {
  { "%* OK", "IMAP" }, { "%* PREAUTH", "IMAP" }, { "220[ -]", "SMTP or FTP" },
  { "SSH%-", "SSH" }, { "HTTP/", "HTTP" },
}

local function other_protocol(message)
  for _, row in ipairs(protocols) do
    if message:find(row[1]) then
      return ("This looks like %s, not POP3. The ports of POP3 are 995 (pops://) and "
              .. "110 (pop://)."):format(row[2])
    end
  end
end

-- ---------------------------------------------------------------- connecting

local function of_tls(opts, port, message, seen)
  local c = seen.certificate
  if c and opts.fingerprint and c.fingerprint ~= opts.fingerprint then
    return { "The server has another certificate than the one that --fingerprint "
             .. "names: it was renewed, or somebody is between you and the server." }
  elseif c and seen.problem then
    return certificate.advice(c, opts.servername or opts.host, seen.problem)
  elseif message:find("offer STLS", 1, true) or message:find("has STLS", 1, true) then
    return { "Try pops:// on port 995. --tls none goes on without TLS: then "
             .. "everybody on the way can read the mail." }
  end
  local found = opts.tls == "implicit" and try_plain(opts, port)
  if found then return { found }, true end
  if message:find "version" or message:find "unsupported protocol" then
    return { "The server knows only old versions of TLS. This program wants "
             .. "TLS 1.2 at least." }
  end
  return { "The TLS handshake failed. -v shows how far it came." }
end

--- Why no connection was made, or no greeting came.
-- @tparam table opts of `pop3.connect`
-- @tparam integer port
-- @tparam table failure `message`, `code`, `reply`
-- @tparam table seen `certificate` and `problem`, if the server showed one
-- @treturn {string,...} advice
-- @treturn ?boolean true when the port speaks something else: waiting does not help
function diagnosis.of_connect(opts, port, failure, seen)
  local message, code = failure.message, failure.code
  if code == "tls" then return of_tls(opts, port, message, seen) end
  if seen.unresolved then
    return { ("The name does not resolve. Is it spelt right? \"getent hosts %s\" asks "
              .. "the system."):format(opts.host) }
  elseif code == "connect" then
    if message:find "refused" then
      return { ("Nothing listens on port %d of this host, or a firewall refuses "
                .. "it."):format(port) }
    end
    return { "Is the network up, and is the name of the host right?" }
  elseif code == "err" then
    return { "The server refuses all sessions now, or those from this address." }
  end
  local known = code == "proto" and other_protocol(message)
  if known then return { known }, true end
  local found
  if opts.tls == "implicit" then found = try_plain(opts, port)
  else found = try_tls(opts, port) end
  if found then return { found }, true end
  if code == "timeout" then
    return { "The host does not answer: a firewall may drop the packets, or the "
             .. "server is overloaded. --timeout waits longer." }
  elseif code == "closed" then
    return { "The server closed the connection: it may limit connections or "
             .. "addresses." }
  end
  return { "The replies of the server are not valid POP3. -v shows the dialogue." }
end

-- ----------------------------------------------------------------- the login

local by_code = {
  AUTH = "The server does not accept this user with this secret. Many providers "
         .. "want the whole address as the user, and a password made for one program "
         .. "or a token (--token-command) instead of the usual password.",
  ["IN-USE"] = "Another program has the mailbox open, or its session has not ended "
               .. "yet: try again in some minutes.",
  ["LOGIN-DELAY"] = "The server wants some time between two logins: try again later.",
  ["SYS/TEMP"] = "The server has a temporary failure: try again later.",
  ["SYS/PERM"] = "The server has a permanent failure: its administrator "
                 .. "must repair it.",
}

--- Why a login failed.
-- @tparam table failure `message`, `code`, `reply`
-- @tparam {table,...} mechanisms of `pop3.client.login.explain`
-- @tparam table opts of `pop3.connect`
-- @treturn {string,...} advice
function diagnosis.of_login(failure, mechanisms, opts)
  local reply = failure.reply
  if reply then
    return { by_code[reply.code or ""] or failure.code == "auth" and by_code.AUTH
             or "The server refused the login for the reason that it gives." }
  elseif failure.code ~= "auth" then
    return { "The connection was lost during the login. -v shows how far it came." }
  end
  local list, cleartext, named = {}, false, nil
  for _, one in ipairs(mechanisms) do
    local why = one.why or ""
    cleartext = cleartext or why:find "^a cleartext" ~= nil
    if why:find "^only if it is asked" then named = one.name end
  end
  if cleartext then
    list[1] = "Without TLS the password would be readable on the way. Use pops://, or "
              .. "pop:// with STLS; --insecure sends it anyway."
  elseif opts.mechs then
    list[1] = "The server does not offer what --mech names, or it cannot be used here."
  else
    list[1] = "The server offers no mechanism that can be used with this secret; see "
              .. "the list of mechanisms. OAUTHBEARER and XOAUTH2 need --token-command."
  end
  if named and not opts.mechs then
    list[#list + 1] = ("--mech %s asks for %s by name."):format(named, named)
  end
  return list
end

return diagnosis
