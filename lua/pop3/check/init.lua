--- A conformance checker for POP3 servers. It tests a server against RFC 1939,
-- 2449, 2595, 3206, 5034 and 6856; each requirement is a check with a name. It
-- is not a load test, and it does not use the client (`pop3.session`).
--
--    local result = assert(require "pop3.check" {
--      host = "mail.example", tls = "implicit", user = "mrose",
--      password = "secret" })
--    io.write(require "pop3.check.report".text(result))
--
-- A violated MUST is a "fail", a violated SHOULD a "warn". A check of something
-- that the server does not offer is a "skip".
--
-- Effects on the account: some dozens of logins, at most three of them with a
-- wrong password; after five refused logins no other method is tried. Without
-- the option `delete` no DELE is sent, and a session that fetched mail does not
-- end with QUIT, since some servers delete fetched messages then (RFC 2449
-- section 6.7). With `delete`, message 1 is deleted.
--
-- A run always ends: if the first line is not a greeting, nothing is sent;
-- after waiting 12 times `timeout` for replies that did not come, the rest is
-- skipped.
-- @module pop3.check

local Probe = require "pop3.check.probe"
local address = require "pop3.util.address"
local argument = require "pop3.util.argument"
local core = require "pop3.core"
local new_wait = require "pop3.check.wait"
local rules = require "pop3.check.rules"
local tls_options = require "pop3.transport.tls"

local known = {
  host = "string", port = "integer", cafile = "string", verify = "boolean",
  tls = { implicit = true, stls = true, none = true },
  user = "string", password = "string", delete = "boolean",
  timeout = "number", only = "table", insecure = "boolean",
  transport = "function", progress = "function",
}

-- A copy of the options, with the defaults filled in.
local function options(given)
  argument.options(given, known, "check", 2)
  local opts = {}
  for name, value in pairs(given) do opts[name] = value end
  opts.host = opts.host or opts.transport and "localhost"
  if not opts.host then
    argument.misuse(2, "check: the option host is required")
  end
  argument.text(opts.host, "check: the host", 2)
  opts.tls = opts.tls or address.default_tls(opts.port)
  opts.port = opts.port or address.default_port(opts.tls)
  if not address.is_port(opts.port) then
    argument.misuse(2, "check: the port must be 1 to 65535, not %d", opts.port)
  end
  opts.timeout = opts.timeout or 10
  if opts.timeout <= 0 or opts.timeout ~= opts.timeout then
    argument.misuse(2, "check: timeout must be positive")
  end
  if opts.user then
    if not opts.password then
      argument.misuse(2, "check: the option user requires password")
    end
    argument.text(opts.user, "check: the user", 2, 248)
    argument.text(opts.password, "check: the password", 2, 248)
    if opts.user == "" or opts.password == "" then
      argument.misuse(2, "check: user and password must not be empty")
    end
  end
  if opts.delete and not opts.user then
    argument.misuse(2, "check: the option delete requires user")
  end
  return opts
end

local counts = { pass = "passed", fail = "failed", warn = "warned",
                 skip = "skipped" }

local function run(probe, list, result, progress)
  for i, check in ipairs(list) do
    if progress then
      probe.on_octets = function() progress(i, #list, check.name) end
      probe.on_octets()
    end
    local outcome, reason, evidence = probe:run(check)
    result.checks[#result.checks + 1] = {
      name = check.name, rfc = check.rfc, section = check.section,
      result = outcome, reason = reason, evidence = evidence,
    }
    local name = counts[outcome]
    result[name] = result[name] + 1
  end
end

-- The checks to run: those in a list of names, or all.
local function chosen(only)
  local wanted
  if only then
    wanted = {}
    for _, name in ipairs(only) do wanted[name] = true end
  end
  local list = {}
  for _, check in ipairs(rules) do
    if not wanted or wanted[check.name] then
      list[#list + 1] = check
      if wanted then wanted[check.name] = nil end
    end
  end
  local unknown = wanted and next(wanted)
  if unknown then
    argument.misuse(2, "check: unknown check '%s'", tostring(unknown))
  end
  return list
end

--- Check a server. Calling the module does this: `require "pop3.check"(opts)`.
-- @tparam table opts
-- @tparam[opt] string opts.host name or address; required unless `transport` is given
-- @tparam[opt] integer opts.port 995 with implicit TLS, else 110
-- @tparam[opt] string opts.tls "implicit", "stls" or "none". By default it is implicit
-- on port 995 and none on others. Without TLS, STLS is checked too
-- @tparam[opt] string opts.cafile the CAs that sign the server's certificate, in place
-- of the system's
-- @tparam[opt=true] boolean opts.verify false accepts any certificate
-- @tparam[opt] string opts.user without it, checks that need a login are skipped
-- @tparam[opt] string opts.password
-- @tparam[opt=false] boolean opts.insecure true allows a login without TLS to another
-- host
-- @tparam[opt=false] boolean opts.delete true runs the checks of deletions, which
-- delete message 1
-- @tparam[opt=10] number opts.timeout seconds to wait for a reply
-- @tparam[opt] function opts.transport returns a new connection, in place of TCP: a
-- byte stream as in `pop3.connect`. `function() return server:loopback() end` checks a
-- server in this process, on its virtual clock
-- @tparam[opt] {string,...} opts.only the names of the checks to run; all by default
-- @tparam[opt] function opts.progress `function(number, total, name)`, called when a
-- check begins, whenever it sends or receives, and each second while it waits
-- @treturn table the result: `host`, `port`, `tls`; `checks`, a list of
-- `{ name =, rfc =, section =, result = "pass" | "fail" | "warn" | "skip",
-- reason =, evidence = }`, where `evidence` is a list of the lines sent and
-- received, with secrets masked; the integers `passed`, `failed`, `warned`,
-- `skipped`; `refused`, the number of logins with a wrong password. Or nil,
-- message, code ("connect", "timeout", "closed", "tls", "limit") when the first
-- connection fails
-- @raise misuse: an unknown option, a value of a wrong type, an unknown check
-- @usage
-- local run <close> = pop3.server.new {
--   users = { mrose = { password = "secret", mail = {} } } }:fork()
-- local result = assert(pop3.check { host = "127.0.0.1", port = run.port,
--                                    user = "mrose", password = "secret" })
-- print(result.passed, result.failed)
-- @function check
return function(opts)
  opts = options(opts)
  local list = chosen(opts.only)
  local at = address.text(opts.host, opts.port)
  local err, code
  opts.now = core.now
  opts.trust, err, code = tls_options.trust(opts, "check", 1)
  if not opts.trust then
    return nil, ("connect: %s: %s"):format(at, err), code
  end
  -- for the checks of STLS itself, which send no secret
  opts.unverified = assert(tls_options.trust({ host = opts.host,
                                               verify = false }, "check", 1))
  local probe = Probe.new(opts)
  if opts.progress then
    opts.wait = new_wait(function() probe.on_octets() end)
  end
  probe.wrong = "wrong " .. core.random(8)
  probe:secret(opts.password)
  local link
  link, err, code = probe:dial()
  if not link then
    probe:close()
    return nil, ("connect: %s: %s"):format(at, err), code
  end
  if not link.greeting.ok then
    -- it is not a POP3 server, or it refuses the connection
    probe.hopeless = "the server sends no +OK greeting"
  end
  if opts.user and not (link.secure or link.loopback or opts.insecure) then
    probe.barred = "the password would be sent without TLS (insecure allows it)"
  end
  local result = { host = opts.host, port = opts.port, tls = opts.tls,
                   checks = {}, passed = 0, failed = 0, warned = 0,
                   skipped = 0 }
  run(probe, list, result, opts.progress)
  probe:close()
  result.refused = probe.failures
  return result
end
