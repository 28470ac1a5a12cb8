-- The lines of CAPA: rows, and the lines of presets that the options change.

local capabilities = require "pop3.server.capabilities"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

local USERS = { u = { password = "pw" } }

local function capa(opts, login)
  opts.users = USERS
  local t = talk.to(pop3.server.new(opts))
  if login then t:login() end
  local _, lines = t:list "CAPA"
  return lines
end

local function has(lines, line)
  for _, other in ipairs(lines) do
    if other == line then return true end
  end
  return false
end

-- With a row more.
local function with_row(row, act)
  table.insert(capabilities.rows, row)
  local ok, err = pcall(act)
  assert(table.remove(capabilities.rows) == row)
  if not ok then error(err, 0) end
end

describe("a capability that is added as a row", function()
  it("is a line of CAPA, but not of a preset that lacks it", function()
    with_row({ name = "XTRA" }, function()
      assert.is_true(has(capa {}, "XTRA"))
      assert.is_true(has(capa({}, true), "XTRA"))
      assert.is_false(has(capa { preset = "dovecot" }, "XTRA"))
    end)
    assert.is_false(has(capa {}, "XTRA"))
  end)

  it("depends on the session, and on the options in a preset as well", function()
    local function line(session)
      return session.user and "XWHO " .. session.user or nil
    end
    with_row({ name = "XWHO", line = line, adapt = line }, function()
      assert.is_false(has(capa {}, "XWHO u"))
      assert.is_true(has(capa({}, true), "XWHO u"))
      assert.is_true(has(capa({ preset = "dovecot" }, true), "XWHO u"))
    end)
  end)
end)

describe("CAPA", function()
  it("has the lines of the options, in the order of the rows", function()
    assert.same({ "TOP", "USER", "UIDL", "RESP-CODES", "AUTH-RESP-CODE",
                  "PIPELINING", "EXPIRE 7", "SASL PLAIN", "STLS",
                  "LOGIN-DELAY 2", "UTF8", "LANG", "IMPLEMENTATION lpop3" },
                capa { tls = "auto", mechs = { "PLAIN" }, expire = 7,
                       login_delay = 1.5 })
  end)

  it("offers no login without TLS where TLS is required", function()
    local lines = capa { tls = "auto", require_tls = true, mechs = { "PLAIN" } }
    assert.is_false(has(lines, "USER"))
    assert.is_false(has(lines, "SASL PLAIN"))
    assert.is_true(has(lines, "STLS"))
  end)

  it("of a preset keeps its lines, and its mechanisms for show", function()
    assert.is_true(has(capa { preset = "zimbra" }, "SASL PLAIN X-ZIMBRA"))
    assert.is_true(has(capa { preset = "zimbra", mechs = { "LOGIN" } },
                       "SASL X-ZIMBRA LOGIN"))
    assert.is_true(has(capa { preset = "courier" }, "LOGIN-DELAY 10"))
    assert.is_true(has(capa { preset = "courier", login_delay = 3 },
                       "LOGIN-DELAY 3"))
    assert.is_true(has(capa { preset = "dovecot", tls = "auto" }, "STLS"))
    assert.is_false(has(capa { preset = "dovecot" }, "STLS"))
  end)
end)
