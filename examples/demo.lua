-- The program of `make demo`: a server over a folder of sample mail, in a child process;
-- a client that fetches the mail over TLS into a Maildir and prints the inbox.
--
--   lua5.4 examples/demo.lua MAILDIR        from the project's root

local pop3 = require "pop3"
local core = require "pop3.core"
local inbox = require "examples.inbox"

local FOLDER = "examples/mail"

local maildir = ...
if not maildir then
  io.stderr:write "usage: lua5.4 examples/demo.lua MAILDIR\n"
  os.exit(2)
end

local paths = {}
for _, name in ipairs(assert(core.readdir(FOLDER))) do
  if name:find "%.eml$" then paths[#paths + 1] = FOLDER .. "/" .. name end
end
table.sort(paths)

local server = pop3.server.new {
  tls = "auto", implicit = true, mechs = { "SCRAM-SHA-256-PLUS", "PLAIN" },
  users = { mrose = { password = "secret", mail = pop3.store.files(paths) } },
}
local run <close> = server:fork()
local url = ("pops://mrose@localhost:%d"):format(run.port)
print(("A server over %s is on 127.0.0.1:%d.\n"):format(FOLDER, run.port))

local opts = { password = "secret", cafile = run.cafile }
local result = assert(pop3.sync(assert(pop3.connect(url, opts)), {
  into = pop3.maildir(maildir), state = maildir .. ".state",
  log = function(event)
    if event.what == "delivered" then
      print(("%8d octets  %s"):format(event.octets, event.uid))
    end
  end,
}))
print(("\n%d messages fetched into %s. The inbox:\n"):format(result.new, maildir))

local s <close> = assert(pop3.connect(url, opts))
inbox(s)

-- One message, as a mail program shows it.
local first = assert(s:message(1))
local text = first:text() or "(no text)"
print(("\nMessage 1, \"%s\", begins:\n"):format(first.subject or ""))
local shown = 0
for line in text:gmatch "([^\r\n]*)\r?\n" do
  if shown == 6 then break end
  print("  | " .. line)
  shown = shown + 1
end
for _, part in ipairs(first:attachments()) do
  print(("  attached: %s (%s, %d octets)"):format(part.safe_filename,
                                                  part.type, part.size))
end
assert(s:quit())
