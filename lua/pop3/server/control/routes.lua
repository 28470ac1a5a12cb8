--- The paths of the control by HTTP, and who may use them:
--
--    GET /                 the page, and /page/NAME for its files: no token
--    POST /requests        with a request as JSON; the answer is the same JSON
--    GET /transcript       and stats, sessions, faults, maildrops: that request
--    GET /transcript.txt   the transcript as text
--    POST /part            with the fields of the request `part`: its octets
--    POST /frame           the HTML of a mail, for the frame of the page
--
-- HEAD is answered wherever GET is.
--
-- A page of another site can make a browser send requests. They are refused by `Host`
-- (DNS rebinding), by `Origin`, and by the token, which is never a part of an address.
-- `/frame` has it in a form, since a frame cannot send `Authorization`.
-- @module pop3.server.control.routes
-- @local

local core = require "pop3.core"
local frame = require "pop3.server.control.frame"
local json = require "pop3.util.json"
local page = require "pop3.server.control.page"

local routes = {}

-- ------------------------------------------------------------------ who may ask

-- Is a place for programs of this machine only?
local function is_loopback(host)
  return host == "localhost" or host == "::1" or host:find "^127%." ~= nil
end

-- Is the field Host a name of this server? A page of another site can have its
-- name resolved to this address (DNS rebinding), but cannot change the name. At
-- an address of a network, the server cannot know its names. Only a client of
-- HTTP/1.0, which is no browser, leaves the field out.
local function is_own(host, place)
  if not host or not place.host or not is_loopback(place.host) then
    return true
  end
  local name = host:match "^%[.*%]" or host:match "^[^:]*"
  name = name:lower()
  return name == "localhost" or name:find "%.localhost$" ~= nil
         or name == place.host:lower() or name:find "^%[[%x:.]+%]$" ~= nil
         or name:find "^%d+%.%d+%.%d+%.%d+$" ~= nil
end

-- Does the field Authorization have the token?
local function has_token(fields, token)
  local scheme, given = (fields.authorization or ""):match "^(%a+) +(%S+)$"
  return scheme ~= nil and scheme:lower() == "bearer"
         and core.equal(given, token)
end

-- The fields of a form (application/x-www-form-urlencoded).
local function form_of(body)
  local form = {}
  local function plain(text)
    return (text:gsub("+", " "):gsub("%%(%x%x)", function(x)
      return string.char(tonumber(x, 16))
    end))
  end
  for name, value in body:gmatch "([^&=]+)=([^&]*)" do
    form[plain(name)] = plain(value)
  end
  return form
end

-- ------------------------------------------------------------------- the paths

-- The requests that GET may ask for.
local to_get = { transcript = true, stats = true, sessions = true,
                 faults = true, maildrops = true }

-- A value of a field of the header (RFC 8187): octets other than these are %XX.
local function escaped(text)
  return (text:gsub("[^%w.~_-]", function(c)
    return ("%%%02X"):format(c:byte())
  end))
end

-- The octets of a part, for a file.
local function part(r)
  local fields, err = json.decode(r.body)
  if type(fields) ~= "table" then
    return nil, 400, "the body is not a JSON object: "
                     .. (err or "it is another value")
  end
  fields["do"] = "part"
  local target = { request = json.encode(fields), fields = {} }
  function target.form(answer)
    target.fields["Content-Type"] = "application/octet-stream"
    target.fields["Content-Disposition"] = "attachment; filename*=UTF-8''"
                                           .. escaped(answer.filename)
    return answer.octets
  end
  return target
end

-- The HTML of a mail, in a form that can be shown in a frame.
local function framed(form)
  local request = { ["do"] = "part", user = form.user, form = "html",
                    number = math.tointeger(tonumber(form.number)),
                    path = form.path }
  return { request = json.encode(request), fields = frame.fields,
           form = function(answer) return frame.contents(answer.octets) end }
end

-- A transcript as text. A terminal must not execute what a client sent.
local function text_of(answer)
  return (json.to_text(answer.text):gsub("%c", function(c)
    if c ~= "\n" then return ("\\x%02X"):format(c:byte()) end
  end))
end

-- The paths: the method; whether no token is needed; `target`, which makes the answer.
local function route_of(path)
  local name = path:match "^/(%l+)$"
  if page.has(path) then
    return { method = "GET", open = true, target = function()
      return { body = page.read(path), fields = page.fields_of(path) }
    end }
  elseif path == "/requests" then
    return { method = "POST", target = function(r)
      return { request = r.body }
    end }
  elseif path == "/part" then
    return { method = "POST", target = part }
  elseif path == "/frame" then
    return { method = "POST", is_form = true,
             target = function(_, form) return framed(form) end }
  elseif path == "/transcript.txt" then
    return { method = "GET", target = function()
      return { request = '{"do":"transcript","text":true}', form = text_of,
               fields = { ["Content-Type"] = "text/plain; charset=utf-8" } }
    end }
  elseif to_get[name] then
    return { method = "GET", target = function()
      return { request = json.encode { ["do"] = name } }
    end }
  end
end

--- Find the answer to a request, or the request of the control that it stands for.
-- @tparam table r the request: `method`, `path`, `fields`, `body`
-- @tparam ?string token that it must have
-- @tparam table place where the server listens, see `pop3.server.control.listen`
-- @treturn table `body`, octets to send; or `request`, JSON to execute, and
-- maybe `form`, a function that makes octets of the fields of its answer. Both
-- may have `fields` for the header of the response. Or nil, status, text, and
-- fields
function routes.find(r, token, place)
  local route = route_of(r.path)
  local form = route and route.is_form and form_of(r.body or "")
  local trusted = not token or has_token(r.fields, token)
                  or form and core.equal(form.token or "", token)
  if not trusted and not (route and route.open) then
    return nil, 401, "the token is missing or wrong"
  elseif not is_own(r.fields.host, place) then
    return nil, 421, "the field Host must be localhost or an address"
  elseif r.fields.origin
         and r.fields.origin ~= "http://" .. (r.fields.host or "") then
    return nil, 403, "requests of pages of other sites are refused"
  elseif not route then
    return nil, 404, "no such path: " .. r.path
  elseif route.method ~= r.method
         and not (route.method == "GET" and r.method == "HEAD") then
    return nil, 405, route.method .. " is needed",
           { Allow = route.method == "GET" and "GET, HEAD" or route.method }
  end
  return route.target(r, form)
end

return routes
