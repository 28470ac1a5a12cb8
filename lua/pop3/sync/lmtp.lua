--- Delivery to a server by LMTP (RFC 2033), over TCP or a Unix socket.
--
-- `pop3.sync` delivers with it. A message is received into a spool; `commit`
-- transmits it. One connection serves all messages of a run.
--
-- 2xx of all recipients: delivered. 4xx of a recipient: later; only the recipients
-- that do not have the message get it then. Otherwise, 5xx of a recipient: set
-- aside. When the connection is lost before the end of the message was sent,
-- nothing was delivered (RFC 2033 section 4.2), and one more attempt is made on a
-- new connection. When it is lost after that, it is not known which recipients
-- have the message: later. LMTP cannot avoid this; the message may come twice,
-- and its second attempt has `handle.again`.
-- @classmod pop3.lmtp

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local fields = require "pop3.sync.fields"
local spool = require "pop3.sync.spool"
local Link = require "pop3.transport.link"

local CHUNK = 65536
local LINE = 4096      -- octets of a line of a reply; RFC 5321 says 512
local LINES = 100      -- lines of a reply

local Lmtp = { __name = "pop3.lmtp", calls = true }
Lmtp.__index = Lmtp

local Delivery = { __name = "pop3.delivery.lmtp" }
Delivery.__index = Delivery

local function check_address(address, what, level)
  argument.text(address, what, level + 1, 320)
  if address:find "[%s<>]" then
    argument.misuse(level + 1, "%s is not an address: %s", what, address)
  end
end

-- Options of `pop3.lmtp`: `host` and `port`, or `path` of a Unix socket; `to`: a
-- list of addresses; `from` (default: none, "<>"): the sender; `timeout` (300:
-- seconds without progress; the reply to a message may take twice as long);
-- `spool` and `fields` as in `pop3.mbox`.
-- @tparam table opts
-- @treturn pop3.lmtp
-- @usage
-- local pop3 = require "pop3"
-- local into = pop3.lmtp{ path = "/run/dovecot/lmtp", to = { "me@b.example" } }
local function new(opts)
  argument.options(opts, { host = "string", port = "integer", path = "string",
                           to = "table", from = "string", timeout = "number",
                           spool = "string", fields = "table" }, "lmtp", 1)
  local by_tcp = opts.host ~= nil and opts.port ~= nil
  if by_tcp == (opts.path ~= nil) then
    argument.misuse(1, "lmtp: either host and port, or path is needed")
  end
  if not opts.to or #opts.to == 0 then
    argument.misuse(1, "lmtp: option 'to' must name a recipient")
  end
  for _, address in ipairs(opts.to) do
    check_address(address, "lmtp: a recipient", 1)
  end
  if opts.from then check_address(opts.from, "lmtp: the sender", 1) end
  fields.check(opts.fields, "lmtp", 1)
  return setmetatable({
    host = opts.host, port = opts.port, path = opts.path,
    peer = opts.path or ("%s:%d"):format(opts.host, opts.port),
    to = table.move(opts.to, 1, #opts.to, 1, {}), from = opts.from or "",
    timeout = opts.timeout or 300, fields = opts.fields,
    spool = spool.directory(opts.spool),
    link = nil,         -- the connection, once it is there
    extensions = {},    -- keyword → argument, of the reply to LHLO
  }, Lmtp)
end

-- A delivery for one run of one account of a fleet, with its own connection.
-- @treturn pop3.lmtp
function Lmtp:lease()
  return new{ host = self.host, port = self.port, path = self.path, to = self.to,
              from = self.from, timeout = self.timeout, fields = self.fields,
              spool = self.spool }
end

-- @tparam[opt] table opts `wait`: as in `pop3.connect`
-- @treturn boolean true
function Lmtp:open(opts)
  self.wait = opts and opts.wait
  return true
end

-- ------------------------------------------------------------- the dialogue

-- A failure of the dialogue: `status` is nil when the connection failed.
local function failure(self, what, text, status)
  return nil, ("%s: %s: %s"):format(what, self.peer,
                                    (text:gsub("%c+", " "))), status
end

local function drop(self)
  if self.link then self.link:close() end
  self.link = nil
end

-- One reply: status and text; or nil, message. After a failure, and after 421,
-- the connection is dropped.
local function read_reply(self, what, seconds)
  local deadline = self.link.now() + (seconds or self.timeout)
  local texts = {}
  for _ = 1, LINES do
    local line, message = self.link:line(LINE, deadline)
    local status, more, text = (line or ""):match "^([2-5]%d%d)([- ]?)(.-)\r?\n$"
    if not status then
      drop(self)
      return failure(self, what, line and "not a reply of LMTP" or message)
    end
    texts[#texts + 1] = text
    if more ~= "-" then
      if status == "421" then drop(self) end
      return tonumber(status), table.concat(texts, "\n")
    end
  end
  drop(self)
  return failure(self, what, "the reply has too many lines")
end

-- Send a command and read its reply: true and the text when the status is of the
-- wanted hundred; or nil, message, status.
local function ask(self, line, wanted)
  local what = line:match "^%a+"
  local link = self.link
  local ok, message = link:send(line .. "\r\n", link.now() + self.timeout)
  if not ok then
    drop(self)
    return failure(self, what, message)
  end
  local status, text = read_reply(self, what)
  if not status then return nil, text end
  if status // 100 ~= wanted then
    return failure(self, what, status .. " " .. text, status)
  end
  return true, text
end

local function connect_unix(path, wait)
  local sock, err = require "socket.unix".stream()
  if not sock then return nil, err end
  sock:settimeout(0)
  local ok
  ok, err = sock:connect(path)
  if not ok then
    sock:close()
    return nil, err
  end
  local fd = sock:getfd()
  sock:setfd(-1)
  local owned
  owned, err = core.fd(math.tointeger(fd))
  if not owned then return nil, err end
  return Link.over(require "pop3.transport.fd"(owned, wait))
end

-- Connect and send LHLO, unless connected. True, or nil, message, status.
local function connect(self)
  if self.link then return true end
  local message
  if self.path then
    self.link, message = connect_unix(self.path, self.wait)
  else
    self.link, message = Link.open(self.host, self.port, self.timeout,
                                   { wait = self.wait })
  end
  if not self.link then return failure(self, "connect", message) end
  local status, text = read_reply(self, "greeting")
  if not status then return nil, text end
  if status // 100 ~= 2 then
    drop(self)
    return failure(self, "greeting", status .. " " .. text, status)
  end
  local ok
  ok, text, status = ask(self, "LHLO " .. core.hostname(), 2)
  if not ok then
    drop(self)
    return nil, text, status
  end
  self.extensions = {}
  for line in text:gmatch "[^\n]+" do
    local keyword, rest = line:match "^(%S+) *(.*)$"
    if keyword then self.extensions[keyword:upper()] = rest end
  end
  return true
end

-- MAIL with the parameters of the extensions that the server has (RFC 1870,
-- RFC 6152).
local function mail_line(self, size)
  local line = ("MAIL FROM:<%s>"):format(self.from)
  if self.extensions.SIZE then line = line .. " SIZE=" .. size end
  if self.extensions["8BITMIME"] then line = line .. " BODY=8BITMIME" end
  return line
end

-- ------------------------------------------------------------- one message

local DONE = "delivered to "

-- The recipients that have the message from an earlier attempt, as a set.
local function known_of(handle)
  local known = {}
  local list = (handle.mark or ""):match("^" .. DONE .. "(.*)$")
  for address in (list or ""):gmatch "%S+" do known[address] = true end
  return known
end

-- The mark of a message that some recipients have; nil when no recipient has it.
local function mark_of(to, known)
  local list = {}
  for _, address in ipairs(to) do
    if known[address] then list[#list + 1] = address end
  end
  return list[1] and DONE .. table.concat(list, " ")
end

-- Begin a delivery. Nothing is sent before `commit`.
-- @tparam table handle of the message
-- @treturn pop3.delivery.lmtp, or nil, message, "io"
function Lmtp:begin(handle)
  local file, message, code = spool.begin(self, "dot", handle)
  if not file then return nil, message, code end
  return setmetatable({ into = self, file = file, known = known_of(handle) },
                      Delivery)
end

Delivery.write = spool.write

-- Give the message up.
function Delivery:abort()
  self.file:close()
end

-- The result of the replies for all recipients: true; or nil, message, "reject" or nil.
local function verdict(answers)
  local worst
  for _, answer in ipairs(answers) do
    if answer.status ~= 2 and (not worst or answer.status < worst.status) then
      worst = answer  -- 4xx goes before 5xx
    end
  end
  if not worst then return true end
  return nil, worst.text, worst.status == 5 and "reject" or nil
end

-- Name the recipients: those that were accepted, and the answers of the others;
-- or nil, message, status.
local function name_recipients(self, known, answers)
  local named = {}
  for _, address in ipairs(self.to) do
    if not known[address] then
      local ok, text, status = ask(self, ("RCPT TO:<%s>"):format(address), 2)
      if ok then
        named[#named + 1] = address
      elseif not self.link then
        return nil, text, status
      else
        answers[#answers + 1] = { status = status // 100, text = text }
      end
    end
  end
  return named
end

-- Send the spool: true; or nil, message when the connection was lost before the
-- end of the message went.
local function send_spool(self, file)
  local at, link = 0, self.link
  local octets, message = file:pread(at, CHUNK)
  while octets and octets ~= "" do
    local ok, why = link:send(octets, link.now() + self.timeout)
    if not ok then
      local status, text = read_reply(self, "DATA", 1)  -- the reason of the close
      drop(self)
      if status then return failure(self, "DATA", status .. " " .. text, status) end
      return failure(self, "DATA", why)
    end
    at = at + #octets
    octets, message = file:pread(at, CHUNK)
  end
  if octets then return true end
  drop(self)  -- the message must not end here
  return nil, message
end

-- One attempt on a connection: true; or nil, message, how. A fourth value, true,
-- says that nothing was delivered and the connection was lost.
local function transmit(self, delivery, known)
  local ok, message, status = connect(self)
  if not ok then
    return nil, message, status and status >= 500 and "io" or "connect"
  end
  ok, message, status = ask(self, mail_line(self, delivery.file:octets()), 2)
  if not ok then
    return nil, message, status and status >= 500 and "reject" or nil,
           not self.link
  end
  local answers = {}
  local named
  named, message = name_recipients(self, known, answers)
  if not named then return nil, message, nil, true end
  if #named == 0 then
    ask(self, "RSET", 2)
    return verdict(answers)
  end
  ok, message, status = ask(self, "DATA", 3)
  if not ok then
    if self.link then ask(self, "RSET", 2) end
    return nil, message, status and status >= 500 and "reject" or nil,
           not self.link
  end
  ok, message, status = send_spool(self, delivery.file)
  if not ok then
    return nil, message, status and status >= 500 and "reject" or nil,
           status == nil
  end
  for i, address in ipairs(named) do
    local text
    status, text = nil, "the connection was closed"
    if self.link then status, text = read_reply(self, "DATA", 2 * self.timeout) end
    if not status then
      return nil, ("%s; %d of %d recipients may have the message"):format(text,
                                        #named - i + 1, #self.to), "unknown"
    end
    if status // 100 == 2 then
      known[address] = true
    else
      local _, said = failure(self, "DATA", ("%d %s <%s>"):format(status, text,
                                                                address))
      answers[#answers + 1] = { status = status // 100, text = said }
    end
  end
  return verdict(answers)
end

-- Transmit the message.
-- @treturn boolean true; or nil, message, how: nil (later), "unknown" (later; it
-- may have been delivered), "reject" (set aside); and, for failures of every message,
-- "connect" (the server cannot be reached), "io" (the spool failed, or the server
-- refuses the session). Then, when some recipients have the
-- message, the mark for `handle.mark` of the next attempt
function Delivery:commit()
  local into, known = self.into, self.known
  local ok, message = self.file:finish()
  local how, lost = "io"
  if ok then
    for _ = 1, 2 do
      ok, message, how, lost = transmit(into, self, known)
      if ok or not lost then break end
    end
  end
  self.file:close()
  if not ok then return nil, message, how, mark_of(into.to, known) end
  return true
end

-- End the connection.
function Lmtp:close()
  if self.link then ask(self, "QUIT", 2) end
  drop(self)
end

return new
