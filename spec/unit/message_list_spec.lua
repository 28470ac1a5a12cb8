local message = require "pop3.message"

local function list(...)
  return message.parse(table.concat({ ... }, "\r\n") .. "\r\n\r\n"):list()
end

describe("the fields of a mailing list", function()
  it("are a name and URLs", function()
    assert.same({
      id = "lua-l.lists.example", name = "Lua list", one_click = true,
      unsubscribe = { "mailto:leave@lists.example?subject=u",
                      "https://lists.example/u?a=1" },
      post = { "mailto:lua-l@lists.example" }, archive = { "https://lists.example/" },
    }, list("List-Id: \"Lua list\" <lua-l.lists.example>",
      "List-Unsubscribe: <mailto:leave@lists.example?subject=u>,",
      " (or by web) <https://lists.example/u\r\n ?a=1>",
      "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
      "List-Post: <mailto:lua-l@lists.example> (for members)",
      "List-Archive: <https://lists.example/>"))
  end)

  it("may have comments, and URLs without angle brackets", function()
    for value, want in pairs {
      ["<https://x/h> (Help <not this>), <ftp://x/h> (FTP)"] = "https://x/h ftp://x/h",
      ["(a, with <mailto:no@x>) <mailto:yes@x> (for help)"] = "mailto:yes@x",
      ["mailto:a@b, https://x/u"] = "mailto:a@b https://x/u",
      ["https://x/(u)"] = "https://x/", ["<https://x/(u)>"] = "https://x/(u)",
      ["(open <https://x/u>"] = "https://x/u", ["Note: https: x:y"] = "",
      ["=?us-ascii?Q?=3Chttps=3A=2F=2Fx=2Fu=3E?="] = "https://x/u",
    } do
      assert.equal(want, table.concat(list("List-Help: " .. value).help, " "), value)
    end
  end)

  it("have a name in any form", function()
    for value, want in pairs {
      ['"Foo, \\"Bar\\"" <a.b>'] = 'Foo, "Bar"|a.b', ['"a < b" <a.b>'] = "a < b|a.b",
      ["(the list) Foo <a.b>"] = "Foo|a.b", ["me/repo <r.me>"] = "me/repo|r.me",
      ["=?utf-8?Q?L=C3=AFste_=28x=29?= <a.b>"] = "Lïste (x)|a.b", ["<a.b>"] = "|a.b",
      ["Foo, Bar and more <a.b>"] = "Foo, Bar and more|a.b", ["<a"] = "|a",
    } do
      local t = list("List-Id: " .. value)
      assert.equal(want, t.name .. "|" .. t.id, value)
    end
  end)

  it("may say that no one can post, or be broken", function()
    assert.is_false(list("List-Post: NO (announcements)").post)
    assert.same({}, list("List-Post: nobody").post)
    assert.same({}, list("List-Help: <").help)
    assert.same({ "x" }, list("List-Help: <> <x> <").help)
    assert.same({ "a.b", "" }, { list("List-Id: a.b").id, list("List-Id: a.b").name })
    assert.is_false(list("List-Id: x").one_click)
    assert.is_nil(list("Subject: x"))
  end)
end)
