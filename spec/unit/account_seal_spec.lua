-- Passwords that are encrypted by a key outside of the database (pop3.account.seal), and
-- the encryption of the core.

local core = require "pop3.core"
local helper = require "spec.helper"
local seal = require "pop3.account.seal"
local secret = require "pop3.account.secret"

local function flip(text, at)
  return text:sub(1, at - 1) .. string.char(text:byte(at) ~ (1 << at % 8))
         .. text:sub(at + 1)
end

describe("core.seal", function()
  local KEY = ("k"):rep(31) .. "\0"

  it("seals, and unseal opens", function()
    for _, text in ipairs { "", "x", "a\0b", ("long "):rep(13107) } do
      local sealed = core.seal(KEY, text, "data\0")
      assert.equal(#text + 28, #sealed)
      assert.equal(text, core.unseal(KEY, sealed, "data\0"))
      assert.not_equal(sealed, core.seal(KEY, text, "data\0"))
      assert.is_nil(#text > 1 and sealed:find(text, 1, true) or nil)
    end
  end)

  it("opens nothing after a change of any octet, of key or data, or a cut", function()
    local text, data = "secret", "name\0host"
    local sealed = core.seal(KEY, text, data)
    for at = 1, #sealed do
      assert.is_nil(core.unseal(KEY, flip(sealed, at), data), at)
      assert.is_nil(core.unseal(KEY, sealed:sub(1, at - 1), data), at)
      assert.is_nil(core.unseal(KEY, sealed:sub(at + 1), data), at)
    end
    for at = 1, #KEY do assert.is_nil(core.unseal(flip(KEY, at), sealed, data)) end
    for at = 1, #data do assert.is_nil(core.unseal(KEY, sealed, flip(data, at))) end
    assert.is_nil(core.unseal(KEY, sealed, ""))
    assert.is_nil(core.unseal(KEY, sealed .. "\0", data))
    assert.equal(text, core.unseal(KEY, sealed, data))
  end)

  it("is AES-256-GCM as NIST has it", function()
    -- SP 800-38D, test case 14: key and nonce of zeros, 16 zeros as text
    local hex = "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    local sealed = ("\0"):rep(12) .. hex:gsub("%x%x", function(pair)
      return string.char(tonumber(pair, 16))
    end)
    assert.equal(("\0"):rep(16), core.unseal(("\0"):rep(32), sealed, ""))
  end)

  it("refuses other keys and secrets that are too long", function()
    for _, key in ipairs { "", ("k"):rep(31), ("k"):rep(33) } do
      assert.error_matches(function() core.seal(key, "x", "") end, "32 octets")
      assert.error_matches(function() core.unseal(key, ("x"):rep(30), "") end,
                           "32 octets")
    end
    assert.error_matches(function() core.seal(KEY, ("x"):rep(65537), "") end, "too long")
    assert.error_matches(function() core.seal(KEY, "", ("x"):rep(65537)) end, "too long")
    assert.is_nil(core.unseal(KEY, ("x"):rep(65536 + 29), ""))
  end)
end)

describe("a sealed password", function()
  local ONE, TWO = ("1a"):rep(32), ("2B"):rep(32)
  local ann = { name = "ann", user = "ann@x", host = "Mail.example" }
  local dir

  local function keys_of(text, mode)
    local path = dir:write("keys", text)
    assert(os.execute(("chmod %s '%s'"):format(mode or "600", path)))
    return seal.keys(path)
  end

  before_each(function() dir = helper.directory() end)
  after_each(function() getmetatable(dir).__close(dir) end)

  it("opens for its account, user and host only", function()
    local keys = assert(keys_of(ONE))
    local reference = assert(seal.close(keys, ann, "geheim ü"))
    local text = reference:match "^sealed:(.*)$"
    assert.is_true(seal.is_valid(text))
    assert.equal("geheim ü", seal.open(keys, ann, text))
    assert.equal("geheim ü", seal.open(keys, { name = "ann", user = "ann@x",
                                               host = "mail.EXAMPLE" }, text))
    for _, other in ipairs {
      { name = "bob", user = "ann@x", host = "mail.example" },
      { name = "ann", user = "bob", host = "mail.example" },
      { name = "ann", user = "ann@x", host = "evil.example" },
      { name = "ann\0ann@x", user = "", host = "mail.example" },
    } do
      local password, message = seal.open(keys, other, text)
      assert.is_nil(password)
      assert.equal("the sealed secret belongs to another account, user or host, or "
                   .. "it was changed", message)
    end
  end)

  it("does not open after a change of any character", function()
    local keys = assert(keys_of(ONE))
    local text = seal.close(keys, ann, "geheim!!"):match "^sealed:(.*)$"
    local opened = 0
    for at = 1, #text do
      for _, c in ipairs { "A", "z", "0", "/", "=", " ", "\n", "" } do
        local changed = text:sub(1, at - 1) .. c .. text:sub(at + 1)
        if changed ~= text then
          -- a character of base64 may have bits that mean nothing
          local password = seal.open(keys, ann, changed)
          if password then
            assert.equal("geheim!!", password)
            opened = opened + 1
          end
        end
      end
    end
    assert.equal(0, opened)
  end)

  it("opens by an old key, and is sealed by the first one", function()
    local old = assert(keys_of(ONE))
    local text = seal.close(old, ann, "x"):match "^sealed:(.*)$"
    assert.is_true(seal.is_current(old, text))
    local both = assert(keys_of("# new\n\n " .. TWO .. " \r\n" .. ONE .. "\n"))
    assert.equal("x", seal.open(both, ann, text))
    assert.is_false(seal.is_current(both, text))
    local new = seal.close(both, ann, "x"):match "^sealed:(.*)$"
    assert.is_true(seal.is_current(both, new))
    local password, message = seal.open(old, ann, new)
    assert.is_nil(password)
    assert.match("^the secret is sealed by the key %x+, which the file of keys does "
                 .. "not have$", message)
  end)

  it("needs a good file of keys", function()
    for text, expected in pairs {
      [""] = "there is no key", ["# x\n"] = "there is no key",
      [ONE:sub(2)] = ":1: a key has 64 hexadecimal digits",
      [ONE .. "\n" .. ONE .. "0"] = ":2: a key has 64 hexadecimal digits",
      [("g"):rep(64)] = ":1: a key has 64 hexadecimal digits",
    } do
      local keys, message = keys_of(text)
      assert.is_nil(keys)
      assert.is_truthy(message:find(expected, 1, true), message)
    end
    for _, mode in ipairs { "640", "604", "660" } do
      local keys, message = keys_of(ONE, mode)
      assert.is_nil(keys)
      assert.match("others can read it", message)
    end
    local keys, message = seal.keys "/nonexistent"
    assert.is_nil(keys)
    assert.match("^/nonexistent: ", message)
    keys, message = seal.keys(dir.path)
    assert.is_nil(keys)
    assert.match("not a regular file", message)
  end)

  it("is one line", function()
    local keys = assert(keys_of(ONE))
    for _, text in ipairs { "", "a\nb", "a\r", "a\0" } do
      local reference, message = seal.close(keys, ann, text)
      assert.is_nil(reference)
      assert.equal("a password is one line, and not empty", message)
    end
  end)

  it("is a secret of an account; an unsealed text is not a reference", function()
    local keys = assert(keys_of(ONE))
    local account = { name = "ann", user = "ann@x", host = "mail.example" }
    assert(secret.refer(account, (seal.close(keys, ann, "geheim"))))
    local found = assert(secret.get(account, { key_file = dir.path .. "/keys" }))
    assert.same({ password = "geheim" }, found)
    local none, message, temporary = secret.get(account, { key_file = "/nonexistent" })
    assert.is_nil(none)
    assert.match("^/nonexistent: ", message)
    assert.is_false(temporary)
    for _, reference in ipairs { "sealed:hunter2", "sealed:", "sealed:12345678:",
                                 "sealed:12345678:hunter2 x", "sealed:1234567g:AAAA" } do
      local ok, text = secret.refer({}, reference)
      assert.is_nil(ok)
      assert.is_nil(text:find "hunter2")
    end
  end)
end)
