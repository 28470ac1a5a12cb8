-- Our reader reads S/MIME made by OpenSSL's command line, and recognises PGP/MIME.

local core = require "pop3.core"
local message = require "pop3.message"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

local TEXT = "Content-Type: text/plain; charset=utf-8\r\n\r\n"
             .. "Grüße  \r\n.\r\nFrom here\r\n\r\nto there\r\n"

describe("S/MIME", function()
  if not proc.have "openssl" then return peers.skip "no openssl" end

  local dir, ca, other
  lazy_setup(function()
    dir = proc.tmpdir()
    local cert, key = core.certificate { subject = "mail CA", is_ca = true }
    local by = { cert = cert, key = key }
    ca = dir .. "/ca.pem"
    proc.write(ca, cert)
    other = dir .. "/other.pem"
    proc.write(other, (core.certificate { subject = "x", is_ca = true }))
    for _, name in ipairs { "ann", "bob" } do
      cert, key = core.certificate { subject = name, ca = by, key = "rsa:2048",
        emails = { name .. "@example.org" }, email = true }
      proc.write(dir .. "/" .. name .. ".pem", cert)
      proc.write(dir .. "/" .. name .. ".key", key)
    end
    proc.write(dir .. "/text", TEXT)
  end)
  lazy_teardown(function() proc.rmdir(dir) end)

  -- The output of `openssl cms` for a file, after a mail header.
  local function cms(input, args)
    return (proc.check(("cd %s && openssl cms -binary -in %s %s"):format(dir,
      input, args)):gsub("\r?\n", "\r\n"))
  end

  local function sign(args)
    return message.parse("From: ann@example.org\r\n"
      .. cms("text", "-sign -signer ann.pem -inkey ann.key " .. (args or "")))
  end

  it("multipart/signed: the signed octets, and the signer", function()
    local m = sign "-md sha256"
    local s = m:smime()
    assert.equal("multipart/signed", m.type)
    assert.is_true(s.signed)
    assert.is_false(s.encrypted)
    local result = assert(s.verify { cafile = ca })
    assert.equal(TEXT, result.octets)
    assert.equal("Grüße  \r\n.\r\nFrom here\r\n\r\nto there\r\n",
                 result.message:text())
    assert.same({ "ann@example.org" }, result.signer.emails)
    assert.equal("ann", result.signer.common_name)
    assert.equal(1, #result.signers)
  end)

  it("signed apart, in a message with LF line ends", function()
    local octets = sign():raw():gsub("\r\n", "\n")
    assert.equal(TEXT, assert(message.parse(octets):smime().verify {
      cafile = ca }).octets)
  end)

  it("signed and opaque", function()
    local m = sign "-nodetach"
    assert.truthy(m.type:find "pkcs7%-mime")
    local s = m:smime()
    assert.is_true(s.signed)
    local result = assert(s.verify { cafile = ca })
    assert.equal(TEXT, result.octets)
    assert.equal("text/plain", result.message.type)
  end)

  it("what is not trusted, or was changed, is code auth", function()
    local m = sign()
    for _, opts in ipairs { {}, { cafile = other } } do
      local result, why, code = m:smime().verify(opts)
      assert.is_nil(result)
      assert.equal("auth", code, why)
      assert.truthy(why:find "certificate")
    end
    assert.truthy(m:smime().verify { verify = false })
    for _, change in ipairs { { "Grüße", "Grusse" }, { "  \r\n%.", "\r\n." },
                              { "\r\n\r\nto there", "\r\nto there" } } do
      local changed = m:raw():gsub(change[1], change[2], 1)
      assert.not_equal(m:raw(), changed)
      local result, why, code = message.parse(changed):smime().verify {
        cafile = ca }
      assert.is_nil(result)
      assert.equal("auth", code, why)
    end
    local result, _, code = m:smime().verify { cafile = dir .. "/none" }
    assert.is_nil(result)
    assert.equal("auth", code)
  end)

  it("encrypted, and signed within", function()
    proc.write(dir .. "/signed", cms("text",
      "-sign -signer ann.pem -inkey ann.key"))
    for _, cipher in ipairs { "-aes256", "-aes-256-gcm" } do
      local m = message.parse("From: ann@example.org\r\n" .. cms("signed",
        "-encrypt " .. cipher .. " bob.pem"))
      local s = m:smime()
      assert.is_true(s.encrypted)
      assert.is_false(s.signed)
      local files = { cert = dir .. "/bob.pem", key = dir .. "/bob.key" }
      local inside = assert(s.decrypt(files))
      local result = assert(inside:smime().verify { cafile = ca })
      assert.equal(TEXT, result.octets)
      local pem = proc.read(files.cert) .. proc.read(files.key)
      assert.truthy(s.decrypt { cert = pem })
      for _, wrong in ipairs {
        { cert = dir .. "/ann.pem", key = dir .. "/ann.key" },
        { cert = dir .. "/none" }, { cert = files.cert },
      } do
        local none, why, code = s.decrypt(wrong)
        assert.is_nil(none)
        assert.equal("auth", code, why)
      end
      local none, _, code = s.verify { cafile = ca }
      assert.is_nil(none)
      assert.equal("state", code)
    end
  end)

  -- Multiparts in one another, with and without text around their parts; 'last' says
  -- what stands between the inner closing delimiter and the end.
  local function nested(level, last)
    local b = "b" .. level
    local inner = level > 1 and nested(level - 1, last)
      or "Content-Type: text/plain\r\n\r\ntext\r\n"
    return ("Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--%s")
           :format(b, b, inner, b, last)
  end

  it("signed apart: multiparts whose last delimiter meets the outer one", function()
    for level = 1, 4 do
      for _, last in ipairs { "", "\r\n", "\r\n\r\n", "\r\nepilogue", " \r\n" } do
        local content = nested(level, last)
        proc.write(dir .. "/nested", content)
        local octets = cms("nested", "-sign -signer ann.pem -inkey ann.key")
        for _, text in ipairs { octets, (octets:gsub("\r\n", "\n")) } do
          local result, why = message.parse(text):smime().verify { cafile = ca }
          assert.truthy(result, why)
          assert.equal(content, result.octets)
        end
      end
    end
    -- parts without a header, without a body, and a multipart that is not closed
    for _, content in ipairs {
      "\r\ntext", "A: b\r\n", "A: b\r\n\r\n", "A: b\r\n\r\n\r\n",
      "Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nx",
      "Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nx\r\n--i\r\n",
      "Content-Type: message/rfc822\r\n\r\nSubject: s\r\n",
      "Content-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\n",
    } do
      proc.write(dir .. "/nested", content)
      local octets = cms("nested", "-sign -signer ann.pem -inkey ann.key")
      local result, why = message.parse(octets):smime().verify { cafile = ca }
      assert.truthy(result, ("%q: %s"):format(content, why))
      assert.equal(content, result.octets)
    end
  end)

  it("signed and opaque: read without being verified", function()
    assert.equal(TEXT, sign "-nodetach":smime().content():raw())
    assert.equal(TEXT, sign():smime().content():raw())
    local octets = cms("text", "-encrypt -aes256 bob.pem")
    local none, _, code = message.parse(octets):smime().content()
    assert.is_nil(none)
    assert.equal("state", code)
  end)

  it("certificates alone are not a signature", function()
    proc.check(("cd %s && openssl crl2pkcs7 -nocrl -certfile ann.pem -outform DER "
                .. "-out certs"):format(dir))
    local m = message.parse("Content-Type: application/pkcs7-mime; "
      .. "smime-type=certs-only; name=smime.p7c\r\n"
      .. "Content-Transfer-Encoding: base64\r\n\r\n"
      .. core.encode.base64(proc.read(dir .. "/certs")))
    assert.is_nil(m:smime())
  end)

  it("encrypted by an algorithm that OpenSSL does not have: its name", function()
    local octets = cms("text", "-encrypt -provider legacy -provider default "
                               .. "-rc2-40 bob.pem")
    local none, why, code = message.parse(octets):smime().decrypt {
      cert = dir .. "/bob.pem", key = dir .. "/bob.key" }
    assert.is_nil(none)
    assert.equal("auth", code)
    assert.truthy(why:find "RC2", why)
  end)

  it("that is broken is an error and no crash", function()
    local octets = sign "-nodetach":raw()
    for _, cut in ipairs { 300, 600, #octets // 2, #octets - 60 } do
      local s = message.parse(octets:sub(1, cut)):smime()
      if s then
        local result, why, code = s.verify { cafile = ca }
        assert.is_nil(result)
        assert.is_true(code == "proto" or code == "auth", why)
      end
    end
    local m = message.parse("Content-Type: application/pkcs7-mime; "
      .. "smime-type=enveloped-data\r\n\r\njunk")
    local none, _, code = m:smime().decrypt { cert = dir .. "/bob.pem" }
    assert.is_nil(none)
    assert.equal("proto", code)
  end)
end)

describe("mail that is no S/MIME", function()
  it("says so", function()
    for _, octets in ipairs {
      "Subject: x\r\n\r\nhi\r\n",
      "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
      "Content-Type: application/pkcs7-mime\r\n\r\njunk",
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n"
        .. "Content-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n",
    } do
      assert.is_nil(message.parse(octets):smime())
    end
  end)

  it("may be PGP/MIME", function()
    local m = message.parse "Content-Type: multipart/signed; boundary=b; \
 protocol=\"application/pgp-signature\"\n\n--b\nA: b\n\nx \n\n--b\n\z
Content-Type: application/pgp-signature\n\nSIG\n--b--\n"
    assert.same({ signed = true, encrypted = false, signature = "SIG",
                  octets = "A: b\r\n\r\nx \r\n" }, m:pgp())
    assert.is_nil(m:smime())
    m = message.parse "Content-Type: multipart/encrypted; boundary=b\n\n--b\n\z
Content-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n\z
Content-Type: application/octet-stream\n\nDATA\n--b--\n"
    assert.same({ signed = false, encrypted = true, octets = "DATA" }, m:pgp())
    assert.is_nil(message.parse("A: b\n\nx"):pgp())
    -- as Exchange rewrites it
    local mangled = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\z
Content-Type: text/plain\n\n \n\n--b\nContent-Type: application/pgp-encrypted\n\n\z
Version: 1\n--b\nContent-Type: application/octet-stream; name=encrypted.asc\n\n\z
DATA\n--b--\n"
    assert.same({ signed = false, encrypted = true, octets = "DATA" },
                message.parse(mangled):pgp())
    assert.is_nil(message.parse((mangled:gsub(" \n", "a text\n"))):pgp())
    local html = mangled:gsub("text/plain\n\n ", "text/html\n\n<html><head><style>p{}"
      .. "</style></head><body><p>&nbsp;</p></body></html>")
    assert.equal("DATA", message.parse(html):pgp().octets)
    assert.is_nil(message.parse((html:gsub("&nbsp;", "text"))):pgp())
    assert.is_nil(message.parse((mangled:gsub("pgp%-encrypted", "x"))):pgp())
  end)
end)
