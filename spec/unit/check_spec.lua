-- The conformance checker: our own server passes, and a server that breaks one
-- rule fails in the check of that rule. Above all, each check can fail.

if os.getenv "LPOP3_SANITIZED" then return end

local bend = require "spec.support.bend"
local check = require "pop3.check"
local core = require "pop3.core"
local dkjson = require "dkjson"
local pop3 = require "pop3"
local report = require "pop3.check.report"

local MAIL = {
  "Subject: one\r\n\r\nfirst\r\n.dot\r\n..\r\nlast\r\n",
  "Subject: two\r\n\r\n" .. ("a line\r\n"):rep(50),
  "Subject: no body\r\n",
}

local MECHS = { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256" }

local PASSWORD = "secret word"

local function server(opts)
  local all = { apop = true, mechs = MECHS, login_delay = 0,
                users = { mrose = { password = PASSWORD, mail = MAIL } } }
  for name, value in pairs(opts or {}) do all[name] = value end
  return pop3.server.new(all)
end

local function options(port, more)
  local opts = { host = "localhost", port = port, tls = "none", user = "mrose",
                 password = PASSWORD, delete = true, timeout = 5 }
  for name, value in pairs(more or {}) do opts[name] = value end
  return opts
end

local function look(result, name)
  for _, c in ipairs(result.checks) do
    if c.name == name then return c end
  end
  error("there is no check " .. name, 2)
end

-- Names of the checks that came out so, sorted.
local function names(result, outcome)
  local list = {}
  for _, c in ipairs(result.checks) do
    if c.result == outcome then list[#list + 1] = c.name end
  end
  table.sort(list)
  return list
end

describe("pop3.check of our own server", function()
  for _, how in ipairs { "none", "stls", "implicit" } do
    it("finds nothing: " .. how, function()
      local s = server { tls = "auto", implicit = how == "implicit" }
      local run <close> = s:fork()
      local result = assert(check(options(run.port, { tls = how,
                                                      cafile = run.cafile })))
      assert.same({}, names(result, "fail"))
      assert.same({}, names(result, "warn"))
      assert.equal(3, result.refused)
      assert.same({ MAIL[2], MAIL[3] }, run:mailbox "mrose")
      -- what is skipped is what cannot be
      local skipped = { ["APOP-not-offered"] = true, ["PLAIN-needs-TLS"] = true,
        ["passwords-need-TLS"] = true, ["LOGIN-DELAY-format"] = true,
        ["SYS-code-format"] = true }
      for _, name in ipairs(names(result, "skip")) do
        assert.truthy(skipped[name] or how == "implicit"
                      and name:find "STLS", name)
      end
      run:verify_none_failed()
    end)
  end

  it("deletes nothing unless it is told to", function()
    local run <close> = server():fork()
    local result = assert(check(options(run.port, { delete = false })))
    assert.same({}, names(result, "fail"))
    assert.same(MAIL, run:mailbox "mrose")
    -- beside the one that is refused before the login
    assert.equal("skip", look(result, "QUIT-deletes").result)
    assert.equal(0, run:count "DELE")
  end)
end)
