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

  it("may say that nobody can post, or be broken", function()
    assert.is_false(list("List-Post: NO (announcements)").post)
    assert.same({}, list("List-Post: nobody").post)
    assert.same({}, list("List-Help: <").help)
    assert.same({ "x" }, list("List-Help: <> <x> <").help)
    assert.same({ "a.b", "" }, { list("List-Id: a.b").id, list("List-Id: a.b").name })
    assert.is_false(list("List-Id: x").one_click)
    assert.is_nil(list("Subject: x"))
  end)
end)
