--- Requests to a server that runs elsewhere: one row each. The parent of a
-- child process (`pop3.run`) and the clients of the control socket
-- (`pop3.server.control`) send them.
--
-- A row has `takes`, field → type; `needs`, the required fields; `reads`, true if
-- it changes nothing; `lists`, the fields of the answer that are lists, also when
-- they are empty; and `run(server, fields, asker)`, which returns the fields of
-- the answer, or nil, message, code. An answer that comes later has `look(late)`
-- and `deadline` in place of fields: `look` returns the fields, false when there
-- is no answer yet, or, when it is late, nil, message, code. `asker` is the
-- connection that the request came by.
-- @module pop3.server.requests
-- @local

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local fault_text = require "pop3.server.fault.text"
local sorted_keys = require "pop3.util.sorted_keys"
local suggest = require "pop3.util.suggest"
local transcript = require "pop3.verify.transcript"

local requests = {}

requests.deliver = { takes = { user = "string", mail = "string" },
                     needs = { "user", "mail" } }
function requests.deliver.run(server, r)
  local ok, err, code = server:deliver(r.user, r.mail)
  if not ok then return nil, err, code end
  return {}
end

requests.mailbox = { takes = { user = "string" }, needs = { "user" },
                     reads = true, lists = { "mail" } }
function requests.mailbox.run(server, r)
  local list, err, code = server:mailbox(r.user)
  if not list then return nil, err, code end
  return { mail = list }
end

requests.maildrops = { takes = {}, needs = {}, reads = true,
                       lists = { "maildrops" } }
function requests.maildrops.run(server)
  return { maildrops = server:list_maildrops() }
end

requests.messages = { takes = { user = "string", from = "integer",
                                most = "integer" },
                      needs = { "user" }, reads = true,
                      lists = { "messages" } }
function requests.messages.run(server, r)
  local list, count, code = server:list_messages(r.user, r.from, r.most)
  if not list then return nil, count, code end
  return { messages = list, count = count }
end

requests.read = { takes = { user = "string", number = "integer",
                            limit = "integer" },
                  needs = { "user", "number" }, reads = true,
                  lists = { "from", "to", "cc", "bcc", "reply_to", "sender",
                            "headers", "parts", "defects" } }
function requests.read.run(server, r)
  return server:read_message(r.user, r.number, r.limit)
end

requests.part = { takes = { user = "string", number = "integer",
                            path = "string", form = "string" },
                  needs = { "user", "number" }, reads = true }
function requests.part.run(server, r)
  local octets, kind, name = server:read_part(r.user, r.number, r.path, r.form)
  if not octets then return nil, kind, name end
  return { octets = octets, type = kind, filename = name }
end

requests.fault = { takes = { fault = "string table" }, needs = { "fault" } }
function requests.fault.run(server, r)
  local f = r.fault
  if type(f) == "string" then
    local err
    f, err = fault_text(f)
    if not f then return nil, "fault: " .. err, "argument" end
  end
  server:fault(f)
  return {}
end

requests.transcript = { takes = { text = "boolean" }, needs = {},
                        reads = true, lists = { "transcript" } }
function requests.transcript.run(server, r)
  local entries, lost = server.journal:list()
  if r.text then
    return { text = tostring(transcript.new(entries)), lost = lost }
  end
  return { transcript = entries, lost = lost }
end

-- The field `since` of an answer to `watch`: `RESETS:LINES:STATE`.
local function moment_of(server, lines)
  local open = 0
  for _ in pairs(server.sessions) do open = open + 1 end
  return ("%d:%d:%d.%d.%d.%d"):format(server.resets, lines, server.changes,
    server.last_id, open, #server.errors)
end

local function news(server, since, most)
  local resets, known = (since or ""):match "^(%d+):(%d+):"
  local journal = server.journal
  local size = journal:size()
  local is_same = math.tointeger(tonumber(resets)) == server.resets
  local from = is_same and math.tointeger(tonumber(known))
               or math.max(size - most, 0)
  local entries, lost = journal:list(from, most)
  local lines = math.max(from, lost) + #entries
  return { transcript = entries, since = moment_of(server, lines),
           skipped = math.max(lost, from) - (is_same and from or 0),
           reset = since ~= nil and not is_same or nil,
           sessions = server:list_sessions(), time = server:now() }
end

requests.watch = { takes = { since = "string", seconds = "number",
                             most = "integer" },
                   needs = {}, reads = true,
                   lists = { "transcript", "sessions" } }
function requests.watch.run(server, r)
  local most = r.most or 1000
  if most < 1 or (r.seconds or 0) < 0 then
    return nil, "watch: most must be 1 or more, seconds 0 or more", "argument"
  end
  return { deadline = core.now() + (r.seconds or 0), look = function(late)
    if not late and moment_of(server, server.journal:size()) == r.since then
      return false
    end
    return news(server, r.since, most)
  end }
end

local MISSES = 100  -- verify requests that failed are kept

requests.verify = { takes = { commands = "table", never = "string table",
                              count = "table", session = "integer",
                              trial = "boolean" },
                    needs = {} }
function requests.verify.run(server, r)
  if not (r.commands or r.never or r.count) then
    return nil, "verify needs commands, never or count", "argument"
  end
  local want = { never = r.never, count = r.count, session = r.session }
  for i, item in pairs(r.commands or {}) do
    if math.type(i) ~= "integer" then
      return nil, "verify: commands must be a list", "argument"
    end
    want[i] = item
  end
  local ok, err = pcall(server.verify, server, want)
  if ok then return {} end
  err = argument.said(err)
  if not err:find "^verify: " then return nil, err, "argument" end
  if r.trial then return nil, err, "verify" end
  local misses = server.misses
  if misses[MISSES] then table.remove(misses, 1) end
  misses[#misses + 1] = { time = server:now(), error = err }
  return nil, err, "verify"
end

requests.count = { takes = { verb = "string" }, needs = { "verb" },
                   reads = true }
function requests.count.run(server, r)
  return { count = server:count(r.verb) }
end

requests.wait_for = { takes = { verb = "string", seconds = "number",
                                count = "integer" },
                      needs = { "verb", "seconds" }, reads = true }
function requests.wait_for.run(server, r)
  argument.wait_for(r.verb, r.seconds, r.count, 1)
  local want = r.count or 1
  return { deadline = core.now() + r.seconds, look = function(late)
    local count = server:count(r.verb)
    if count >= want then return { count = count } end
    if late then return nil, server:too_few(r.verb, want), "timeout" end
    return false
  end }
end

requests.user = { takes = { user = "string", password = "string",
                            mail = "table", uidl = "table", token = "string",
                            scram = "table", remove = "boolean" },
                  needs = { "user" } }
function requests.user.run(server, r)
  local fields = {}
  for name, value in pairs(r) do
    if name ~= "user" and name ~= "remove" then fields[name] = value end
  end
  if r.remove and next(fields) then
    return nil, "user: give either remove or fields", "argument"
  elseif r.remove and not server.users[r.user] then
    return nil, ("user: there is no user %s"):format(r.user), "state"
  end
  server:user(r.user, not r.remove and fields or nil)
  return {}
end

requests.preset = { takes = { preset = "string" }, needs = {} }
function requests.preset.run(server, r)
  server:preset(r.preset)
  return {}
end

requests.handlers = { takes = { lua = "string" }, needs = { "lua" } }
function requests.handlers.run(server, r, asker)
  if not asker.allow_lua then
    return nil, "handlers: this needs the option --allow-lua", "state"
  end
  local env = setmetatable({ server = server, on = server.on,
                             default = server.default }, { __index = _G })
  local chunk, err = load(r.lua, "=handlers", "t", env)
  local ok = chunk ~= nil
  if ok then ok, err = pcall(chunk) end
  if not ok then return nil, tostring(err), "argument" end
  return {}
end

requests.faults = { takes = { clear = "integer boolean" }, needs = {},
                    lists = { "faults" } }
function requests.faults.run(server, r)
  if r.clear == true then server:clear_faults()
  elseif r.clear and server:clear_faults(r.clear) == 0 then
    return nil, ("faults: there is no fault %d"):format(r.clear), "state"
  end
  local list = server:list_faults()
  for _, f in ipairs(list) do
    if f.fault.when then
      local shown = {}  -- a function cannot be sent
      for name, value in pairs(f.fault) do shown[name] = value end
      shown.when = "a function"
      f.fault = shown
    end
  end
  return { faults = list }
end

requests.sessions = { takes = {}, needs = {}, reads = true, lists = { "sessions" } }
function requests.sessions.run(server)
  return { sessions = server:list_sessions() }
end

requests.drop = { takes = { session = "integer", how = "string" },
                  needs = { "session" } }
function requests.drop.run(server, r)
  local ok, err, code = server:drop(r.session, r.how)
  if not ok then return nil, err, code end
  return {}
end

requests.snapshot = { takes = {}, needs = {} }
function requests.snapshot.run(server)
  server:snapshot()
  return {}
end

requests.client_certificate = { takes = { user = "string" },
                                needs = { "user" } }
function requests.client_certificate.run(server, r)
  local cert, key = server:client_certificate(r.user)
  return { cert = cert, key = key }
end

requests.advance = { takes = { seconds = "number" }, needs = { "seconds" } }
function requests.advance.run(server, r)
  server:advance(r.seconds)
  return {}
end

requests.reset = { takes = {}, needs = {} }
function requests.reset.run(server)
  server:reset()
  return {}
end

requests.stats = { takes = {}, needs = {}, reads = true,
                   lists = { "errors", "misses" } }
function requests.stats.run(server)
  local open = 0
  for _ in pairs(server.sessions) do open = open + 1 end
  return { pid = core.getpid(), host = server.host, port = server.port,
           cafile = server.cafile, time = server:now(),
           sessions = server.last_id, open = open,
           errors = { table.unpack(server.errors) },
           misses = { table.unpack(server.misses) } }
end

requests.tie = { takes = {}, needs = {} }
function requests.tie.run(_, _, asker)
  asker.tied = true
  return {}
end

requests.stop = { takes = {}, needs = {} }
function requests.stop.run(server)
  server.running = false
  return {}
end

local function names()
  return table.concat(sorted_keys(requests), ", ")
end

local function run(server, name, fields, asker)
  local row = requests[name]
  if not row then
    return nil, 'the field "do" must be one of: ' .. names()
                .. suggest.tip(tostring(name), requests), "argument"
  end
  argument.options(fields, row.takes, name, 1)
  for _, field in ipairs(row.needs) do
    if fields[field] == nil then
      return nil, ("%s: the field '%s' is needed"):format(name, field),
             "argument"
    end
  end
  if not row.reads then server.changes = server.changes + 1 end
  return row.run(server, fields, asker)
end

--- Execute a request.
-- @tparam pop3.server server
-- @tparam string name of the request
-- @tparam table fields
-- @tparam table asker the connection that it came by
-- @treturn table the fields of the answer, or `look` and `deadline`; or nil,
-- message, code: "argument" when the request is wrong, "verify", or one of the
-- library's
local function execute(server, name, fields, asker)
  local ok, answer, err, code = pcall(run, server, name, fields, asker)
  if not ok then return nil, argument.said(answer), "argument" end
  return answer, err, code
end

--- Serve until `server.running` is false, in a process that does only this: its
-- limit of open descriptors is raised. A request is executed when the server is
-- idle, so that earlier commands of clients are executed first; or after many
-- steps, under a load that never pauses.
-- @tparam pop3.server server
-- @tparam function due returns the seconds until the asker has something to do,
-- nil if nothing is due
-- @tparam function asked are there requests?
-- @tparam function answer executes them
-- @treturn boolean true, or nil, message, "io"
local function serve(server, due, asked, answer)
  local ROUNDS, rounds = 1000, 0
  core.maxfiles()
  server.running = true
  while server.running do
    local left = due()
    local any = asked()
    local n, err, code = server:turn(any and 0 or left)
    if not n then return nil, err, code end
    rounds = any and rounds + 1 or 0
    if any and (n == 0 or rounds > ROUNDS) then
      rounds = 0
      answer()
    end
  end
  return true
end

return { rows = requests, execute = execute, serve = serve }
