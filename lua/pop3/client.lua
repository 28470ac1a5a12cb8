--- A POP3 client session (RFC 1939, 2449, 6856).
--
-- Every method returns `nil, message, code, reply` when it fails, see `pop3`.
-- A limit that a message or a listing breaks, a sink or file that refuses and
-- an -ERR leave the session usable; a timeout, a lost link and a reply that
-- is no POP3 end it.
-- @classmod pop3.session

local check = require "pop3.check"
local core = require "pop3.core"
local login = require "pop3.login"
local parse_url = require "pop3.url"
local pump = require "pop3.pump"

local huge = math.huge

local LONGEST = 8192  -- octets of a command

local Session = { __name = "pop3.session" }
local methods = {}
Session.__index = methods

-- What is left of a session after `close`.
local Closed = { __name = "pop3.session (closed)" }

-- ---------------------------------------------------------------- failures

-- A message is one line, whatever the server or a sink put into it.
local function fail(s, label, message, code, reply)
  message = ("%s: %s: %s"):format(label, s.name, message)
  return nil, message:gsub("%c+", " "), code, reply
end

-- The link goes.
local function drop(s)
  if s.dead then return end
  s.dead = true
  s.link.io:close()
end

-- The session is of no more use.
local function kill(s, label, message, code)
  drop(s)
  return fail(s, label, message, code)
end

-- A -ERR.
local function refused(s, label, text, code)
  local shown = text == "" and "refused" or text
  if code then shown = ("[%s] %s"):format(code, shown) end
  return fail(s, label, shown, "err", { text = text, code = code })
end

-- ---------------------------------------------------------------- exchanges

local function trace(s)
  local entries = s.engine:trace()
  if not entries then return end
  for _, entry in ipairs(entries) do s.log(entry.from, entry.line) end
end

-- The time in which what calls back owns the session.
local Busy = { __close = function(guard) guard.session.busy = nil end }

local function busy(s, label)
  s.busy = label
  return setmetatable({ session = s }, Busy)
end

-- The time in which a call waits for the server; others may run meanwhile.
local Waits = { __close = function(guard) guard.session.waiting = nil end }

-- The time in which many commands are one operation, with one deadline.
local Operation = { __close = function(op) op.session.bounded = nil end }

local function set_deadline(s)
  s.link.deadline = s.total and s.link.io.now() + s.total or huge
end

local function operation(s)
  if s.bounded or s.dead then return nil end
  s.bounded = true
  set_deadline(s)
  return setmetatable({ session = s }, Operation)
end

-- The next event of the engine, or nil, message, code.
local function event(s, label, file)
  if s.dead then return fail(s, label, "the session has ended", "closed") end
  local link = s.link
  local what, a, b, c, d, e
  do
    s.waiting = true
    local _ <close> = s.waits
    what, a, b, c, d, e = pump(link, file)
  end
  if s.log then trace(s) end
  if what then return what, a, b, c, d, e end
  if b == "closed" and link.broken and link.broken ~= "closed" then
    a = a .. " (" .. link.broken .. ")"
  end
  return kill(s, label, a, b)
end

-- Put a command into the queue; true, or nil, message, code.
local function ask(s, label, line, body, stream)
  local engine = s.engine
  if s.dead then return fail(s, label, "the session has ended", "closed") end
  if s.busy then
    return fail(s, label, "not while " .. s.busy .. " is under way", "state")
  end
  if s.waiting then
    return fail(s, label, "another call waits for the server", "state")
  end
  if engine:asked() > 0 then engine:discard() end  -- left by a broken-off call
  local ok, message, code = engine:ask(line, body, stream)
  if not ok then
    if code == "state" then return fail(s, label, message, code) end
    return kill(s, label, message, code)
  end
  s.link.unsent = true
  if not s.bounded then set_deadline(s) end
  return true
end

-- A command with a one-line reply: true, text, numbers.
local function exchange(s, label, line)
  local ok, message, code = ask(s, label, line)
  if not ok then return nil, message, code end
  local what, good, text, resp, number, octets = event(s, label)
  if not what then return nil, good, text end
  if not good then return refused(s, label, text, resp) end
  return true, text, number, octets
end

-- A command with a body in one piece: octets, text.
local function fetch(s, label, line, body)
  local ok, message, code = ask(s, label, line, body)
  if not ok then return nil, message, code end
  local what, a, b, c = event(s, label)
  if not what then return nil, a, b end
  if what == "reply" then return refused(s, label, b, c) end
  if not a then return fail(s, label, b, c) end
  return a, b
end

-- What ended a body that did not come whole: nil, message, code, reply.
local function unfinished(s, label, what, a, b, c)
  if not what then return nil, a, b end
  if what == "reply" then return refused(s, label, b, c) end
  return fail(s, label, b, c)
end

local function sink_refused(s, label, why)
  return fail(s, label, "the sink refused: " .. tostring(why), "io")
end

-- A command whose body goes to a sink in pieces: octets.
local function stream(s, label, line, sink)
  local ok, err, err_code = ask(s, label, line, false, true)
  if not ok then
    sink(nil, err)
    return nil, err, err_code
  end
  local _ <close> = busy(s, label)
  local what, a, b, c = event(s, label)
  while what == "data" do
    local taken, why = sink(a)
    if not taken then
      if not s.dead then s.engine:discard() end
      return sink_refused(s, label, why)
    end
    what, a, b, c = event(s, label)
  end
  if what == "end" and a then
    local taken, why = sink(nil)
    if not taken and why ~= nil then return sink_refused(s, label, why) end
    return a
  end
  local none, message, code, reply = unfinished(s, label, what, a, b, c)
  sink(none, message)
  return nil, message, code, reply
end

local function octets_of(s, label, line, sink)
  if sink then return stream(s, label, line, sink) end
  local octets, message, code, reply = fetch(s, label, line)
  if not octets then return nil, message, code, reply end
  return octets
end

-- ------------------------------------------------------------------- state

--- The state of RFC 1939 that the session is in.
-- @treturn string "authorization", "transaction", "update" or "closed"
function methods:state()
  if self.dead then return "closed" end
  local state = self.engine:state()
  return state == "greeting" and "authorization" or state
end

--- Is the link encrypted?
-- @treturn boolean
function methods:is_secure()
  return self.secure
end

--- What the server said first, without "+OK".
-- @treturn string
function methods:greeting()
  return self.hello
end

-- May a secret be sent as it is?
function methods:may_send_cleartext()
  return self.secure or self.link.io.loopback or self.insecure or false
end

-- ------------------------------------------------------------ authorization

local function check_mechs(mechs)
  for _, name in ipairs(mechs) do
    if type(name) ~= "string" then
      check.misuse(2, "mechs must be a list of names")
    end
  end
end

--- Log in (RFC 1939 section 7). The best mechanism that the server offers is
-- used; a secret in clear only over TLS, to a loopback host, or with
-- `insecure`. APOP only if it is asked for.
-- @tparam string user
-- @tparam string secret
-- @tparam[opt] table opts `mechs`: an allow list in order of preference
-- @treturn boolean true
-- @treturn string the mechanism
function methods:login(user, secret, opts)
  check.text(user, "the user", 1, self.longest - #"APOP  " - 32)
  check.text(secret, "the secret", 1, self.longest - #"PASS ")
  opts = opts or {}
  check.options(opts, { mechs = "table" }, "login", 1)
  if opts.mechs then check_mechs(opts.mechs) end
  if self.dead then
    return fail(self, "login", "the session has ended", "closed")
  end
  if self:state() ~= "authorization" then
    return fail(self, "login", "command not valid in this state", "state")
  end
  if user == "" or secret == "" then
    return fail(self, "login", "an empty user or secret", "auth")
  end
  local _ <close> = operation(self)
  return login.run(self, exchange, user, secret, opts.mechs or self.mechs, fail)
end

--- Start TLS on this link (RFC 2595).
-- @treturn boolean true
function methods:stls()
  return fail(self, "STLS", "TLS is not built into this version", "tls")
end

local function parse_capa(body)
  local capa = {}
  for line in body:gmatch "([^\r\n]+)" do
    local name, rest = line:match "^(%S+)(.*)$"
    if name then
      local words = {}
      for word in rest:gmatch "%S+" do words[#words + 1] = word end
      capa[name:upper()] = words
    end
  end
  return capa
end

--- What the server can do (RFC 2449), asked once a state.
-- @treturn table capability in upper case → list of its arguments
function methods:capa()
  local state = self:state()
  local known = self.capas[state]
  if known == nil then
    local body, message, code, reply = fetch(self, "CAPA", "CAPA")
    if not body and code ~= "err" then return nil, message, code end
    known = body and parse_capa(body) or { false, message, reply }
    self.capas[state] = known
  end
  if known[1] == false then return nil, known[2], "err", known[3] end
  return known
end

--- Does the server have a capability?
-- @tparam string name
-- @treturn boolean false also when it does not know CAPA
function methods:supports(name)
  check.text(name, "the capability", 1)
  local capa, message, code = self:capa()
  if capa then return capa[name:upper()] ~= nil end
  if code == "err" then return false end
  return nil, message, code
end

-- --------------------------------------------------------------- the maildrop

--- How much there is.
-- @treturn integer messages that are not marked as deleted
-- @treturn integer their octets
function methods:stat()
  local ok, text, count, octets = exchange(self, "STAT", "STAT")
  if not ok then return nil, text, count, octets end
  if not count then return fail(self, "STAT", "no numbers in the reply", "proto") end
  return count, octets
end

-- LIST and UIDL, of all messages or of one.
local function listing(s, verb, n)
  if n == nil then
    local ok, message, code = ask(s, verb, verb)
    if not ok then return nil, message, code end
    local what, t, b, c = event(s, verb)
    if not what then return nil, t, b end
    if what == "reply" then return refused(s, verb, b, c) end
    if not t then return fail(s, verb, b, c) end
    return t, b
  end
  local label = verb .. " " .. n
  local ok, text, number, value = exchange(s, label, label)
  if not ok then return nil, text, number, value end
  if number ~= n then
    return fail(s, label, "the reply is about another message", "proto")
  end
  return value
end

--- Sizes: of all messages, or of one.
-- @tparam[opt] integer n
-- @treturn table|integer message number → octets; or octets
-- @treturn ?integer how many there are
function methods:list(n)
  if n ~= nil then n = check.number(n, 1) end
  return listing(self, "LIST", n)
end

--- Unique-ids: of all messages, or of one.
-- @tparam[opt] integer n
-- @treturn table|string message number → unique-id; or a unique-id
-- @treturn ?integer how many there are
function methods:uidl(n)
  if n ~= nil then n = check.number(n, 1) end
  return listing(self, "UIDL", n)
end

--- Fetch a message: its exact octets, un-stuffed, CRLF kept.
-- @tparam integer n
-- @tparam[opt] function sink an ltn12 sink; it gets chunks of up to 64 KiB,
-- then nil, or nil and a message when the fetch failed. When it refuses, the
-- rest is read and dropped up to `limits.drain`
-- @treturn string|integer the octets; with a sink, how many
function methods:retr(n, sink)
  n = check.number(n, 1)
  if sink ~= nil then check.callable(sink, "the sink", 1) end
  local line = "RETR " .. n
  return octets_of(self, line, line, sink)
end

--- Fetch the header of a message and so many lines of its body.
-- @tparam integer n
-- @tparam integer lines 0 or more
-- @tparam[opt] function sink as for `retr`
-- @treturn string|integer the octets; with a sink, how many
function methods:top(n, lines, sink)
  n = check.number(n, 1)
  lines = check.count(lines, "lines", 1)
  if sink ~= nil then check.callable(sink, "the sink", 1) end
  local line = ("TOP %d %d"):format(n, lines)
  return octets_of(self, line, line, sink)
end

-- A name beside `path` that nothing has.
local function beside(path)
  return (path:match "^(.*/)[^/]*$" or "")
         .. ".pop3-" .. core.random(8) .. ".part"
end

--- Fetch a message into a file, which appears whole or not at all, and
-- replaces what had its name.
-- @tparam integer n
-- @tparam string path
-- @treturn integer octets
function methods:save(n, path)
  n = check.number(n, 1)
  if type(path) ~= "string" or path == "" or path:find "\0" then
    check.misuse(1, "save: the path must be a string that names a file")
  end
  local label = "RETR " .. n
  if self.dead then return fail(self, label, "the session has ended", "closed") end
  local kind = core.stat(path)
  if kind and kind ~= "file" then  -- a rename would replace a device
    return fail(self, label, path .. ": not a regular file", "io")
  end
  local file <close>, err = core.outfile(path, beside(path))
  if not file then return fail(self, label, err, "io") end
  local ok, message, code = ask(self, label, label, false, true)
  if not ok then return nil, message, code end
  local what, a, b, c = event(self, label, file)
  if not what then return nil, a, b end
  if what == "refused" then
    self.engine:discard()
    return fail(self, label, path .. ": " .. a, "io")
  end
  if what == "reply" then return refused(self, label, b, c) end
  if not a then return fail(self, label, b, c) end
  local octets
  octets, err = file:commit()
  if not octets then return fail(self, label, err, "io") end
  return octets
end

--- Fetch and parse a message.
-- @tparam integer n
-- @treturn pop3.message
function methods:message(n)
  n = check.number(n, 1)
  local line = "RETR " .. n
  local octets, message, code, reply = fetch(self, line, line)
  if not octets then return nil, message, code, reply end
  return require "pop3.message".parse(octets)
end

--- Fetch and parse the header of a message (TOP n 0).
-- @tparam integer n
-- @treturn pop3.message
function methods:headers(n)
  n = check.number(n, 1)
  local line = "TOP " .. n .. " 0"
  local octets, message, code, reply = fetch(self, line, line)
  if not octets then return nil, message, code, reply end
  return require "pop3.message".parse(octets)
end

-- Commands under way at once: enough to hide the round trip, and few enough
-- octets (16 a command) that they always fit into the buffers between.
local WINDOW = 64

-- Ask for more messages when half of the window is free.
local function refill(s, list, asked, done, window)
  if asked - done > window // 2 then return asked end
  if s.dead then return nil, "the session has ended", "closed" end
  local engine = s.engine
  while asked < #list and asked - done < window do
    local ok, message, code = engine:ask("RETR " .. list[asked + 1])
    if not ok then return nil, message, code end
    asked = asked + 1
    s.link.unsent = true
  end
  return asked
end

-- How many commands may be under way; nil, message, code when asking failed.
local function window_of(s, n)
  if n == 1 or s:state() ~= "transaction" then return 1 end
  local piped, message, code = s:supports "PIPELINING"
  if piped == nil then return nil, message, code end
  return piped and WINDOW or 1
end

-- Fetch a list whose first command is under way. Returns how many have been
-- told of and how many came; then message, code when the link was lost.
local function fetch_all(s, list, fn, window)
  local _ <close> = busy(s, "retr_many")
  local asked, done, came = 1, 0, 0
  while done < #list do
    local message, code
    asked, message, code = refill(s, list, asked, done, window)
    if not asked then
      local _, m, c = kill(s, "RETR", message, code)
      return done, came, m, c
    end
    local n = list[done + 1]
    local what, a, b, c = event(s, "RETR " .. n)
    if not what then return done, came, a, b end
    done = done + 1
    if what == "body" and a then
      came = came + 1
      fn(n, a)
    else
      fn(n, unfinished(s, "RETR " .. n, what, a, b, c))
    end
  end
  return done, came
end

--- Fetch many messages: `fn(n, octets)` for each, in order, or
-- `fn(n, nil, message, code, reply)`. The commands are pipelined, in a bounded
-- window, if the server says PIPELINING. `fn` must not use the session; if it
-- raises an error, that passes through, and the session goes on.
-- @tparam {integer,...} numbers
-- @tparam function fn
-- @treturn integer how many came; or nil, message, code when the link was
-- lost, after `fn` was told of each message that did not come
function methods:retr_many(numbers, fn)
  if type(numbers) ~= "table" then
    check.misuse(1, "retr_many: numbers must be a table, not %s", type(numbers))
  end
  local list = {}
  for i = 1, #numbers do list[i] = check.number(numbers[i], 1) end
  check.callable(fn, "retr_many: fn", 1)
  if #list == 0 then return 0 end
  local _ <close> = operation(self)
  local window, message, code = window_of(self, #list)
  local done, came = 0, nil
  if window then
    local first = "RETR " .. list[1]
    local ok
    ok, message, code = ask(self, first, first)
    if not ok then window = nil end
  end
  if window then
    done, came, message, code = fetch_all(self, list, fn, window)
  end
  if came and not message then return came end
  for i = done + 1, #list do fn(list[i], nil, message, code) end
  return nil, message, code
end

-- A message of the maildrop, as `messages` gives it.
local Handle = { __name = "pop3.handle" }
Handle.__index = Handle

function Handle:retr(sink) return self.session:retr(self.number, sink) end
function Handle:save(path) return self.session:save(self.number, path) end
function Handle:top(lines, sink)
  return self.session:top(self.number, lines, sink)
end
function Handle:message() return self.session:message(self.number) end
function Handle:headers() return self.session:headers(self.number) end
function Handle:dele() return self.session:dele(self.number) end

function Handle:__tostring()
  return ("message %d (%d octets)"):format(self.number, self.size)
end

--- All messages, as an iterator of handles with the fields `number`, `size`
-- and `uid` (nil when the server has no UIDL) and the methods `retr([sink])`,
-- `save(path)`, `top(lines[, sink])`, `message()`, `headers()` and `dele()`.
--
--    for m in assert(s:messages{ order = "newest" }) do print(m.size) end
-- @tparam[opt] table opts `order`: "oldest" (as numbered) or "newest"; `uids`: a
-- set (unique-id → true) of messages to leave out
-- @treturn function iterator; or nil, message, code when the listing fails
function methods:messages(opts)
  opts = opts or {}
  check.options(opts, { order = { oldest = true, newest = true },
                        uids = "table" }, "messages", 1)
  local _ <close> = operation(self)
  local sizes, message, code, reply = listing(self, "LIST")
  if not sizes then return nil, message, code, reply end
  local uids
  uids, message, code = listing(self, "UIDL")
  if not uids and code ~= "err" then return nil, message, code end
  uids = uids or {}
  local skip, numbers = opts.uids or {}, {}
  for n in pairs(sizes) do
    local uid = uids[n]
    if uid == nil or not skip[uid] then numbers[#numbers + 1] = n end
  end
  local newest = opts.order == "newest"
  table.sort(numbers, function(a, b)
    if newest then return a > b end
    return a < b
  end)
  local i = 0
  return function()
    i = i + 1
    local n = numbers[i]
    if not n then return nil end
    return setmetatable({ session = self, number = n, size = sizes[n],
                          uid = uids[n] }, Handle)
  end
end

--- Mark a message as deleted; `quit` deletes it.
-- @tparam integer n
-- @treturn boolean true
function methods:dele(n)
  n = check.number(n, 1)
  local ok, message, code, reply = exchange(self, "DELE " .. n, "DELE " .. n)
  if not ok then return nil, message, code, reply end
  return true
end

-- Commands without an argument that say +OK.
for name, line in pairs { rset = "RSET", noop = "NOOP", utf8 = "UTF8" } do
  methods[name] = function(self)
    local ok, message, code, reply = exchange(self, line, line)
    if not ok then return nil, message, code, reply end
    return true
  end
end

--- Unmark all messages.
-- @function rset
-- @treturn boolean true

--- Do nothing, which keeps the session alive.
-- @function noop
-- @treturn boolean true

--- Ask for UTF-8 in mail and user names (RFC 6856), before logging in.
-- @function utf8
-- @treturn boolean true

--- The languages of the server's texts (RFC 6856), or choose one.
-- @tparam[opt] string tag
-- @treturn {{tag=string,description=string},...}|boolean the list; with a tag
-- true
function methods:lang(tag)
  if tag ~= nil then
    check.text(tag, "the tag", 1, self.longest - #"LANG ")
    local line = "LANG " .. tag
    local ok, message, code, reply = exchange(self, line, line)
    if not ok then return nil, message, code, reply end
    return true
  end
  local body, message, code, reply = fetch(self, "LANG", "LANG")
  if not body then return nil, message, code, reply end
  local list = {}
  for line in body:gmatch "([^\r\n]+)" do
    local name, text = line:match "^(%S+)%s*(.*)$"
    if name then list[#list + 1] = { tag = name, description = text } end
  end
  return list
end

-- These go through methods of their own.
local not_by_command = { AUTH = "login", STLS = "stls" }

--- Send any command.
-- @tparam string line without CRLF
-- @tparam[opt] table opts `multiline = true`: a +OK is followed by a body. For
-- POP3's own verbs that is known
-- @treturn string the text of the status line
-- @treturn ?string the body
function methods:command(line, opts)
  check.text(line, "the command", 1, self.longest)
  opts = opts or {}
  check.options(opts, { multiline = "boolean" }, "command", 1)
  local verb = (line:match "^[^ ]*"):upper()
  if verb == "" then check.misuse(1, "a command must begin with a verb") end
  if not_by_command[verb] then
    check.misuse(1, "%s: use session:%s()", verb, not_by_command[verb])
  end
  local body = opts.multiline or verb == "LIST" or verb == "UIDL"
  local ok, message, code = ask(self, verb, line, body)
  if not ok then return nil, message, code end
  local what, x, y, z = event(self, verb)
  if not what then return nil, x, y end
  if self.engine:state() == "closed" then drop(self) end  -- it was QUIT
  if what == "body" then
    if not x then return fail(self, verb, y, z) end
    return y or "", x
  end
  if not x then return refused(self, verb, y, z) end
  return y
end

-- --------------------------------------------------------------------- ends

--- End the session: the server deletes what was marked.
-- @treturn boolean true once the server has confirmed it; nil with code "err"
-- when it refused; with any other code the outcome is unknown. The session is
-- closed either way
function methods:quit()
  local ok, message, code, reply = exchange(self, "QUIT", "QUIT")
  if code == "state" then return nil, message, code end  -- in a callback
  drop(self)
  if not ok then return nil, message, code, reply end
  return true
end

--- Drop the link without QUIT: nothing is deleted.
function methods:close()
  drop(self)
  self.engine:close()
  setmetatable(self, Closed)
end

function Session:__gc()
  if not self.dead then self.link.io:close() end
end

Session.__close = methods.close

function Session:__tostring()
  return ("pop3.session (%s, %s)"):format(self.name, self:state())
end

Closed.__index = function(_, name)
  if name == "close" then return function() end end
  if name == "state" then return function() return "closed" end end
  if methods[name] then
    return function() error("the session is closed", 2) end
  end
end

Closed.__close = function() end

function Closed:__tostring()
  return ("pop3.session (%s, closed)"):format(self.name)
end

-- ------------------------------------------------------------------ connect

local known = {
  host = "string", port = "integer",
  tls = { implicit = true, stls = true, none = true },
  verify = "boolean", cafile = "string", capath = "string",
  servername = "string", pin = "string table", cert = "string",
  key = "string", min_version = { ["TLSv1.2"] = true, ["TLSv1.3"] = true },
  user = "string", password = "string", token = "string function",
  mechs = "table", insecure = "boolean", timeout = "number table",
  limits = "table", proxy = "string", log = "function", wait = "function",
  transport = "any",
}

-- `timeout` as { connect =, io =, total = }.
local function timeouts(timeout)
  if timeout == nil then timeout = 60 end
  if type(timeout) == "number" then
    timeout = { connect = timeout, io = timeout }
  end
  check.options(timeout, { connect = "number", io = "number",
                           total = "number" }, "connect: timeout", 2)
  for name, seconds in pairs(timeout) do
    if seconds <= 0 or seconds ~= seconds then
      check.misuse(2, "connect: timeout '%s' must be positive", name)
    end
  end
  local io = timeout.io or 60
  return { connect = timeout.connect or io, io = io, total = timeout.total }
end

-- A transport for what the user gave: a descriptor, a socket, an object.
local function adopt(transport, wait)
  if type(transport) == "number" then  -- LuaSocket's getfd gives floats
    local number = math.tointeger(transport)
    if not number or number < 0 then
      check.misuse(2, "connect: not a descriptor: %s", transport)
    end
    local fd, err = core.fd(number)
    if not fd then return nil, err, "io" end
    return require "pop3.io.fd"(fd, wait)
  end
  local ok, is_socket = pcall(function()
    return transport.settimeout and transport.getfd and true or false
  end)
  if ok and is_socket then return require "pop3.io.socket"(transport, wait) end
  if not (ok and transport.send and transport.receive and transport.close) then
    check.misuse(2, "connect: transport must be a descriptor, a socket, or an "
                    .. "object with send, receive and close")
  end
  return require "pop3.io.stream"(transport)
end

local function open(opts, seconds)
  local fd, err, code = require "pop3.io.connect"(opts.host, opts.port,
    seconds, opts.wait or core.poll)
  if not fd then return nil, err, code end
  return require "pop3.io.fd"(fd, opts.wait)
end

-- What the server says first, and the login if there is a user.
local function begin(s, opts)
  local _ <close> = operation(s)
  local what, ok, text, resp = event(s, "connect")
  if not what then return nil, ok, text end
  if not ok then
    drop(s)
    return refused(s, "connect", text, resp)
  end
  s.hello = text
  if opts.user then
    local done, message, code, reply = s:login(opts.user, opts.password)
    if not done then
      s:close()
      return nil, message, code, reply
    end
  end
  return s
end

--- Connect to a server and, if a user is given, log in.
--
--    local s = assert(pop3.connect{ host = "mail.example", tls = "none",
--                                   user = "mrose", password = "secret" })
-- @tparam string|table where options, or a URL (RFC 2384)
-- @tparam[opt] table more options beside a URL
-- @treturn pop3.session
local function connect(where, more)
  local opts = {}
  if type(where) == "string" then
    local parsed, err = parse_url(where)
    if not parsed then check.misuse(1, "connect: %s", err) end
    opts = parsed
  elseif more ~= nil then
    check.misuse(1, "connect: options beside options")
  end
  local given = type(where) == "string" and (more or {}) or where
  check.options(given, known, "connect", 1)
  for name, value in pairs(given) do opts[name] = value end
  if not opts.host and opts.transport == nil then
    check.misuse(1, "connect: a host is needed")
  end
  opts.tls = opts.tls or opts.transport ~= nil and "none" or "implicit"
  opts.port = opts.port or opts.tls == "implicit" and 995 or 110
  if opts.port < 1 or opts.port > 65535 then
    check.misuse(1, "connect: no such port: %d", opts.port)
  end
  if opts.host then check.text(opts.host, "connect: the host", 1) end
  if opts.mechs then check_mechs(opts.mechs) end
  local limits = opts.limits or {}
  check.options(limits, { line = "integer", listing = "integer",
                          message = "integer", drain = "integer" },
                "connect: limits", 1)
  for name, n in pairs(limits) do check.count(n, "limit " .. name, 1) end
  local longest = limits.line or LONGEST
  if opts.user then
    check.text(opts.user, "connect: the user", 1, longest - #"APOP  " - 32)
    if not opts.password then
      check.misuse(1, "connect: a user needs a password")
    end
    check.text(opts.password, "connect: the password", 1, longest - #"PASS ")
  end
  local timeout = timeouts(opts.timeout)
  local name = "transport"
  if opts.host then
    name = opts.host:find(":", 1, true) and "[%s]:%d" or "%s:%d"
    name = name:format(opts.host, opts.port)
  end
  if opts.tls ~= "none" then
    return nil, ("connect: %s: TLS is not built into this version (tls = "
                 .. "\"none\" does without)"):format(name), "tls"
  end
  local io, err, code
  if opts.transport ~= nil then
    io, err, code = adopt(opts.transport, opts.wait)
  else
    io, err, code = open(opts, timeout.connect)
  end
  if not io then
    return nil, ("connect: %s: %s"):format(name, err), code
  end
  local engine = core.client {
    line = limits.line, listing = limits.listing, message = limits.message,
    drain = limits.drain, trace = opts.log ~= nil,
  }
  local s = setmetatable({
    engine = engine,
    link = { engine = engine, io = io, idle = timeout.io, last = 0,
             unsent = false,
             deadline = huge },
    name = name,
    longest = longest,
    total = timeout.total,
    secure = false,
    insecure = opts.insecure,
    mechs = opts.mechs,
    log = opts.log,
    capas = {},
  }, Session)
  s.waits = setmetatable({ session = s }, Waits)
  return begin(s, opts)
end

return { connect = connect }
