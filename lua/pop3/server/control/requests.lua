--- What can be asked for over the control socket of `pop3 serve`, and the
-- answers.
-- @module pop3.control.requests
-- @local

local check = require "pop3.util.argument"
local core = require "pop3.core"
local json = require "pop3.util.json"
local transcript = require "pop3.verify.transcript"

-- Name → what it takes (field → type), what of it is needed, and a function of
-- the control and the request that returns the fields of the answer; or nil,
-- message, code.
local known = {}

known.deliver = { takes = { user = "string", mail = "string" },
                  needs = { "user", "mail" } }
function known.deliver.run(control, r)
  local ok, err, code = control.server:deliver(r.user, r.mail)
  if not ok then return nil, err, code end
  return {}
end

known.mailbox = { takes = { user = "string" }, needs = { "user" } }
function known.mailbox.run(control, r)
  local list, err, code = control.server:mailbox(r.user)
  if not list then return nil, err, code end
  return { mail = json.list(list) }
end

known.fault = { takes = { fault = "table" }, needs = { "fault" } }
function known.fault.run(control, r)
  control.server:fault(r.fault)
  return {}
end

known.transcript = { takes = { text = "boolean" } }
function known.transcript.run(control, r)
  local entries, lost = control.server.journal:list()
  if r.text then
    return { text = tostring(transcript.new(entries)), lost = lost }
  end
  return { transcript = json.list(entries), lost = lost }
end

known.verify = { takes = { commands = "table", never = "string table",
                           count = "table", session = "integer" }, needs = {} }
function known.verify.run(control, r)
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
  local ok, err = pcall(control.server.verify, control.server, want)
  if ok then return {} end
  err = check.said(err)
  if not err:find "^verify: " then return nil, err, "argument" end
  control.failed = control.failed or err
  return nil, err, "verify"
end

known.count = { takes = { verb = "string" }, needs = { "verb" } }
function known.count.run(control, r)
  return { count = control.server:count(r.verb) }
end

known.wait_for = { takes = { verb = "string", seconds = "number",
                             count = "integer" },
                   needs = { "verb", "seconds" } }
function known.wait_for.run(control, r)
  check.wait_for(r.verb, r.seconds, r.count, 1)
  local server, want = control.server, r.count or 1
  -- asked again until it answers; by then at the latest
  return { deadline = core.now() + r.seconds, look = function(late)
    local count = server:count(r.verb)
    if count >= want then return { count = count } end
    if late then
      return nil, ("%s: %d of %d came"):format(r.verb, count, want), "timeout"
    end
    return false
  end }
end

known.advance = { takes = { seconds = "number" }, needs = { "seconds" } }
function known.advance.run(control, r)
  control.server:advance(r.seconds)
  return {}
end

known.reset = { takes = {} }
function known.reset.run(control)
  control.server:reset()
  return {}
end

known.stats = { takes = {} }
function known.stats.run(control)
  local server, open = control.server, 0
  for _ in pairs(server.sessions) do open = open + 1 end
  return { pid = core.getpid(), host = server.host, port = server.port,
           sessions = server.last_id, open = open,
           errors = json.list { table.unpack(server.errors) } }
end

known.tie = { takes = {} }
function known.tie.run(_, _, client)
  client.tied = true
  return {}
end

known.stop = { takes = {} }
function known.stop.run(control)
  control.server.running = false
  return {}
end

local function names()
  local list = {}
  for name in pairs(known) do list[#list + 1] = name end
  table.sort(list)
  return table.concat(list, ", ")
end

-- Do what is asked for; may raise what is wrong with the request.
local function run(control, client, r)
  local what = known[r["do"]]
  if not what then
    return nil, 'the field "do" must be one of: ' .. names(), "argument"
  end
  local fields = {}
  for name, value in pairs(r) do
    if name ~= "do" and name ~= "id" then fields[name] = value end
  end
  check.options(fields, what.takes, r["do"], 1)
  for _, name in ipairs(what.needs or {}) do
    if fields[name] == nil then
      return nil, ("%s: the field '%s' is needed"):format(r["do"], name),
             "argument"
    end
  end
  return what.run(control, fields, client)
end

local requests = {}

--- The answer as a line, from the values that a request's function returned.
-- @param id of the request
-- @tparam ?table fields
-- @tparam ?string err
-- @tparam ?string code
-- @treturn string
function requests.line(id, fields, err, code)
  local answer = { ok = fields and true or false, id = id, error = err,
                   code = code }
  for name, value in pairs(fields or {}) do answer[name] = value end
  return json.encode(answer, { keyorder = { "ok", "id", "code", "error" } })
         .. "\n"
end

--- Answer a line.
-- @tparam table control
-- @tparam table client
-- @tparam string text
-- @treturn ?string the answer's line; nil when it is to come later
-- @treturn ?table then: what is waited for, `{ id =, deadline =, look = }`
function requests.answer(control, client, text)
  local r, err = json.decode(text)
  if type(r) ~= "table" then
    return requests.line(nil, nil, "no JSON object: " .. (err or "another value"),
                         "argument")
  end
  local id = r.id
  if type(id) == "table" then id = nil end
  local result = table.pack(pcall(run, control, client, r))
  if not result[1] then
    return requests.line(id, nil, check.said(result[2]), "argument")
  end
  local fields = result[2]
  if fields and fields.look then
    fields.id = id
    return nil, fields
  end
  return requests.line(id, table.unpack(result, 2, 4))
end

return requests
