--- A conformance checker for POP3 servers: RFC 1939, 2449, 2595, 5034, 6856 and
-- 3206, each clause a check with a name.
--
--    local result = assert(require "pop3.check" {
--      host = "mail.example", tls = "implicit", user = "mrose",
--      password = "secret" })
--    io.write(require "pop3.check.report".text(result))
--
-- A MUST that is broken is a "fail", a SHOULD a "warn"; what a server does not
-- offer is a "skip". It speaks to the server by itself, not by the client.
--
-- What it does to an account: some dozens of logins, of which three at the most
-- have a wrong password; behind five that are refused, no more ways are tried.
-- DELE is not said, and no session in which mail was fetched ends by QUIT, for
-- there are servers that delete what was fetched then (RFC 2449 section 6.7).
-- With `delete`, message 1 is deleted, and nothing else.
--
-- It has an end whatever the server does: where the first line is no greeting,
-- nothing more is said, and when twelve times `timeout` went into waiting in
-- vain, the rest is skipped.
-- @module pop3.check

local Probe = require "pop3.check.probe"
local argument = require "pop3.util.argument"
local core = require "pop3.core"
local secure = require "pop3.client.tls"

-- In the order in which they run: what looks at all replies comes late, and
-- what changes the maildrop last.
local groups = { "authorization", "lines", "transaction", "messages",
                 "capabilities", "stls", "sasl", "rfc6856", "deletions",
                 "rfc3206", "replies" }

local known = {
  host = "string", port = "integer", cafile = "string", verify = "boolean",
  tls = { implicit = true, stls = true, none = true },
  user = "string", password = "string", delete = "boolean",
  timeout = "number", only = "table", insecure = "boolean",
}

-- The options, checked and whole.
local function options(given)
  argument.options(given, known, "check", 2)
  local opts = {}
  for name, value in pairs(given) do opts[name] = value end
  if not opts.host then argument.misuse(2, "check: a host is needed") end
  argument.text(opts.host, "check: the host", 2)
  opts.tls = opts.tls or opts.port == 995 and "implicit" or "none"
  opts.port = opts.port or opts.tls == "implicit" and 995 or 110
  if opts.port < 1 or opts.port > 65535 then
    argument.misuse(2, "check: no such port: %d", opts.port)
  end
  opts.timeout = opts.timeout or 10
  if opts.timeout <= 0 or opts.timeout ~= opts.timeout then
    argument.misuse(2, "check: timeout must be positive")
  end
  if opts.user then
    if not opts.password then
      argument.misuse(2, "check: a user needs a password")
    end
    argument.text(opts.user, "check: the user", 2, 248)
    argument.text(opts.password, "check: the password", 2, 248)
    if opts.user == "" or opts.password == "" then
      argument.misuse(2, "check: an empty user or password")
    end
  end
  if opts.delete and not opts.user then
    argument.misuse(2, "check: delete needs a user")
  end
  return opts
end

local counts = { pass = "passed", fail = "failed", warn = "warned",
                 skip = "skipped" }

local function run(probe, list, result)
  for _, check in ipairs(list) do
    local outcome, reason, evidence = probe:run(check)
    result.checks[#result.checks + 1] = {
      name = check.name, rfc = check.rfc, section = check.section,
      result = outcome, reason = reason, evidence = evidence,
    }
    local name = counts[outcome]
    result[name] = result[name] + 1
  end
end

-- The checks to run: those of a list of names, or all.
local function chosen(only)
  local wanted
  if only then
    wanted = {}
    for _, name in ipairs(only) do wanted[name] = true end
  end
  local list = {}
  for _, group in ipairs(groups) do
    for _, check in ipairs(require("pop3.check.rules." .. group)) do
      if not wanted or wanted[check.name] then
        list[#list + 1] = check
        if wanted then wanted[check.name] = nil end
      end
    end
  end
  local unknown = wanted and next(wanted)
  if unknown then
    argument.misuse(2, "check: there is no check '%s'", tostring(unknown))
  end
  return list
end

--- Check a server.
-- @tparam table opts
--
-- - `host`; `port` (995 with implicit TLS, 110)
-- - `tls`: "implicit", "stls" or "none"; implicit on port 995 and none on others
--   if it is not given. STLS is checked with "none" too
-- - `cafile`: who signs the server's certificate, in place of the system's CAs;
--   `verify = false`: it is not looked at
-- - `user`, `password`: without them the checks that need a login are skipped
-- - `insecure = true`: log in over an open link to a foreign host too
-- - `delete = true`: deletions are checked, and message 1 is deleted
-- - `timeout` (10): seconds to wait for a reply
-- - `only`: the names of the checks to run, a list; all by default
-- @treturn table `host`, `port`, `tls`; `checks`, a list of `{ name =, rfc =,
-- section =, result = "pass" | "fail" | "warn" | "skip", reason =, evidence = }`,
-- where `evidence` is a list of lines that were said, without secrets; how many
-- there are: `passed`, `failed`, `warned`, `skipped`; `refused`: how many logins
-- had a wrong password. Or nil, message, code when there is no connection
-- @function check
return function(given)
  local opts = options(given)
  local list = chosen(opts.only)
  local tls, err, code = secure.options(opts, 1)
  if not tls then
    return nil, ("connect: %s:%d: %s"):format(opts.host, opts.port, err), code
  end
  opts.secure = tls
  -- for checks of STLS itself, in which nothing is said that is worth hiding
  -- more than on the open link
  opts.unverified = assert(secure.options({ host = opts.host,
                                            verify = false }, 1))
  local probe = Probe.new(opts)
  probe.wrong = "wrong " .. core.random(8)
  probe:secret(opts.password)
  local wire
  wire, err, code = probe:dial()
  if not wire then
    probe:close()
    return nil, ("connect: %s:%d: %s"):format(opts.host, opts.port, err), code
  end
  if not wire.greeting.ok then
    -- who says this does not want to be talked to, or speaks another language
    probe.hopeless = "the server does not greet"
  end
  if opts.user and not (wire.secure or wire.loopback or opts.insecure) then
    probe.barred = "a password would cross an open link (insecure allows it)"
  end
  local result = { host = opts.host, port = opts.port, tls = opts.tls,
                   checks = {}, passed = 0, failed = 0, warned = 0,
                   skipped = 0 }
  run(probe, list, result)
  probe:close()
  result.refused = probe.failures
  return result
end
