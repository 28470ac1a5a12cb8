-- The modules that a program loads when it only names a part of the library: the rest
-- is loaded at its first use.

local proc = require "spec.interop.proc"

-- The modules of pop3 that a program has loaded, and the libraries.
local function loaded(program)
  local out = proc.check(proc.words { os.getenv "LUA" or "lua5.4", "-e", program .. [[
    for name in pairs(package.loaded) do if name:find "^pop3" then print(name) end end
    local maps = io.open "/proc/self/maps"
    for line in maps and maps:lines() or function() end do
      local library = line:match "/(lib[%w_]+)%.so"
      if library then print(library) end
    end]] })
  local set = {}
  for name in out:gmatch "%S+" do set[name] = true end
  return set
end

describe("loading", function()
  it("pop3 and pop3.server load nothing else", function()
    local set = loaded "require 'pop3' require 'pop3.server'"
    assert.is_true(set["pop3"] and set["pop3.server"])
    for name in pairs(set) do
      assert.is_true(not name:find "^pop3%." or name == "pop3.server", name)
    end
  end)

  it("a server needs neither the reader of messages nor Kerberos", function()
    local set = loaded "require 'pop3'.server.new {}"
    assert.is_true(set["pop3.server.instance"] and set["pop3.core"])
    assert.is_nil(set["pop3.message"])
    assert.is_nil(set["libgssapi_krb5"])
  end)

  it("GSSAPI loads the library of Kerberos", function()
    local set = loaded [[
      require "pop3".server.new { keytab = "/nonexistent/keytab" }]]
    local has = require "pop3.core".sasl.features.gssapi and io.open "/proc/self/maps"
    assert.equal(has and true, set["libgssapi_krb5"])
  end)
end)
