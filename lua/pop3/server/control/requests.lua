--- Requests and answers of the control socket as JSON. The requests are in
-- `pop3.server.requests`.
-- @module pop3.server.control.requests
-- @local

local json = require "pop3.util.json"
local requests = require "pop3.server.requests"

local core = require "pop3.core"

local control_requests = {}

-- A value whose strings are always text.
local function to_text(value)
  if type(value) == "string" then return json.to_text(value) end
  if type(value) ~= "table" then return value end
  local made = {}
  for k, v in pairs(value) do made[k] = to_text(v) end
  return made
end

-- Fields of answers that are always text: errors and transcripts.
local TEXTS = { "error", "errors", "misses", "text", "transcript" }

--- An answer as a line. Errors and transcripts are always text.
-- @param id of the request
-- @tparam ?string name of the request
-- @tparam ?table fields nil when it failed
-- @tparam ?string err
-- @tparam ?string code
-- @treturn string
-- @treturn boolean is it ok?
-- @treturn ?string code
function control_requests.line(id, name, fields, err, code)
  local answer = { ok = fields and true or false, id = id, code = code,
                   error = err }
  for field, value in pairs(fields or {}) do answer[field] = value end
  for _, field in ipairs(TEXTS) do answer[field] = to_text(answer[field]) end
  local row = requests.rows[name]
  for _, field in ipairs(row and row.lists or {}) do
    if answer[field] then answer[field] = json.list(answer[field]) end
  end
  return json.encode(answer, { keyorder = { "ok", "id", "code", "error" } })
         .. "\n", answer.ok, code
end

--- The line of a request that was not executed.
-- @tparam string err
-- @tparam string code
-- @treturn string and the other values of `line`
function control_requests.failure(err, code)
  return control_requests.line(nil, nil, nil, err, code)
end

-- The object that a text of JSON is: or nil, message.
local function object_of(text)
  if not utf8.len(text) then
    return nil, "the request is not UTF-8: send other octets in base64"
  end
  local r, err = json.decode(text)
  if type(r) ~= "table" then
    return nil, "the request is not a JSON object: "
                .. (err or "it is another value")
  elseif r.id ~= nil and type(r.id) ~= "string" and type(r.id) ~= "number" then
    return nil, "the field id must be a string or a number"
  end
  return r
end

-- Does a connection have the token? A request with it opens the connection for
-- all.
local function is_trusted(control, connection, r)
  if not control.token or connection.trusted then return true end
  connection.trusted = type(r.auth) == "string"
                       and core.equal(r.auth, control.token)
  return connection.trusted
end

--- Answer a line.
-- @tparam table control its `server` executes the request, its `failed` is set
-- to the message of the first `verify` that failed
-- @tparam table connection that the line came by
-- @tparam string text
-- @tparam ?function form makes octets of the fields of an answer that is ok; it
-- is a line of JSON otherwise
-- @treturn ?string the answer as a line; nil when it comes later
-- @treturn ?table then: what it waits for, with the `id` and the `name` of the
-- request
-- @treturn boolean is it ok?
-- @treturn ?string code
function control_requests.answer(control, connection, text, form)
  local r, err = object_of(text)
  if not r then
    local line, ok, wrong = control_requests.failure(err, "argument")
    return line, nil, ok, wrong
  end
  local id, name, fields = r.id, r["do"], {}
  for field, value in pairs(r) do
    if field ~= "do" and field ~= "id" and field ~= "auth" then
      fields[field] = value
    end
  end
  if not is_trusted(control, connection, r) then
    local line, ok, wrong = control_requests.line(id, nil, nil,
      "the token is missing or wrong", "auth")
    return line, nil, ok, wrong
  end
  local answer, code
  answer, err, code = requests.execute(control.server, name, fields, connection)
  if code == "verify" and not fields.trial then
    control.failed = control.failed or err
  end
  if answer and answer.look then
    answer.id, answer.name = id, name
    return nil, answer
  end
  if answer and form then return form(answer), nil, true end
  local line, ok
  line, ok, code = control_requests.line(id, name, answer, err, code)
  return line, nil, ok, code
end

return control_requests
