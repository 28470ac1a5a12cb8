--- The output of `pop3 serve` and `pop3 replay` while they run: the users, and the
-- dialogue of each session, with secrets masked. The client commands show their
-- dialogue in the same form (`dialogue.line`).
-- @module pop3.command.dialogue
-- @local

local command = require "pop3.command.program"
local json = require "pop3.util.json"
local sorted_keys = require "pop3.util.sorted_keys"
local terminal = require "pop3.command.terminal"

local Dialogue = { __name = "pop3.command.dialogue" }
Dialogue.__index = Dialogue

local MANY = 20  -- users that are listed

local function count_text(n, what)
  return n == 1 and "1 " .. what or ("%d %ss"):format(n, what)
end

-- A user as "ann, password secret, 2 messages".
local function user_text(server, name, user)
  local parts = { name }
  if user.password then parts[2] = "password " .. user.password end
  if user.token then parts[#parts + 1] = "token " .. user.token end
  local mail = server:mailbox(name)
  if mail then parts[#parts + 1] = count_text(#mail, "message") end
  return terminal.harmless(table.concat(parts, ", "))
end

-- Who may log in: lines.
local function user_lines(server)
  if server.expected then return { "log in as: anybody whom the transcript has" }
  elseif server.authenticate then return { "log in as: the script decides" } end
  local names, lines = sorted_keys(server.users), {}
  for i, name in ipairs(names) do
    if i > MANY then
      lines[i] = ("           and %s"):format(count_text(#names - MANY,
                                                         "other user"))
      break
    end
    lines[i] = (i == 1 and "log in as: " or "           ")
               .. user_text(server, name, server.users[name])
  end
  if not lines[1] then lines[1] = "log in as: nobody, there are no users" end
  return lines
end

local function colour_of(entry)
  if entry.from == "C" then return "cyan" end
  return entry.line:find "^%-" and "red" or "green"
end

local dialogue = {}

--- A line of a dialogue, safe for a terminal.
-- @tparam function paint of `pop3.command.terminal`
-- @tparam table entry `from`, "C" or "S"; `line`
-- @treturn string without a line end
function dialogue.line(paint, entry)
  return paint(colour_of(entry), entry.from .. ": "
                                 .. terminal.harmless(entry.line))
end

local function text_of(self, entry)
  return self.paint("dim", ("%4d "):format(entry.session))
         .. dialogue.line(self.paint, entry) .. "\n"
end

local function json_of(entry)
  return json.encode({ session = entry.session, time = entry.time,
                       from = entry.from,
                       line = json.to_text(entry.line) },
                     { keyorder = { "session", "time", "from", "line" } })
         .. "\n"
end

--- Say who may log in.
-- @tparam ?string page the address of the page, if there is one
function Dialogue:introduce(page)
  if self.form == "json" then return command.say "" end
  local lines = user_lines(self.server)
  if page then lines[#lines + 1] = "look at:   " .. page end
  return command.say(table.concat(lines, "\n") .. "\n")
end

--- Show the lines since the last call. After standard output was closed, nothing is
-- shown.
function Dialogue:show()
  if self.broken then return end
  local journal = self.server.journal
  if journal ~= self.journal then  -- the server was reset
    self.journal, self.seen = journal, 0
  end
  local entries, lost = journal:list(self.seen)
  if not entries[1] then return end
  local out = {}
  for i, entry in ipairs(entries) do
    out[i] = self.form == "json" and json_of(entry) or text_of(self, entry)
  end
  self.seen = math.max(self.seen, lost) + #entries
  self.broken = not command.say(table.concat(out))
end

--- Make one.
-- @tparam pop3.server server
-- @tparam string form "text" or "json"
-- @treturn table with the methods `introduce` and `show`
function dialogue.new(server, form)
  return setmetatable({ server = server, form = form, journal = server.journal,
                        seen = 0, broken = false, paint = terminal.painter() },
                      Dialogue)
end

return dialogue
