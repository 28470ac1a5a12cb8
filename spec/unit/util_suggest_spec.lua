-- Suggestions for misspelt names.

local suggest = require "pop3.util.suggest"

describe("a suggestion", function()
  local known = { "--timeout", "--tls", "--cafile", "--uid", "--user", "list", "login",
                  "get", "show", "serve" }

  it("is the nearest name", function()
    for wrong, right in pairs {
      ["--timout"] = "--timeout", ["--tiemout"] = "--timeout", ["--tsl"] = "--tls",
      ["--cafiel"] = "--cafile", ["--ca-file"] = "--cafile", lits = "list",
      lsit = "list", logni = "login", LIST = "list", ["--time"] = "--timeout",
      ["--Uid"] = "--uid", sho = "show", serv = "serve",
    } do
      assert.same({ right }, suggest.names(wrong, known), wrong)
    end
    assert.equal(" (did you mean 'list'?)", suggest.tip("lst", known))
    assert.equal(" (did you mean 'ab' or 'ac'?)",
                 suggest.tip("ad", { ac = 1, ab = 2, xyz = 3 }))
  end)

  it("names each name once, and no other single letter for a single letter", function()
    assert.same({ "--user" }, suggest.names("--usr", { "--user", "--user" }))
    assert.same({ "-h" }, suggest.names("-H", { "-h", "-q", "-h" }))
    for _, wrong in ipairs { "-c", "c" } do
      assert.same({}, suggest.names(wrong, { "-h", "-q", "h", "-v" }))
    end
  end)

  it("is nil where no name is near", function()
    for _, wrong in ipairs { "", "x", "frobnicate", "--", "--zzz", ("list"):rep(50) } do
      assert.equal("", suggest.tip(wrong, known), wrong)
    end
    assert.equal("", suggest.tip("list", {}))
  end)
end)
