--- A POP3 client session (RFC 1939, 2449, 6856).
--
-- Every method returns `nil, message, code, reply` when it fails, see `pop3`.
-- A limit that a message or a listing breaks, a sink or file that refuses and
-- an -ERR leave the session usable; a timeout, a lost link and a reply that
-- is no POP3 end it.
-- @classmod pop3.session
-- @alias methods

local check = require "pop3.util.argument"
local atomic_file = require "pop3.util.atomic_file"
local core = require "pop3.core"
local exchange = require "pop3.client.command"
local handle = require "pop3.client.handle"
local login = require "pop3.client.login"
local pipeline = require "pop3.client.pipeline"
local secure = require "pop3.client.tls"

local ask, command, drop, event, fail, fetch, octets_of, operation, refused =
  exchange.ask, exchange.command, exchange.drop, exchange.event,
  exchange.fail, exchange.fetch, exchange.octets_of, exchange.operation,
  exchange.refused

local LONGEST = 65536  -- octets of a command, as in pop3.h

local Session = { __name = "pop3.session" }
local methods = {}
Session.__index = methods

-- What is left of a session after `close`.
local Closed = { __name = "pop3.session (closed)" }

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

-- Do all of these mechanisms take a token (RFC 7628)?
local function only_tokens(mechs)
  if not mechs or #mechs == 0 then return false end
  for _, name in ipairs(mechs) do
    local row = core.sasl.mechanisms[name:upper()]
    if not (row and row.token) then return false end
  end
  return true
end

-- The token: a string, or what a function comes up with.
local function token_of(token)
  if type(token) ~= "function" then return token end
  local made, why = token()
  if made == nil then return nil, tostring(why or "there is no token") end
  return made
end

--- Log in (RFC 1939 section 7, RFC 5034). The mechanisms that the server
-- offers are tried, the strongest first: EXTERNAL with a client certificate;
-- OAUTHBEARER and XOAUTH2 with a token; SCRAM with SHA-512, SHA-256 and SHA-1,
-- bound to the TLS channel (-PLUS) where the server can; CRAM-MD5; then, only over TLS,
-- to a loopback host, or with `insecure`, PLAIN, LOGIN and USER. APOP and
-- ANONYMOUS are used only if they are asked for. After a refusal the next one
-- is tried, on a new connection if the server dropped this one, unless the
-- server says that the credentials are wrong ([AUTH], RFC 3206). When a check
-- of ours fails, such as a SCRAM server's signature, nothing else is tried.
-- @tparam string user
-- @tparam ?string secret the password; with OAUTHBEARER and XOAUTH2 alone in
-- `mechs` it may be the token
-- @tparam[opt] table opts `mechs`: an allow list in order of preference;
-- `token`: an OAuth bearer token, or a function that returns one
-- @treturn boolean true
-- @treturn string the mechanism
function methods:login(user, secret, opts)
  opts = opts or {}
  check.options(opts, { mechs = "table", token = "string function" },
                "login", 1)
  if opts.mechs then check_mechs(opts.mechs) end
  local mechs, token = opts.mechs or self.mechs, opts.token or self.token
  check.text(user, "the user", 1, LONGEST - #"APOP  " - 32)
  if secret ~= nil or not (token or mechs or self.certificate) then
    check.text(secret, "the secret", 1, LONGEST - #"PASS ")
  end
  if self.dead then
    return fail(self, "login", "the session has ended", "closed")
  end
  if self:state() ~= "authorization" then
    return fail(self, "login", "command not valid in this state", "state")
  end
  if token == nil and only_tokens(mechs) then token = secret end
  if secret == "" or secret and user == "" then
    return fail(self, "login", "an empty user or secret", "auth")
  end
  local why
  token, why = token_of(token)
  if why then return fail(self, "login", "no token: " .. why, "auth") end
  if token ~= nil then check.text(token, "the token", 1, LONGEST // 2) end
  local _ <close> = operation(self)
  return login.run(self, { user = user, secret = secret, token = token }, mechs)
end

--- Start TLS on this link (RFC 2595), before logging in. Octets behind the
-- server's +OK end the session: they may have been put there by someone else.
-- What the server can do is asked anew.
-- @treturn boolean true; code "tls" also when the server refuses
function methods:stls()
  if self.dead then
    return fail(self, "STLS", "the session has ended", "closed")
  elseif self:state() ~= "authorization" then
    return fail(self, "STLS", "command not valid in this state", "state")
  elseif self.secure then
    return fail(self, "STLS", "TLS is active already", "state")
  end
  local _ <close> = operation(self)
  return secure.stls(self, "STLS")
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
  local capa = {}  -- what a caller changes in it is the caller's
  for name, words in pairs(known) do capa[name] = words end
  return capa
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
  local ok, text, count, octets = command(self, "STAT", "STAT")
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
  local ok, text, number, value = command(s, label, label)
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

--- Fetch a message into a file, which appears whole or not at all, and
-- replaces a regular file of that name. A directory, a symbolic link, a FIFO, a
-- socket or a device is not replaced.
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
  local file <close>, err = atomic_file.create(path)
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

--- Fetch many messages: `fn(n, octets)` for each, in order, or
-- `fn(n, nil, message, code, reply)`. The commands are pipelined, in a bounded
-- window, if the server says PIPELINING. `fn` must not use the session; if it
-- raises an error, that passes through, and the session goes on, unless more
-- than `limits.drain` of what was asked for is still to come.
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
  return pipeline.retr_many(self, list, fn)
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
    return handle(self, n, sizes[n], uids[n])
  end
end

--- Mark a message as deleted; `quit` deletes it.
-- @tparam integer n
-- @treturn boolean true
function methods:dele(n)
  n = check.number(n, 1)
  local ok, message, code, reply = command(self, "DELE " .. n, "DELE " .. n)
  if not ok then return nil, message, code, reply end
  return true
end

-- Commands without an argument that say +OK.
for name, line in pairs { rset = "RSET", noop = "NOOP", utf8 = "UTF8" } do
  methods[name] = function(self)
    local ok, message, code, reply = command(self, line, line)
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
    check.text(tag, "the tag", 1, LONGEST - #"LANG ")
    if not tag:find "%S" then check.misuse(1, "the tag is empty") end
    local line = "LANG " .. tag
    local ok, message, code, reply = command(self, line, line)
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

--- Send any command.
-- @tparam string line without CRLF
-- @tparam[opt] table opts `multiline = true`: a +OK is followed by a body. For
-- POP3's own verbs that is known
-- @treturn string the text of the status line
-- @treturn ?string the body
function methods:command(line, opts)
  check.text(line, "the command", 1, LONGEST)
  opts = opts or {}
  check.options(opts, { multiline = "boolean" }, "command", 1)
  local verb = (line:match "^[^ ]*"):upper()
  if verb == "" or verb:find "%c" then
    check.misuse(1, "a command must begin with a verb")
  end
  local row = core.verbs[verb]
  if row and row.turn then  -- the session must know what follows: AUTH, STLS
    check.misuse(1, "%s: use session:%s()", verb,
                 row.login and "login" or verb:lower())
  end
  local body = opts.multiline or row ~= nil and row.body ~= nil
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
  local ok, message, code, reply = command(self, "QUIT", "QUIT")
  if code == "state" then return nil, message, code end  -- in a callback
  drop(self)
  if not ok then return nil, message, code, reply end
  return true
end

-- The engines hold secrets: they are not left to the collector.
local function release(s)
  local port = s.link.port
  if port ~= s.engine then port:close() end
  s.engine:close()
end

--- Drop the link without QUIT: nothing is deleted.
function methods:close()
  drop(self)
  release(self)
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

-- ------------------------------------------------------------------- making

-- A session from its fields, before the greeting.
local function new(s)
  s.waits = setmetatable({ session = s }, exchange.Waits)
  return setmetatable(s, Session)
end

return { new = new, release = release, check_mechs = check_mechs,
         LONGEST = LONGEST }
