-- The conformance checker against servers that we did not write. The expected
-- failures are those of the versions in Debian 12; any other result needs a look.

local check = require "pop3.check"
local courier = require "spec.interop.courier"
local helper = require "spec.helper"
local peers = require "spec.interop.peers"

local MAIL = { [peers.USER] = {
  "Message-Id: <1@x>\nSubject: one\n\nfirst\n.dot\n..\nlast\n",
  "Message-Id: <2@x>\nSubject: two\n\n" .. ("a line\n"):rep(50),
  "Message-Id: <3@x>\nSubject: three\n\nx\n",
} }

-- The names of the checks with an outcome, in order, one a line.
local function names(result, outcome)
  local list = {}
  for _, c in ipairs(result.checks) do
    if c.result == outcome then list[#list + 1] = c.name end
  end
  return table.concat(list, "\n")
end

local function run(peer, tls, timeout)
  return assert(check {
    host = "localhost", port = tls == "implicit" and peer.tlsport or peer.port,
    tls = tls, cafile = peer.cafile, user = peers.USER,
    password = peers.PASSWORD, delete = true,
    timeout = timeout or helper.PATIENCE })
end

-- 'text': names, one a line.
local function are(text, result, outcome)
  assert.equal(text:gsub(" +", ""):gsub("^\n+", ""):gsub("\n+$", ""),
               names(result, outcome))
end

describe("pop3.check of", function()
  describe("Dovecot", function()
    local missing = peers.no_dovecot()
    if missing then return peers.skip(missing) end

    for _, tls in ipairs(helper.some({ "none", "stls", "implicit" }, 1)) do
      it(tls, function()
        local peer <close> = peers.dovecot(MAIL)
        local result = run(peer, tls)
        are([[
          USER-without-name
          STAT-with-more
          NOOP-with-more
          RSET-with-more
          CAPA-in-both-states
          CAPA-with-argument
          ]] .. (tls == "implicit" and "" or "STLS-with-argument\n"), result,
          "fail")
        are("maildrop-locked\nAUTH-initial-to-server-first", result, "warn")
        assert.truthy(result.passed > 170)
      end)
    end
  end)

  describe("popa3d", function()
    local missing = peers.no_popa3d()
    if missing then return peers.skip(missing) end

    it("none", function()
      local peer <close> = peers.popa3d(MAIL)
      local result = run(peer, "none")
      are("", result, "fail")
      are("maildrop-locked", result, "warn")
      assert.truthy(result.passed > 120)
    end)
  end)

  describe("Courier", function()
    local missing = courier.missing()
    if missing then return peers.skip(missing) end

    -- It answers a login that fails after five seconds, and commands that came
    -- with a login not at all: this waits for minutes.
    if not helper.all then return end
    it("none", function()
      local peer <close> = courier.start(MAIL)
      -- it closes a connection without a login after 60 seconds: the checker gives
      -- up before
      local result = run(peer, "none", 30)
      are([[
        NUL-in-a-command
        bare-CR
        STAT-with-more
        NOOP-with-more
        RSET-with-more
        LIST-with-more
        UIDL-with-more
        RETR-with-more
        TOP-with-more
        TOP-negative-lines
        TOP-lines-no-number
        CAPA-with-argument
        PIPELINING-of-a-login
        STLS-with-argument
        STLS-injection
        STLS-not-announced-in-transaction
        UTF8-with-argument
        UTF8-after-login
        DELE-with-more
      ]], result, "fail")
      are("maildrop-locked\nLOGIN-DELAY-enforced", result, "warn")
      assert.truthy(result.passed > 170)
    end)
  end)
end)
