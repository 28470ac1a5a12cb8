-- Octets that no command asked for, around STLS and inside TLS: between the reply to
-- STLS and the handshake, with the end of the handshake, and with good replies.

local core = require "pop3.core"
local helper = require "spec.helper"

local CA, CA_KEY = core.certificate { subject = "spec CA", is_ca = true }
local CERT, KEY = core.certificate { subject = "localhost", names = { "localhost" },
                                     ca = { cert = CA, key = CA_KEY } }

-- A server in memory, as a transport of the client. `replies`: command → octets;
-- `after_handshake`: octets of the server's first record; `split`: the octets on the wire
-- that come before the first of two reads end there.
local Server = { __name = "spec.tls_server", loopback = true }
Server.__index = Server

local function new(opts)
  local self = setmetatable({
    opts = opts, wire = "", given = 0, sent = 0, got = {}, line = "", time = 0,
  }, Server)
  if opts.implicit then self:start() else self:say(opts.greeting or "+OK ready\r\n") end
  return self
end

function Server:start()
  self.tls = core.tls { server = true, cert = CERT, key = KEY,
                        max_version = self.opts.version }
end

function Server:put(octets)
  self.sent = self.sent + #octets
  self.wire = self.wire .. octets
end

function Server:flush()
  local octets = self.tls:out()
  while octets do
    self.tls:sent(#octets)
    self:put(octets)
    octets = self.tls:out()
  end
end

function Server:say(octets)
  if not self.tls then return self:put(octets) end
  -- one record for each piece
  for _, piece in ipairs(type(octets) == "table" and octets or { octets }) do
    assert(self.tls:write(piece))
  end
  self:flush()
end

function Server:command(line)
  self.got[#self.got + 1] = (self.tls and "tls " or "") .. line
  local reply = self.opts.replies[line]
  if not reply then error("an unexpected command: " .. line, 0) end
  self:say(reply)
  if line == "STLS" then self:start() end
end

function Server:lines(octets)
  self.line = self.line .. octets
  for line in self.line:gmatch "([^\n]*)\r\n" do self:command(line) end
  self.line = self.line:match "[^\n]*$"
end

function Server:send(octets)
  if not self.tls then
    self:lines(octets)
    return #octets
  end
  self.tls:feed(octets)
  while true do
    local what, a = self.tls:next()
    if what == "data" then self:lines(a)
    elseif what == "handshake" then
      if self.opts.implicit then self:say(self.opts.greeting or "+OK ready\r\n") end
      if self.opts.after_handshake then self:say(self.opts.after_handshake) end
    else break end
  end
  self:flush()
  return #octets
end

function Server:receive(max)
  if self.wire == "" then
    if self.seconds == 0 then return nil, "timeout" end
    if self.ending then return nil, "closed" end
    self.time = self.time + (self.seconds or 0)
    self.ending = true
    return nil, "timeout"
  end
  local n, split = math.min(max, #self.wire), self.opts.split
  if split and self.given < split then n = math.min(n, split - self.given) end
  local octets = self.wire:sub(1, n)
  self.wire = self.wire:sub(n + 1)
  self.given = self.given + n
  return octets
end

function Server:settimeout(seconds) self.seconds = seconds end
function Server:now() return self.time end
function Server:close() self.closed = true end

local function connect(server, more)
  local dir <close> = helper.directory()
  local opts = { cafile = dir:write("ca.pem", CA), servername = "localhost", timeout = 60,
                 tls = server.opts.implicit and "implicit" or "stls",
                 user = "mrose", password = "secret" }
  for name, value in pairs(more or {}) do opts[name] = value end
  return helper.connect(server, opts)
end

local function replies(more)
  local all = {
    CAPA = "+OK\r\nSTLS\r\nUSER\r\n.\r\n", STLS = "+OK begin\r\n",
    ["USER mrose"] = "+OK\r\n", ["PASS secret"] = "+OK\r\n", NOOP = "+OK\r\n",
    ["DELE 1"] = "-ERR no\r\n", ["RETR 1"] = "+OK\r\nA: b\r\n\r\n.\r\n", QUIT = "+OK\r\n",
  }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

-- Was a name or a password sent, or anything without TLS after STLS?
local function said_too_much(server)
  for i, line in ipairs(server.got) do
    if line:find "USER" or line:find "PASS" then return true end
    if i > 2 and not line:find "^tls " then return true end
  end
  return false
end

describe("octets after the +OK of STLS", function()
  local GREETING, CAPA = #"+OK ready\r\n", #replies().CAPA
  local strays = {
    "+OK\r\n", "\r\n", "\n", "x", "\0", "-ERR no\r\n", "+OK\r\n+OK\r\n",
    "+OK\r\nUSER\r\n.\r\n",
    "\21\3\3\0\2\1\0",    -- a record of TLS: an alert, close_notify
    "\21\3\3\0\2\1\90",   -- user_canceled, a warning
    "\23\3\3\0\5+OK\r\n", -- application data, not encrypted
    "\22\3\3\0\1\0", "\20\3\3\0\1\1",
  }

  for _, stray in ipairs(strays) do
    it(("are refused, at every split: %q"):format(stray), function()
      local first = GREETING + CAPA
      for split in helper.sweep(first + 1, first + #"+OK begin\r\n" + #stray, 5) do
        for _, tls in ipairs { "stls", "stls?" } do
          local server = new { replies = replies { STLS = "+OK begin\r\n" .. stray },
                               split = split }
          local s, message, code = connect(server, { tls = tls })
          assert.is_nil(s, message)
          assert.is_string(message)
          assert.truthy(code == "tls" or code == "closed", message)
          assert.is_false(said_too_much(server))
          assert.is_true(server.closed)
        end
      end
    end)
  end

  it("are refused when no other octets come", function()
    local server = new { replies = replies { STLS = "+OK begin\r\n+OK\r\n" } }
    local _, message = connect(server)
    assert.matches("injected", message)
    assert.same({ "CAPA", "STLS" }, server.got)
  end)
end)

-- `check(server)` with servers that send the same, split at each octet with LPOP3_ALL, and
-- at a few otherwise.
local function every_split(opts, check)
  for _, version in ipairs { "TLSv1.2", "TLSv1.3" } do
    local function server(split)
      local all = { version = version, split = split }
      for name, value in pairs(opts) do all[name] = value end
      return new(all)
    end
    local whole = server()
    check(whole)
    for split in helper.sweep(1, whole.sent - 1, 2) do check(server(split)) end
  end
end

describe("octets inside TLS that no command asked for", function()
  for _, implicit in ipairs { true, false } do
    local how = implicit and "implicit" or "STLS"

    it("with the end of the handshake do not log in: " .. how, function()
      for _, stray in ipairs { "+OK\r\n", "+OK again\r\n+OK\r\n", "x" } do
        every_split({ implicit = implicit, replies = replies(), after_handshake = stray },
                    function(server)
          for _, mechs in ipairs { { "USER" }, false } do
            local again = new(server.opts)
            helper.fails("proto", connect(again, { mechs = mechs or nil }))
            for _, line in ipairs(again.got) do assert.is_nil(line:find "PASS") end
          end
          connect(server)
        end)
      end
    end)

    it("do not answer a command, in the record of a reply or in one of their own: " .. how,
       function()
      for _, stray in ipairs { "+OK\r\n", "-ERR no\r\n+OK\r\n", "x" } do
        for _, piece in ipairs { "+OK\r\n" .. stray, { "+OK\r\n", stray },
                                 { "+OK", "\r\n" .. stray } } do
          every_split({ implicit = implicit, replies = replies { NOOP = piece } },
                      function(server)
            local s = assert(connect(server))
            assert.is_true(s:noop())
            helper.fails("proto", s:dele(1))
            assert.equal("tls NOOP", server.got[#server.got])
            assert.equal("closed", s:state())
          end)
        end
      end
    end)

    it("after a message do not become the next one: " .. how, function()
      local message = "+OK\r\nA: b\r\n\r\n.\r\n"
      every_split({ implicit = implicit,
                    replies = replies { ["RETR 1"] = message .. "+OK\r\nx\r\n.\r\n" } },
                  function(server)
        local s = assert(connect(server))
        assert.equal("A: b\r\n\r\n", s:retr(1))
        helper.fails("proto", s:retr(1))
      end)
    end)
  end

  it("after the +OK of PASS end the login", function()
    every_split({ implicit = true,
                  replies = replies { ["PASS secret"] = "+OK\r\n-ERR [AUTH] no\r\n" } },
                function(server) helper.fails("proto", connect(server)) end)
  end)
end)
