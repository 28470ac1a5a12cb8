--- A control connection that speaks HTTP (RFC 9112), for clients in any
-- language and for the page in a browser. The paths are in
-- `pop3.server.control.routes`.
--
-- The status is 200, or 400 for a wrong request, 401 without the token, 403 for a
-- request of another site's page, 409 for a request that failed, 413 for a body
-- of more than 16 MiB, 421 for a foreign name of this host. It is for tests on this
-- machine, not for a network.
-- @module pop3.server.control.http
-- @local

local connection = require "pop3.server.control.connection"
local routes = require "pop3.server.control.routes"

local HEAD = 64 * 1024         -- octets of request line and header
local BODY = 16 * 1024 * 1024  -- octets of a body

local Http = setmetatable({}, { __index = connection.Connection })
Http.__index = Http

local reasons = { [200] = "OK", [400] = "Bad Request", [401] = "Unauthorized",
                  [403] = "Forbidden", [404] = "Not Found", [405] = "Method Not Allowed",
                  [409] = "Conflict", [411] = "Length Required",
                  [413] = "Content Too Large",
                  [421] = "Misdirected Request",
                  [431] = "Request Header Fields Too Large",
                  [501] = "Not Implemented",
                  [505] = "HTTP Version Not Supported" }

local statuses = { argument = 400, auth = 401, limit = 413 }

function Http:begin()
  self.buffer = ""
end

function Http:is_full()
  return #self.buffer > HEAD + BODY
end

function Http:add(octets)
  self.buffer = self.buffer .. octets
end

-- Answer a request by an error. Octets after it cannot be read as a request, and are
-- dropped.
local function wrong(self, status, text)
  self.request = { status = status, error = text }
  self.head, self.buffer = nil, ""
  self.drains = true
end

-- A name, which is a token (RFC 9110 section 5.6.2), and a value.
local FIELD = "^([%w!#$%%&'*+.^_`|~-]+):[ \t]*(.-)[ \t]*\r?$"

-- The header fields; nil when one is malformed, or given twice with two values.
local function fields_of(text)
  local fields = {}
  for line in text:gmatch "([^\n]*)\n" do
    local name, value = line:match(FIELD)
    if not name then return nil end
    name = name:lower()
    if fields[name] and fields[name] ~= value then
      if name == "content-length" or name == "host" then return nil end
      value = fields[name] .. ", " .. value
    end
    fields[name] = value
  end
  return fields
end

-- How long the body is: octets, or "chunked"; or nil, status, text.
local function length_of(method, fields)
  local length, coding = fields["content-length"], fields["transfer-encoding"]
  if coding then
    -- both could be read in two ways (RFC 9112 section 6.1)
    if length then
      return nil, 400, "both Content-Length and Transfer-Encoding"
    end
    if coding:lower() ~= "chunked" then return nil, 501, "Transfer-Encoding" end
    return "chunked"
  elseif not length then
    if method == "POST" then return nil, 411, "Content-Length is needed" end
    return 0
  elseif not length:find "^%d+$" or #length > 15 then
    return nil, 400, "malformed Content-Length"
  end
  length = math.tointeger(tonumber(length))
  if length > BODY then return nil, 413, "the body is too large" end
  return length
end

-- Read the head, if it is complete.
local function take_head(self)
  self.buffer = self.buffer:gsub("^[\r\n]+", "")
  local ends, after = self.buffer:match "()\r?\n\r?\n()"
  if not ends or ends > HEAD then
    if #self.buffer > HEAD then wrong(self, 431, "the head is too large") end
    return
  end
  local text = self.buffer:sub(1, ends - 1) .. "\n"
  self.buffer = self.buffer:sub(after)
  local method, path, version, rest =
    text:match "^(%u+) (%S+) HTTP/(%d%.%d)\r?\n(.*)$"
  -- the absolute form has the host (RFC 9112 section 3.2.2)
  local host, local_path = (path or ""):match "^[hH][tT][tT][pP]://([^/?]+)(.*)$"
  if host then
    path = (local_path:find "^/" and "" or "/") .. local_path
  end
  if not method or path:sub(1, 1) ~= "/" then
    return wrong(self, 400, "malformed request line")
  end
  if version ~= "1.1" and version ~= "1.0" then
    return wrong(self, 505, "HTTP/1.1 is needed")
  end
  local fields = fields_of(rest)
  if not fields then return wrong(self, 400, "malformed header field") end
  if version == "1.1" and not fields.host then
    return wrong(self, 400, "the field Host is needed")
  end
  fields.host = host or fields.host
  local length, status, problem = length_of(method, fields)
  if not length then return wrong(self, status, problem) end
  local option = (fields.connection or ""):lower()
  self.head = {
    method = method, path = path:match "^[^?]*", fields = fields,
    length = length,
    keep = version == "1.1" and not option:find("close", 1, true)
           or version == "1.0" and option:find("keep-alive", 1, true) ~= nil,
    chunks = {}, size = 0,
  }
  if (fields.expect or ""):lower() == "100-continue" and self.buffer == "" then
    self:write "HTTP/1.1 100 Continue\r\n\r\n"
  end
end

-- Read chunks that are complete (RFC 9112 section 7.1). Returns the body after
-- the last one; nil before, and after an error.
local function take_chunks(self)
  local head = self.head
  while true do
    local digits, after = self.buffer:match "^(%x+)[^\r\n]*\r?\n()"
    if not digits then
      if #self.buffer > 1024 or self.buffer:find "^[^%x]" then
        wrong(self, 400, "malformed chunk")
      end
      return nil
    end
    local size = #digits <= 8 and tonumber(digits, 16) or math.huge
    if head.size + size > BODY then
      return wrong(self, 413, "the body is too large")
    elseif size == 0 then  -- trailer fields up to an empty line
      local past = self.buffer:match("^[^\r\n]*\r?\n\r?\n()")
                   or self.buffer:match "\r?\n\r?\n()"
      if not past then return nil end
      self.buffer = self.buffer:sub(past)
      return table.concat(head.chunks)
    end
    local line_end = self.buffer:match("^\r?\n()", after + size)
    if not line_end then
      if #self.buffer >= after + size + 1 then
        wrong(self, 400, "malformed chunk")
      end
      return nil
    end
    head.chunks[#head.chunks + 1] = self.buffer:sub(after, after + size - 1)
    head.size = head.size + size
    self.buffer = self.buffer:sub(line_end)
  end
end

-- Take the next request if it is complete.
function Http:take()
  if not self.head then
    take_head(self)
    if not self.head or self.out then return end
  end
  local head, body = self.head, nil
  if head.length == "chunked" then body = take_chunks(self)
  elseif #self.buffer >= head.length then
    body = self.buffer:sub(1, head.length)
    self.buffer = self.buffer:sub(head.length + 1)
  end
  if not body then return end
  head.body = body
  self.request, self.head = head, nil
end

-- Send a response, to HEAD without its body. `close` ends the connection after
-- it; `fields` are added to the header.
local function respond(self, status, body, close, fields)
  local sent = self.current.method == "HEAD" and "" or body
  local all = { ["Content-Type"] = "application/json",
                ["Content-Length"] = #body, ["Cache-Control"] = "no-store",
                ["X-Content-Type-Options"] = "nosniff",
                ["WWW-Authenticate"] = status == 401 and "Bearer" or nil,
                Connection = close and "close" or nil }
  for name, value in pairs(fields or {}) do all[name] = value end
  local head = {}
  for name, value in pairs(all) do
    head[#head + 1] = ("%s: %s\r\n"):format(name, value)
  end
  table.sort(head)
  self:write(("HTTP/1.1 %d %s\r\n%s\r\n"):format(status, reasons[status],
             table.concat(head)) .. sent, close)
end

--- Answer the request that was taken.
-- @tparam function execute see `pop3.server.control.lines`; its second argument
-- makes the body of an answer that is ok
-- @tparam function fail
function Http:answer(execute, fail)
  local r = self.request
  self.request, self.current = nil, r
  if r.status then
    return respond(self, r.status, (fail(r.error, "argument")), true)
  end
  local target, status, problem, fields = routes.find(r, self.token, self.place)
  if not target then
    local code = status == 401 and "auth" or "argument"
    return respond(self, status, (fail(problem, code)), not r.keep, fields)
  elseif target.body then
    return respond(self, 200, target.body, not r.keep, target.fields)
  end
  self.trusted, r.target = true, target
  self:reply(execute(target.request, target.form))
end

-- Send an answer.
function Http:send(octets, ok, code)
  local r = self.current
  respond(self, ok and 200 or statuses[code] or 409, octets, not r.keep,
          ok and r.target.fields or nil)
end

return Http
