--- An HTTP server for `pop3 fleet run --listen`: it answers GET /metrics and nothing
-- else. The control of the test server (`pop3.server.control`) speaks HTTP as well, for
-- requests that change that server.
--
-- Each connection is one request (RFC 9112 section 9.6: "Connection: close"), of 8 KiB
-- at the most, which must end within ten seconds.
-- @module pop3.command.fleet.http
-- @local

local listen = require "pop3.server.control.listen"
local prometheus = require "pop3.command.prometheus"

local http = {}

local HEAD = 8192      -- octets of a request
local SECONDS = 10     -- for a connection
local CLIENTS = 32     -- connections at the same time
local PAUSE = 0.2      -- seconds after an accept that failed

local reasons = { [200] = "OK", [400] = "Bad Request", [404] = "Not Found",
                  [405] = "Method Not Allowed",
                  [431] = "Request Header Fields Too Large" }

-- ---------------------------------------------------------------------- a request

-- The first line of a request whose header is complete; or nil, status; or nil when
-- the client has closed the connection.
local function request_line(fd, wait)
  local head = ""
  while true do
    local octets, err = fd:read(HEAD)
    if octets then
      head = head .. octets
      if head:find "\r?\n\r?\n" then return head:match "^[\r\n]*([^\r\n]*)" end
      if #head > HEAD then return nil, 431 end
    elseif err ~= "timeout" or not wait(fd:getfd(), "r", SECONDS) then
      return nil
    end
  end
end

-- Status, body, and whether the body is sent.
local function respond(line, status, text)
  if not line then return status, nil, true end
  local method, target = line:match "^(%u+) (%S+) HTTP/1%.%d$"
  if not method then return 400, nil, true end
  local with_body = method ~= "HEAD"
  if target:match "^[^?]*" ~= "/metrics" then return 404, nil, with_body end
  if method ~= "GET" and method ~= "HEAD" then return 405, nil, with_body end
  return 200, text(), with_body
end

local function send(fd, wait, octets)
  local at = 1
  while at <= #octets do
    local sent, err = fd:write(octets, at)
    if sent then
      at = at + sent
    elseif err ~= "timeout" or not wait(fd:getfd(), "w", SECONDS) then
      return
    end
  end
end

local function serve(fd, wait, text)
  local line, problem = request_line(fd, wait)
  if not line and not problem then return end
  local status, body, with_body = respond(line, problem, text)
  local kind = body and prometheus.type or "text/plain"
  body = body or ("%d %s\n"):format(status, reasons[status])
  send(fd, wait, table.concat {
    ("HTTP/1.1 %d %s\r\n"):format(status, reasons[status]),
    "Content-Type: ", kind, "\r\nContent-Length: ", #body, "\r\n",
    status == 405 and "Allow: GET, HEAD\r\n" or "", "Connection: close\r\n\r\n",
    with_body and body or "" })
  fd:shutdown()
end

-- ----------------------------------------------------------------------- the server

--- Listen.
-- @tparam string where "PORT", on 127.0.0.1, or "HOST:PORT"; port 0 takes a free one
-- @treturn fd; or nil, message
-- @treturn table `host` and `port`
function http.listen(where)
  if where:find "^%d+$" then where = "127.0.0.1:" .. where end
  local fd, at = listen("tcp:" .. where)
  if not fd then return nil, ("--listen %s: %s"):format(where, at) end
  return fd, at
end

--- The task that serves.
-- @tparam fd listener
-- @tparam function text returns the metrics
-- @treturn function `function(loop)` for the option `tasks` of `pop3.fleet`
function http.task(listener, text)
  return function(loop)
    local clients, n, gone = {}, 0, loop:condition()
    local function client(fd)
      local task
      task = loop:spawn(function()
        local _ <close> = fd
        task:limit(SECONDS)
        serve(fd, loop.wait, text)
        clients[task], n = nil, n - 1
        gone:signal()
      end)
      clients[task], n = true, n + 1
    end
    while true do
      local fd, err = listener:accept()
      local is_over
      if fd then
        client(fd)
        is_over = n >= CLIENTS and not gone:wait()
      elseif err == "timeout" then
        is_over = not loop.wait(listener:getfd(), "r")
      else
        is_over = not loop:sleep(PAUSE)
      end
      if is_over then break end
    end
    listener:close()
    for task in pairs(clients) do task:cancel() end
  end
end

return http
