-- The behaviour of mail programs when a server misbehaves: each is told to fetch the one
-- message of the maildrop and to delete it; the outcome is a cell of the table.

local clients = require "spec.interop.behaviour_clients"
local core = require "pop3.core"
local pop3 = require "pop3"
local proc = require "spec.interop.proc"
local readers = require "spec.interop.readers"

local M = {}

local MAIL = "Subject: one\r\n\r\n" .. ("a line of text\r\n"):rep(12) .. ".end\r\n"

local PLAIN = MAIL:gsub("%.end\r\n$", "end\r\n")

local LONG = ("x"):rep(100000)

-- --------------------------------------------------------------------- scenes

-- Handlers that answer verbs with fixed replies.
local function says(replies)
  local on = {}
  for verb, made in pairs(replies) do
    on[verb] = function(session, n)
      if n or type(made) == "string" then
        return session:ok(type(made) == "string" and made or made[1])
      end
      return session:multi("", made)
    end
  end
  return { on = on }
end

-- The same fault at each of some verbs.
local function all(verbs, effects)
  local faults = {}
  for i, verb in ipairs(verbs) do
    faults[i] = { verb = verb }
    for name, value in pairs(effects) do faults[i][name] = value end
  end
  return { faults = faults }
end

-- CRAM-MD5, and how its exchange ends.
local function cram(ending)
  return { mechs = { "CRAM-MD5" }, on = { AUTH = function(session)
    session:challenge "<1896.697170952@dbc.example>"
    return session[ending](session, "internal error")
  end } }
end

-- A message whose first field ends in CRLF and all other lines in LF, as from a proxy
-- that puts a field above the stored message.
local function half_in_lf(session)
  return session:raw("+OK\r\n" .. PLAIN:gsub("\r\n", "\n"):gsub("\n", "\r\n", 1)
                     .. ".\n")
end

-- A refused login, after which the server closes.
local function refuse_and_close(session)
  local reply = session:err("wrong", "AUTH")
  reply.close = "fin"
  return reply
end

local default = pop3.server.new { users = {} }.default

local ALL = { "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN" }

-- { name, options of the server, tls of the client }; `quiet`: no password may be
-- sent; `mail`: the message; `sasl`: the mechanism to log in by; `again`: a client
-- that says that it failed is run once more; `silent`: some client waits until its
-- own limit ends the wait; `wrong`: the client's password is wrong, and the outcome
-- is how many logins it tries
M.scenes = {
  { "all is well", {} },
  { "greeting is `-ERR`", quiet = true, { faults = { { hook = "connect",
      reply = "-ERR not now" } } } },
  { "greeting of SMTP", silent = true, quiet = true, { faults = { { hook = "connect",
      reply = "220 mail.example ESMTP" } } } },
  { "no greeting", silent = true, quiet = true, { faults = { { hook = "connect",
      stall = true } } } },
  { "greeting of 1 MB", quiet = true, { faults = { { hook = "connect",
      reply = "+OK " .. ("x"):rep(1000000) } } } },
  { "no `CAPA`", { capa = false } },
  { "maildrop locked", all({ "PASS", "AUTH" },
      { reply = "-ERR [IN-USE] somebody is in there" }) },
  { "CRAM-MD5 offered, but broken", sasl = "CRAM-MD5", cram "err" },
  { "connection ends in an exchange of CRAM-MD5", sasl = "CRAM-MD5", cram "hangup" },
  { "message cut by FIN", silent = true, { faults = { { verb = "RETR",
      cut = { lines = 9 } } } } },
  { "message cut by RST", { faults = { { verb = "RETR",
      cut = { lines = 9, how = "rst" } } } } },
  { "message cut by closing half the connection", silent = true, { faults = { { verb = "RETR",
      cut = { lines = 9, how = "half" } } } } },
  { "message without its last line, then silence", silent = true, { faults = {
      { verb = "RETR", no_terminator = true } } } },
  { "message at 5 ms an octet", mail = "A: b\r\n\r\nslow\r\n", { faults = {
      { verb = "RETR", drip = { bytes = 1, every = 0.005 } } } } },
  { "message announced 100 octets too long", { faults = {
      { verb = "LIST", wrong_size = 100 }, { verb = "RETR", wrong_size = 100 } } } },
  { "message announced 100 octets too short",
      all({ "STAT", "LIST", "RETR" }, { wrong_size = -100 }) },
  { "message announced with 5 GB",
      all({ "STAT", "LIST", "RETR" }, { wrong_size = 5000000000 }) },
  { "message with a line of 100,000 octets", {},
      mail = "Subject: one\r\n\r\n" .. LONG .. "\r\n" },
  { "message with one more line after its last", silent = true, { faults = { { verb = "RETR",
      append = "one more\r\n" } } } },
  { "message with bare LF", silent = true, { faults = { { verb = "RETR", bare_lf = true } } } },
  { "message with stuffing not done", { faults = {
      { verb = "RETR", unstuffed = true } } } },
  { "garbage for a message", { faults = { { verb = "RETR",
      garbage = { seed = 3, bytes = 2000 } } } } },
  { "`RETR` never answered", silent = true, { faults = { { verb = "RETR", stall = true } } } },
  { "`RETR` refused", { faults = { { verb = "RETR",
      reply = "-ERR [SYS/TEMP] not now" } } } },
  { "`DELE` refused", { faults = { { verb = "DELE", reply = "-ERR no" } } } },
  { "`QUIT` says that the deletion failed", { on = { update = function(session)
      return session:err "disk full" end } } },
  { "`QUIT` cut", { faults = { { verb = "QUIT", cut = { bytes = 2 } } } } },
  { "`QUIT` never answered", silent = true, { faults = { { verb = "QUIT", stall = true } } } },
  { "no `UIDL`", { faults = { { verb = "UIDL", reply = "-ERR what" } } } },
  { "`STAT` is not numbers", { faults = { { verb = "STAT",
      reply = "+OK many many" } } } },
  { "`LIST` is not numbers", says { LIST = { "one many" } } },
  { "`UIDL` is not numbers and unique-ids", says { UIDL = { "one" } } },
  { "`UIDL` cut, the second time well", again = true, { faults = {
      { verb = "UIDL", times = 1, cut = { lines = 0 } } } } },
  { "a line of 100,000 octets in `LIST`, `UIDL`",
      says { LIST = { "1 " .. LONG }, UIDL = { "1 " .. LONG } } },
  { "login refused", { faults = { { verb = "PASS", reply = "-ERR no" },
      { verb = "AUTH", reply = "-ERR no" } } } },
  { "an extra reply after the message, then `DELE` refused", silent = true, { faults = {
      { verb = "RETR", append = "+OK\r\n" }, { verb = "DELE", reply = "-ERR no" } } } },
  { "an extra reply after the greeting, wrong password", wrong = true, { faults = {
      { hook = "connect", append = "+OK second line\r\n" } } } },
  { "wrong password, many mechanisms offered", wrong = true, { mechs = ALL } },
  { "wrong password, the server closes each time", wrong = true, { mechs = ALL,
      on = { AUTH = refuse_and_close, PASS = refuse_and_close } } },
  { "wrong password, the server closes and then resets", wrong = true, { mechs = ALL,
      on = { AUTH = refuse_and_close, PASS = refuse_and_close }, faults = {
      { hook = "connect", session = 2, refuse = true },
      { hook = "connect", session = 3, refuse = true } } } },
  { "`+OK` in place of a challenge, wrong password", wrong = true, sasl = "PLAIN",
      { mechs = { "PLAIN" }, on = { AUTH = function(session, _, initial)
        if initial then return session:err "wrong" end
        return session:ok "go on"
      end } } },
  { "CRAM-MD5 refused with `[AUTH]`, passwords are hashed", sasl = "CRAM-MD5",
      { mechs = { "CRAM-MD5", "PLAIN" }, on = {
        AUTH = function(session, mechanism, initial)
          if mechanism == "PLAIN" then
            return default.AUTH(session, mechanism, initial)
          end
          session:challenge "<1896.697170952@dbc.example>"
          return session:err("no such scheme", "AUTH")
        end } } },
  { "`CAPA` hangs up", { faults = { { verb = "CAPA", cut = { bytes = 0 } } } } },
  { "`CAPA` refused, then the server hangs up", { on = { CAPA = function(session)
      local reply = session:err "what"
      reply.close = "fin"
      return reply
    end } } },
  { "`TOP` refused", { faults = { { verb = "TOP", reply = "-ERR what" } } } },
  { "message in LF after a field in CRLF", silent = true, mail = PLAIN,
      { on = { RETR = half_in_lf } } },
  { "a line of `UIDL` without its value", says { UIDL = { "1" } } },
  { "a line of `LIST` without its value", says { LIST = { "1" } } },
  { "STLS", { tls = "auto" }, "stls" },
  { "STLS wanted, not offered", quiet = true, { faults = { { verb = "STLS",
      reply = "-ERR no" } } }, "stls" },
  { "octets injected after STLS's `+OK`", quiet = true, { tls = "auto", faults = {
      { verb = "STLS", append = "+OK injected\r\n" } } }, "stls" },
  { "certificate of another host", quiet = true, { tls = "wrong-host" }, "stls" },
  { "expired certificate", quiet = true, { tls = "expired",
      implicit = true }, "implicit" },
  { "self-signed certificate", quiet = true, { tls = "self-signed",
      implicit = true }, "implicit" },
  { "nothing newer than TLS 1.1", quiet = true, { implicit = true,
      tls = { auto = true, max_version = "TLSv1.1" } }, "implicit" },
  { "TLS handshake never answered", silent = true, quiet = true, { implicit = true,
      tls = { auto = true, handshake = "stall" } }, "implicit" },
}

-- The state of the message on the disk.
local function state(got, sent)
  if not got then return "nothing" end
  if got == sent then return "whole" end
  local lf = sent:gsub("\r\n", "\n")
  got = got:gsub("\r\n", "\n")
  if got == lf then return "whole, LF" end
  return lf:sub(1, #got) == got and "**short**" or "**changed**"
end

-- The outcome: a cell of the table.
local function outcome(ok, got, sent, left)
  if ok == "cannot" then return "does not know it" end
  local words = { state(got[1], sent) }
  if left == 0 then
    words[2] = words[1]:find "^whole" and "deleted" or "**deleted**"
  elseif got[1] then words[2] = "kept" end
  words[#words + 1] = ok == "hangs" and "**hangs**" or ok and "no error" or "error"
  return table.concat(words, ", ")
end

-- One client in one scene: what came of it, and whether the password was sent.
local function run_one(name, scene)
  local mail = scene.mail or MAIL
  local password = scene.wrong and "another" or clients.PASSWORD
  local opts = { users = { [clients.USER] = { password = password,
                                              mail = { mail } } } }
  for key, value in pairs(scene[2]) do opts[key] = value end
  local run <close> = assert(pop3.server.new(opts)):fork()
  return proc.in_tmpdir(function(dir)
    local limits = scene.silent and clients.silent or clients.answered
    local shown = { port = run.port, cafile = run.cafile,
                    patience = limits.patience, life = limits.life }
    if scene[3] and not shown.cafile then  -- a CA to check with nonetheless
      shown.cafile = "/etc/ssl/certs/ca-certificates.crt"
    end
    local ok
    for _ = 1, scene.again and 2 or 1 do
      ok = ok or clients.run[name](shown, dir, scene[3] or "none", scene.sasl)
    end
    local got = readers.fetched(dir)
    if scene.wrong then
      local count = run:count "PASS" + run:count "AUTH"
      return ("%d login%s, %s"):format(count, count == 1 and "" or "s",
        ok and "**no error**" or "error"), true
    end
    return outcome(ok, got, mail, #run:mailbox(clients.USER)),
           run:count "PASS" + run:count "AUTH" > 0
  end)
end

-- The same in another process, which leaves the answer in a file.
local function begin(name, scene, path)
  local pid = assert(core.fork())
  if pid > 0 then return pid end
  local ok, seen, sent = pcall(run_one, name, scene)
  proc.write(path, (sent and "sent " or "kept ") .. tostring(seen))
  core.exit(ok and 0 or 1)
end

--- Start clients in a scene, side by side.
-- @tparam {string,...} names
-- @tparam table scene
-- @treturn table the run, for `finish`
function M.start(names, scene)
  local run = { names = names, pids = {}, dir = proc.tmpdir() }
  for i, name in ipairs(names) do
    run.pids[i] = begin(name, scene, run.dir .. "/" .. i)
  end
  return run
end

--- Wait until the clients of a run have ended.
-- @tparam table run
-- @treturn table name → what came of it
-- @treturn table name → was the password sent?
function M.finish(run)
  local seen, sent = {}, {}
  for i, name in ipairs(run.names) do
    core.waitpid(run.pids[i])
    local secret, words = proc.read(run.dir .. "/" .. i):match "^(%a+) (.*)$"
    seen[name], sent[name] = words, secret == "sent"
  end
  proc.rmdir(run.dir)
  return seen, sent
end

return M
