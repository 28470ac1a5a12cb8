--- Control of a server from outside its process, by `pop3 serve`.
--
-- The argument of `--control` is the path of a socket in the file system
-- (AF_UNIX), or `tcp:HOST:PORT`. A client sends requests in JSON, one object in
-- a line, and gets one line for each:
--
--    {"do": "deliver", "user": "mrose", "mail": "Subject: hi\r\n\r\nhi\r\n"}
--    {"ok": true}
--    {"do": "verify", "commands": ["CAPA", "~^USER", "PASS ***", "QUIT"]}
--    {"ok": false, "code": "verify", "error": "verify: command 1: ..."}
--
-- Or it speaks HTTP, on the same sockets: `POST /requests` with a request as
-- the body, `GET /transcript`, `/stats`, `/sessions`, `/faults` or `/maildrops`,
-- `GET /transcript.txt` for text, and `POST /part` for the octets of a part. The
-- status is 200; 400 for a wrong request, 409 for one that failed. `GET /` is a
-- page for browsers.
--
-- By TCP a client needs the token that `pop3 serve` prints or is given: the
-- field `auth` of the first request, or `Authorization: Bearer TOKEN` in HTTP.
-- The code of a wrong one is "auth", the status 401.
--
-- The requests, with the fields of their answers after the arrow:
--
-- - `deliver`: `user`, `mail`
-- - `mailbox`: `user` → `mail`, a list
-- - `maildrops` → `maildrops`, a list of `user`, `messages` (or `error`) and
--   `session`, the one that has it
-- - `messages`: `user`, `from` (1), `most` (100) → `messages`, a list of
--   `number`, `size`, `uid`, `subject`, `from`, `date`; and `count`
-- - `read`: `user`, `number`, `limit` → the message as `pop3.message` reads it,
--   see `pop3.server:read_message`
-- - `part`: `user`, `number`, `path`, `form` → `octets`, `type`, `filename`, see
--   `pop3.server:read_part`
-- - `fault`: `fault`, see `pop3.server.fault`, without functions; or as text,
--   such as `"verb=UIDL cut.lines=1"`
-- - `faults` → `faults`, a list of `id`, `fault`, `seen` and `used`; with
--   `clear`: an `id`, or true for all, removes faults first
-- - `user`: `user` with `password`, `mail`, `uidl`, `token` or `scram` adds a
--   user or changes one; `remove`: true removes the user
-- - `preset`: `preset`, a name; without it, no preset
-- - `handlers`: `lua`, a chunk that finds `server`, `on` and `default`, and may
--   set handlers: `function on.NOOP(session) ... end`. Only with `--allow-lua`
-- - `sessions` → `sessions`, a list of `id`, `user`, `state`, `secure` and
--   `peer`
-- - `drop`: `session`, the number of an open session, which ends now; `how`:
--   "fin", "rst" or "half"
-- - `client_certificate`: `user` → `cert` and `key`, paths
-- - `transcript` → `transcript`, a list of objects with `session`, `time`,
--   `from` and `line`, and `lost`, the number of older lines that are not kept;
--   with `text`: true → `text`
-- - `verify`: `commands`, a list of lines, `{"line": ..., "times": n}` (or
--   `at_least`, `at_most`), `{"any_order": [...]}`, `{"anything": true}`;
--   `never`, `count` and `session` as in `pop3.server:verify`. With `trial`:
--   true, a failure is in the answer, but is not counted
-- - `watch`: `since`, `seconds` (0), `most` (1,000) → when there is something
--   new since the answer that had this `since`, or after these seconds:
--   `transcript`, the lines since then (the last ones, without `since`);
--   `skipped`, the number of lines left out before them; `sessions`, those that
--   are open; `time`; `reset`, true after a reset; `since` for the next request
-- - `count`: `verb` → `count`
-- - `wait_for`: `verb`, `seconds`, `count` (1) → `count`, or the code "timeout"
-- - `advance`: `seconds` on the server's clock
-- - `reset`: back to the start; `snapshot`: the start is now
-- - `stats` → `pid`, `host`, `port`, `cafile`, `time`, `sessions`, `open`
--   (sessions now), `errors` (of handlers), `misses` (a list of `time` and
--   `error`: the last 100 requests `verify` that failed)
-- - `tie`: the server stops when this connection ends, so that it does not
--   outlive a client that is killed
-- - `stop`: the server stops now
--
-- A request may have an `id`, a string or a number, which its answer repeats. Octets
-- that are not UTF-8 are `{"base64": "..."}` in place of a string, both ways. A number
-- may be written as integer or with a fraction of 0; a field that is null counts as
-- absent. A failure has `ok` false, an `error` and a `code`: "argument" (the request is
-- wrong), "verify" (it failed), "limit" (a line of more than 16 MiB), or one of the
-- library's. The requests of one connection are answered in their order, each after
-- the server has executed earlier commands of other clients.
-- @module pop3.server.control

local connection = require "pop3.server.control.connection"
local core = require "pop3.core"
local json = require "pop3.util.json"
local listen = require "pop3.server.control.listen"
local control_requests = require "pop3.server.control.requests"
local requests = require "pop3.server.requests"

local CLIENTS = 256  -- at one time; others wait until one has ended

local Control = { __name = "pop3.control" }
Control.__index = Control

-- Accept connections, if there is room for them.
function Control:hear()
  self.deaf = false
  if not self.listener then return end
  assert(self.server:attend(self.listener:getfd(), "r", function()
    self:accept()
  end))
end

function Control:accept()
  local function on_close(client)
    self.clients[client.number] = nil
    self.n = self.n - 1
    self:hear()
  end
  while self.n < CLIENTS do
    local fd, err = self.listener:accept()
    if err == "timeout" then return end
    if not fd then break end
    local client = connection.new(self.server, fd, on_close)
    client.allow_lua, client.token = self.allow_lua, self.token
    client.place = self.place
    self.clients[client.number] = client
    self.n = self.n + 1
  end
  self.deaf = core.now()
  self.server:attend(self.listener:getfd(), "")
end

-- The clients that a function selects, in a fixed order. Answering may end
-- some.
local function those(control, selects)
  local list = {}
  for _, client in pairs(control.clients) do
    if selects(client) then list[#list + 1] = client end
  end
  table.sort(list, function(a, b) return a.number < b.number end)
  return list
end

local function is_waiting(client) return client.waiting end
local function is_asking(client) return client.request ~= nil end

-- Send the answers that clients wait for, when they are there or late. Returns
-- the seconds until the next one is late, nil when nobody waits.
function Control:due()
  local least
  if self.deaf then
    least = self.deaf + 1 - core.now()
    if least <= 0 then self:hear() end
  end
  for _, client in ipairs(those(self, is_waiting)) do
    local w = client.waiting
    local left = w.deadline - core.now()
    local fields, err, code = w.look(left <= 0)
    if fields ~= false then
      client.waiting = nil
      client:send(control_requests.line(w.id, w.name, fields, err, code))
    elseif not least or left < least then
      least = left
    end
  end
  return least and math.max(least, 0)
end

-- Answer the requests that came.
function Control:answer()
  for _, client in ipairs(those(self, is_asking)) do
    if not client.ended and self.server.running then
      client:answer(function(text, form)
        return control_requests.answer(self, client, text, form)
      end, control_requests.failure)
    end
  end
end

--- Serve mail and requests until `server.running` is false.
-- @treturn boolean true, or nil, message, "io"
function Control:run()
  local ok, err, code = requests.serve(self.server,
    function()
      local limit, due = self.before_turn(), self:due()
      return limit and math.min(limit, due or limit) or due
    end,
    function() return those(self, is_asking)[1] ~= nil end,
    function() self:answer() end)
  return ok, err, code
end

--- Stop listening, end all connections, and remove the socket file.
function Control:close()
  if not self.listener then return end
  self.server:attend(self.listener:getfd(), "")
  self.listener:close()
  self.listener = false
  local made, there = self.made, self.path and core.lstat(self.path)
  -- another server may have put its socket there meanwhile
  if there and made and there.inode == made.inode and there.device == made.device then
    os.remove(self.path)
  end
  for _, client in ipairs(those(self, function() return true end)) do
    client:close()
  end
end

Control.__close = Control.close

--- Listen for requests.
-- @tparam string where the path of a socket file, which is created, and removed
-- by `close`; or "tcp:HOST:PORT", where port 0 takes a free one
-- @tparam[opt] string token that clients must send; by TCP one is made if it is
-- left out
-- @treturn table `path`; or `host`, `port` and `token`; or nil, message, code:
-- "io", or "argument" if `where` is malformed
function Control:listen(where, token)
  local ok, err = json.available()
  if not ok then return nil, err, "io" end
  ok, err = self.server:listen()
  if not ok then return nil, err, "io" end
  local fd, place, code, made = listen(where)
  if not fd then
    return nil, ("control: %s: %s"):format(where, place), code or "io"
  end
  self.listener, self.path, self.place, self.made = fd, place.path, place, made
  self.token = token or place.port and core.random(16)
  place.token = self.token
  self:hear()
  return place
end

local control = {}

--- Control a server.
-- @tparam pop3.server server
-- @tparam[opt=false] boolean allow_lua accept the request `handlers`
-- @treturn table with the methods `listen`, `run` and `close`; its field
-- `failed` is the message of the first `verify` that failed, or false;
-- `before_turn` is a function that `run` calls before it waits; it may return how
-- many seconds to wait at most
function control.new(server, allow_lua)
  return setmetatable({ server = server, clients = {}, n = 0, deaf = false,
                        listener = false, failed = false,
                        before_turn = function() end,
                        allow_lua = allow_lua }, Control)
end

return control
