--- The deliveries of the proof of a fleet (`spec.support.proof`), by name:
--
-- - `into(directory)`: the option of `pop3.fleet`, and a function that ends the programs
--   it started, or nil
-- - `found(site)`: a list of all delivered messages, each with `octets`, or `digest` and
--   `again`, "true" if the call said that it might be a repeat
-- - `consume(site)`: takes delivered messages out of the place, as another program would:
--   a list as of `found`. For a Maildir, only messages that are recorded as delivered
-- - `is_told`: a message may come more than once, if each repeat says so
-- - `is_untold`: repeats cannot say so

local core = require "pop3.core"
local pop3 = require "pop3"

local deliveries = {}

local function read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a" or ""
end

-- -------------------------------------------------------------- exactly once

local maildir = {}
deliveries.maildir = maildir

function maildir.into(directory)
  return { maildir = directory .. "/{user}" }
end

-- Call a function with the path of each message.
local function each_message(site, fn)
  local base = site.place.mail
  for _, user in ipairs(core.readdir(base)) do
    for _, sub in ipairs { "/new", "/cur" } do
      local path = base .. "/" .. user .. sub
      for _, name in ipairs(core.stat(path) and core.readdir(path) or {}) do
        fn(path .. "/" .. name)
      end
    end
  end
end

function maildir.found(site)
  local list = {}
  each_message(site, function(path) list[#list + 1] = { octets = read(path) } end)
  return list
end

function maildir.consume(site)
  local list = maildir.found(site)
  each_message(site, function(path) assert(core.unlink(path)) end)
  return list
end

local mbox = {}
deliveries.mbox = mbox

-- While a frozen worker holds the lock of a file, others do not wait long.
function mbox.into(directory)
  return { lease = function(_, owner)
    return pop3.mbox(directory .. "/" .. owner.name, { lock_timeout = 0.05 })
  end, begin = function() end }
end

-- No line of the messages is quoted, and LF stands for CRLF.
function mbox.found(site)
  local list, base = {}, site.place.mail
  for _, name in ipairs(core.readdir(base)) do
    if not name:find "%." then
      local text = ("\n" .. read(base .. "/" .. name)):gsub("\nFrom ", "\0") .. "\0"
      for entry in text:gmatch "([^%z]+)%f[%z]" do
        local octets = entry:gsub("^[^\n]*\n", "", 1):gsub("\n$", "")
        list[#list + 1] = { octets = (octets .. "\n"):gsub("\n\n$", "\n")
                                                      :gsub("\n", "\r\n") }
      end
    end
  end
  return list
end

local inbox = {}
deliveries.table = inbox

function inbox.into()
  return pop3.inbox {}
end

function inbox.found(site)
  return site.place:query [[select coalesce(i.octets, (select string_agg(p.octets,
    ''::bytea order by p.part) from pop3_inbox_part p where p.part_key = i.part_key))
    as octets from pop3_inbox i]]
end

function inbox.consume(site)
  local list = {}
  local consumer <close> = pop3.inbox { url = site.url }
  while true do
    local messages = assert(consumer:take(10))
    if #messages == 0 then return list end
    for _, message in ipairs(messages) do
      list[#list + 1] = { octets = assert(message:octets()) }
      assert(consumer:done(message))
    end
  end
end

-- ------------------------------------------------------------- handed over

-- Each call appends a line: Subject, digest, again.
local function calls(site)
  local list = {}
  for digest, again in read(site.place.mail .. "/calls")
      :gmatch "\n(%x+) (%a+)%.\n" do
    list[#list + 1] = { digest = digest, again = again }
  end
  return list
end

local function note(directory, octets, again)
  local file <close> = assert(core.open(directory .. "/calls", "ac"))
  -- a partial line of a killed process ends before the next line
  assert(file:write(("\n%s %s.\n"):format(core.sha256(octets), again)))
  return file:flush()
end

deliveries["function"] = { is_told = true, found = calls, into = function(directory)
  return function(octets, handle)
    return note(directory, octets, handle.again and "true" or "false")
  end
end }

deliveries.command = { is_told = true, found = calls, into = function(directory)
  return pop3.pipe(("d=$(sha256sum | cut -c 1-64)\nprintf '\\n%%s %%s.\\n' \"$d\" "
    .. "\"$([ \"$LPOP3_AGAIN\" ] && echo true || echo false)\" >> %s/calls")
    :format(directory), { eol = "crlf" })
end }

-- An LMTP server does not learn whether an attempt is the first one.
deliveries.lmtp = { is_untold = true, found = calls, into = function(directory)
  local server = require "spec.support.lmtp" {
    extensions = { "SIZE 1000000", "8BITMIME", "PIPELINING" },
    delivered = function(text) note(directory, text, "untold") end }
  local stop = server:fork()
  return { lmtp = { host = "127.0.0.1", port = server.port, to = { "a@b" } } }, stop
end }

--- Names of all deliveries.
deliveries.names = { "maildir", "table", "mbox", "function", "command", "lmtp" }

return deliveries
