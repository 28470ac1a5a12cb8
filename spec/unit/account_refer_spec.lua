-- References to secrets, as a database holds them (lua/pop3/account/secret.lua).

local core = require "pop3.core"
local secret = require "pop3.account.secret"

describe("a reference to a secret", function()
  it("sets the key of its kind, and no other one", function()
    for reference, wanted in pairs {
      ["command:pass show a:b"] = { password_command = "pass show a:b" },
      ["token:oauth ann"] = { token_command = "oauth ann" },
      ["file:/etc/x"] = { password_file = "/etc/x" },
      ["env:X"] = { password_env = "X" },
      ["netrc"] = { netrc = true }, ["netrc:/x"] = { netrc = "/x" },
    } do
      local a = { password = "p", token_command = "t", netrc = false }
      assert.is_true(secret.refer(a, reference))
      assert.same(wanted, a)
    end
  end)

  it("is refused when it is not one, and never repeated", function()
    for _, wrong in ipairs { "", "hunter2", "command:", "password:hunter2", "env",
                             "command", "netrc:", "file:/a\0hunter2" } do
      local ok, message = secret.refer({}, wrong)
      assert.is_nil(ok)
      assert.match("command:TEXT", message)
      assert.is_nil(message:find("hunter2", 1, true))
    end
  end)

  it("to a variable of the environment is read", function()
    assert.same({ password = os.getenv "PATH" },
                secret.get({ password_env = "PATH" }, { wait = core.poll }))
    local value, message, temporary = secret.get({ password_env = "LPOP3_NONE" },
                                                 { wait = core.poll })
    assert.is_nil(value)
    assert.match("^LPOP3_NONE: ", message)
    assert.is_false(temporary)
  end)
end)
