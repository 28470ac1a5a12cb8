-- Signed octets in generated nestings: signed in mixed, in embedded messages, in
-- one another. Our reader must find exactly the octets that were signed, and that
-- OpenSSL's command line finds.

local core = require "pop3.core"
local message = require "pop3.message"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

local COUNT = os.getenv "LPOP3_ALL" and 300 or 16
local SEED = 20261130
local DIGESTS = { "sha256", "sha1", "sha384", "sha512", "sha224" }

local random                    -- an xorshift generator, the same on any system
local function generator(seed)
  local x = seed
  random = function(n)
    x = x ~ (x << 13) & 0xFFFFFFFF
    x = x ~ (x >> 17)
    x = x ~ (x << 5) & 0xFFFFFFFF
    return x % n + 1
  end
end

local function pick(list) return list[random(#list)] end

local TEXTS = {
  "text", "text\r\n", "text\r\n\r\n", "", "\r\n", "\r\n\r\n", "Gr\xC3\xBC\xC3\x9Fe  \t\r\n",
  "caf\xE9 \r\n", "a \r\n \r\n\t\r\n", ".\r\n..\r\nFrom here\r\n", "-- \r\nAnn\r\n",
  "--\r\n", "--x--\r\n", "text\r\n--nothing--", ("long "):rep(300) .. "\r\n",
}
local HEADS = {
  "Content-Type: text/plain\r\n", "", "Content-Type: text/html; charset=utf-8\r\n",
  "Content-Type: text/plain;\r\n\tcharset=\"utf-8\"\r\nContent-Transfer-Encoding: 8bit\r\n",
  "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain\r\n",
}

describe("signed octets", function()
  if not proc.have "openssl" then return peers.skip "no openssl" end

  local dir
  lazy_setup(function()
    dir = proc.tmpdir()
    local cert, key = core.certificate { subject = "mail CA", is_ca = true }
    cert, key = core.certificate { subject = "ann", ca = { cert = cert, key = key },
      emails = { "ann@example.org" }, email = true }
    proc.write(dir .. "/ann.pem", cert)
    proc.write(dir .. "/ann.key", key)
  end)
  lazy_teardown(function() proc.rmdir(dir) end)

  local count, bounds             -- boundaries made, and in use

  local function boundary()
    count = count + 1
    local b = pick { "b", "----=_Part_", "=_?", "Apple-Mail=_", "b'()+_,-./:" } .. count
    -- one that begins like another one
    if #bounds > 0 and random(4) == 1 then b = pick(bounds) .. "x" .. count end
    bounds[#bounds + 1] = b
    return b
  end

  local entity

  local function multipart(depth)
    local b = boundary()
    local out = { ("Content-Type: multipart/%s; boundary=\"%s\"\r\n\r\n"):format(
                    pick { "mixed", "alternative", "related" }, b) }
    out[#out + 1] = pick { "", "", "preamble\r\n", "\r\n", "pre\r\n\r\n" }
    for _ = 1, random(3) do
      out[#out + 1] = "--" .. b .. pick { "", "", " ", "\t " } .. "\r\n"
                      .. entity(depth - 1) .. "\r\n"
    end
    out[#out + 1] = pick {
      "--" .. b .. "--", "--" .. b .. "--", "--" .. b .. "--\r\n",
      "--" .. b .. "--\r\n\r\n", "--" .. b .. "-- \r\n", "--" .. b .. "--\r\nepilogue",
      "--" .. b .. "--\r\n\r\nepilogue\r\n", "--" .. b .. "\r\n", "",
    }
    return table.concat(out)
  end

  -- A multipart/signed; its signed content is added to 'made'.
  local made
  local function signed(depth)
    local b = boundary()
    local content = entity(depth - 1)
    proc.write(dir .. "/content", content)
    local md = pick(DIGESTS)
    proc.check(("cd %s && openssl cms -sign -binary -md %s -in content -signer ann.pem "
      .. "-inkey ann.key -outform DER -out sig"):format(dir, md))
    local x = pick { "", "x-" }
    local text = ("Content-Type: multipart/signed; protocol=\"application/%spkcs7-"
      .. "signature\"; micalg=%s; boundary=\"%s\"\r\n\r\n%s--%s\r\n%s\r\n--%s\r\n"
      .. "Content-Type: application/%spkcs7-signature; name=smime.p7s\r\n"
      .. "Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--%s--%s"):format(
      x, pick { md, "sha-256", '"SHA1"' }, b,
      pick { "", "This is an S/MIME signed message\r\n\r\n" }, b, content, b, x,
      core.encode.base64(proc.read(dir .. "/sig")), b, pick { "", "\r\n", "\r\n\r\n" })
    made[#made + 1] = { content = content, text = text }
    return text
  end

  function entity(depth)
    local kind = depth < 1 and 1 or random(6)
    if kind <= 1 then
      return pick(HEADS) .. (random(12) == 1 and "" or "\r\n" .. pick(TEXTS))
    elseif kind <= 3 then
      return multipart(depth)
    elseif kind == 4 then
      return "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n" .. entity(depth - 1)
    end
    return signed(depth)
  end

  -- What OpenSSL takes, or nil where it reads a delimiter in a longer line that begins
  -- like it.
  local function taken(text)
    proc.write(dir .. "/mail", "MIME-Version: 1.0\r\n" .. text)
    os.remove(dir .. "/out")
    local ok = os.execute(("cd %s && openssl cms -verify -noverify -in mail -out out "
                           .. "2>err"):format(dir))
    return ok and proc.read(dir .. "/out") or nil
  end

  it("are those that were signed, and those that OpenSSL takes", function()
    generator(SEED)
    local checked, agreed = 0, 0
    while checked < COUNT do
      count, bounds, made = 0, {}, {}
      local mail = "From: ann@example.org\r\n" .. signed(4)
      if random(2) == 1 then
        local b = boundary()
        mail = ("From: bob@example.org\r\nContent-Type: multipart/mixed; boundary=\"%s\""
          .. "\r\n\r\n--%s\r\n%s\r\n--%s\r\n\r\nfooter\r\n--%s--\r\n"):format(b, b,
          random(2) == 1 and "Content-Type: message/rfc822\r\n\r\n" .. mail
          or mail:match "\n(.*)$", b, b)
      end
      for _, octets in ipairs { mail, (mail:gsub("\r\n", "\n")) } do
        local found = {}
        for _, part in message.parse(octets):walk() do
          if part.type == "multipart/signed" then
            local result, why = part:smime().verify { verify = false }
            assert.truthy(result, ("%s: %q"):format(why, octets))
            found[result.octets] = true
          end
        end
        for _, one in ipairs(made) do
          assert.is_true(found[one.content], ("%q"):format(octets))
        end
      end
      for _, one in ipairs(made) do
        local out = taken(one.text)
        if out then
          assert.equal(one.content, out)
          agreed = agreed + 1
        end
        checked = checked + 1
      end
    end
    assert.is_true(agreed > checked * 2 // 3, ("%d of %d"):format(agreed, checked))
  end)
end)
