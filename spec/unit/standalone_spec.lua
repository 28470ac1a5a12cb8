-- The executable of "make standalone", in a root that has no other file.

if os.getenv "LPOP3_SANITIZED" then return end

local command = require "spec.support.command"
local core = require "pop3.core"
local helper = require "spec.helper"

local FILE = ".build/pop3"
local MAIL = "Subject: one\r\n\r\nhi\r\n"

-- Text parts of random octets, one in each charset.
local function mail_of(charsets, size)
  local out = { "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
                .. "boundary=b\r\n\r\n" }
  for i, name in ipairs(charsets) do
    local octets = {}
    for k = 1, size do
      octets[k] = string.char(helper.random(helper.random(0, 1) == 0 and 32
                                            or 128, 255))
    end
    -- glibc consumes this pair before it refuses it
    octets = table.concat(octets):gsub("\xA2\xE8", "")
    out[i + 1] = ("--b\r\nContent-Type: text/plain; charset=%s\r\n"
      .. "Content-Transfer-Encoding: base64\r\n\r\n%s\r\n"):format(name,
      core.encode.base64(octets))
  end
  out[#out + 1] = "--b--\r\n"
  return table.concat(out)
end

local CHARSETS = {}
for name in ([[ibm866 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6
  iso-8859-7 iso-8859-8 iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15
  iso-8859-16 koi8-r koi8-u macintosh windows-874 windows-1250 windows-1251
  windows-1252 windows-1253 windows-1254 windows-1255 windows-1256 windows-1257
  windows-1258 x-mac-cyrillic gb18030 gb2312 big5 euc-jp iso-2022-jp shift_jis
  euc-kr hz-gb-2312 cp437 cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861
  cp862 cp863 cp864 cp865 cp869 cp1125 viscii tcvn johab koi8-t hp-roman8
  armscii-8 pt154 ibm037 ibm500 ibm1047 utf-8 utf-7 utf-16]]):gmatch "%S+" do
  CHARSETS[#CHARSETS + 1] = name
end

-- A script of `pop3 serve` that writes the text of each part to a file.
local TEXTS = [[
local out = assert(io.open("DIR/texts", "w"))
for path, part in require "pop3".message.open "DIR/mail":walk() do
  if part.charset then
    out:write(path, " ", part.charset, "\n", part:text(), "\n")
  end
end
assert(out:close())
os.exit(0)
]]

describe("the standalone executable", function()
  local root

  setup(function()
    assert(os.execute "env -u MAKEFLAGS -u MAKELEVEL make -s .build/pop3")
    root = helper.directory()
    assert(os.execute(("ln %s %s/pop3 2>/dev/null || cp %s %s/pop3"):format(
      FILE, root.path, FILE, root.path)))
  end)

  teardown(function()
    command.program = "lua5.4 lua/bin/pop3"
    local _ <close> = root
  end)

  -- chroot(8) is for root; others need a name space of users
  before_each(function()
    local is_root = io.popen "id -u":read "l" == "0"
    command.program = (is_root and "chroot %s /pop3"
      or "unshare --map-root-user --root=%s --wd=/ /pop3"):format(root.path)
  end)

  it("is one file of less than 10 MB", function()
    local file <close> = assert(io.open(FILE, "rb"))
    local size = file:seek "end"
    assert.is_true(size < 10e6, size)
    assert.same({ "pop3" }, root:names())
    assert.same({ 0, require "pop3"._VERSION .. "\n", "" },
                { command.run { "--version" } })
  end)

  it("shows mail", function()
    root:write("m.eml", "Subject: =?koi8-r?Q?=F0=D2=C9?=\r\nContent-Type: "
               .. "text/plain; charset=iso-2022-jp\r\n\r\n\x1B$B$\"\x1B(B\r\n")
    assert.same({ 0, "Subject: При\n\nあ\n", "" },
                { command.run { "show", "/m.eml" } })
  end)

  it("serves; checks and fetches there by name, with TLS", function()
    root:write("one.eml", MAIL)
    for _, name in ipairs { "tmp", "etc" } do
      assert(core.mkdir(root.path .. "/" .. name))
    end
    local run <close> = command.start { "serve", "--mail", "/one.eml", "--tls",
      "auto", "--cafile-out", "/ca.pem", "--control", "tcp:127.0.0.1:0" }
    assert.equal("stls", run.tls)
    assert.is_string(run.control)
    for path, text in pairs { ["/"] = "^<!doctype html>.*</html>\n$",
                              ["/page/style.css"] = "\n:root {",
                              ["/page/main.js"] = "\ntakeToken%(%);\n" } do
      local pipe <close> = assert(io.popen("curl -sf http://" .. run.control
                                           .. path))
      assert.match(text, pipe:read "a")
    end
    local status, out, err = command.run { "check", "localhost:" .. run.port,
      "--tls", "stls", "--cafile", "/ca.pem", "--user", "mrose",
      "--password", "secret" }
    assert.same({ 0, "" }, { status, err }, out)
    assert.match(" 0 failed, 0 warned", out)
    root:write("etc/hosts", "127.0.0.1 mail.test\n")
    status, out = command.run { "check", "mail.test:" .. run.port, "--only",
                                "greeting-positive" }
    assert.equal(0, status, out)
    local words = { "fetch", "pop://mrose@localhost:" .. run.port, "--tls",
                    "stls", "--maildir", "/in", "--state", "/state" }
    status, out, err = command.run(words, "POP3_PASSWORD=secret ")
    assert.equal(3, status, out .. err)  -- nothing says who to trust
    assert.match("certificate", err)
    status, out, err = command.run(words, "SSL_CERT_FILE=/ca.pem "
                                   .. "POP3_PASSWORD=secret ")
    assert.same({ 0, "" }, { status, err }, out)
    local names = core.readdir(root.path .. "/in/new")
    assert.equal(1, #names)
    assert.equal(MAIL, root:read("in/new/" .. names[1]):gsub("\r?\n", "\r\n"))
    run:signal "TERM"
    assert.same({ "exit", 0, "" }, { run:wait() })
  end)

  it("runs as examples/Containerfile says", function()
    local f <close> = assert(io.open "examples/Containerfile")
    local text = f:read "a"
    assert.match("\nFROM scratch\nCOPY pop3 /pop3\n", text)
    core.mkdir(root.path .. text:match "\nWORKDIR (%S+)\n")
    assert.equal('["/pop3"]', text:match "\nENTRYPOINT (%b[])\n")
    local words = {}
    for word in text:match "\nCMD (%b[])\n":gmatch '"([^"]*)"' do
      words[#words + 1] = word == "1110" and "0" or word
    end
    local run <close> = command.start(words)
    assert.match("^ready host=0.0.0.0 port=%d+ tls=none$", run.line)
  end)

  it("reads the charsets as the library with the system's iconv", function()
    local dir <close> = helper.directory()
    local mail = mail_of(CHARSETS, helper.all and 20000 or 2000)
    for _, at in ipairs { root, dir } do
      at:write("mail", mail)
      at:write("texts.lua", (TEXTS:gsub("DIR", at == root and "" or at.path)))
    end
    assert.same({ 0, "", "" }, { command.run { "serve", "/texts.lua" } })
    command.program = "lua5.4 lua/bin/pop3"
    assert.same({ 0, "", "" }, { command.run { "serve", dir.path .. "/texts.lua" } })
    local ours, theirs = root:read "texts", dir:read "texts"
    assert.is_true(ours == theirs)
    assert.is_true(#ours > 50 * 2000)
  end)
end)
