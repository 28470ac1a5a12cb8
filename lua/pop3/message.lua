--- Reading mail: RFC 5322 fields, MIME parts, text in UTF-8.
--
-- A message is its own root part, so all that is said of parts here holds
-- for messages as well. Everything is decoded when it is asked for, not
-- before. Mail that breaks the rules is read as far as it can be; what was
-- wrong with it is in `m.defects`.
--
-- Fields of a message (and of a part, where its header has them): `subject`
-- (UTF-8), `message_id`, `in_reply_to` and `references` (lists of ids),
-- `from` `to` `cc` `bcc` `reply_to` `sender` (lists of
-- `{ name =, address =, group = }`), `date` (`{ epoch =, offset =, iso = }`
-- or nil), `defects` (a list of `{ code =, offset =, text = }`).
--
-- Fields of a part: `path` (as in IMAP, RFC 3501 6.4.5; the root of a
-- multipart is "", the multipart that an embedded message is made of ends in
-- "TEXT"), `type` (lower case), `charset`, `filename`, `safe_filename` (no
-- directory, control or bidi character), `disposition`, `cid`, `encoding`,
-- `params` (of Content-Type), `size` (decoded octets).
-- @module pop3.message
-- @usage
-- local message = require "pop3.message"
-- local m = message.parse("Subject: =?utf-8?Q?caf=C3=A9?=\r\n\r\nhi\r\n")
-- assert(m.subject == "café" and m:text() == "hi\r\n")

local core = require "pop3.core"
local names = require "pop3.message.names"

local message = {}

local limit_names = {
  depth = true, parts = true, header = true, fields = true, params = true,
  addresses = true,
}

-- Raises, at the line of the caller's caller, what is wrong with 'limits'.
local function check_limits(limits)
  if limits == nil then return end
  if type(limits) ~= "table" then
    error("limits: table expected, got " .. type(limits), 3)
  end
  for name, value in pairs(limits) do
    if not limit_names[name] then
      error("unknown option '" .. tostring(name) .. "'", 3)
    elseif math.type(value) ~= "integer" or value < 1 then
      error("option '" .. name .. "' must be a positive integer", 3)
    end
  end
end

local function check_string(value, what)
  if type(value) ~= "string" then
    error(what .. ": string expected, got " .. type(value), 3)
  end
end

local function is_closed(m)
  while m do
    if m._closed then return true end
    m = m._around
  end
  return false
end

-- What the methods stand on: the userdata and the part's index in it.
local function ground(part)
  if is_closed(part._m) then error("message is closed", 3) end
  return part._m._core, part._n
end

local methods, getters = {}, {}

local Part = { __name = "pop3.message" }

function Part.__index(part, key)
  local method = methods[key]
  if method then return method end
  local getter = getters[key]
  if not getter then return nil end
  if is_closed(part._m) then error("message is closed", 2) end
  local value = getter(part, part._m._core, part._n)
  if value ~= nil and key ~= "defects" then rawset(part, key, value) end
  return value
end

function Part.__close(part)
  part:close()
end

function Part.__tostring(part)
  if is_closed(part._m) then return "pop3.message (closed)" end
  return ("pop3.message (%s %s)"):format(part.path, part.type)
end

-- A message object over the userdata; 'around' is the message it lies in.
local function wrap(ud, limits, around)
  local m = { _core = ud, _n = 0, _limits = limits, _around = around }
  m._m = m
  m._parts = { [0] = m }
  return setmetatable(m, Part)
end

-- The part of index 'n' in message 'm'.
local function part_of(m, n)
  local part = m._parts[n]
  if not part then
    part = setmetatable({ _m = m, _n = n }, Part)
    m._parts[n] = part
  end
  return part
end

--- Parse a message.
-- @tparam string octets the message; line ends may be CRLF or LF
-- @tparam[opt] table limits any of `depth` (100), `parts` (10000), `header`
-- (1 MiB), `fields` (10000), `params` (1000), `addresses` (100000); what is
-- beyond one is left unread and noted in `defects`
-- @treturn table the message
function message.parse(octets, limits)
  check_string(octets, "message")
  check_limits(limits)
  return wrap(core.message.parse(octets, limits), limits)
end

--- Open a message in a file. The file is mapped, not copied, and must not be
-- cut short while the message is in use.
-- @tparam string path
-- @tparam[opt] table limits as for `parse`
-- @treturn table|nil the message
-- @treturn string what went wrong
-- @treturn string "io"
function message.open(path, limits)
  check_string(path, "path")
  check_limits(limits)
  local ud, err, code = core.message.open(path, limits)
  if not ud then return nil, err, code end
  return wrap(ud, limits)
end

--- Decode the encoded-words (RFC 2047) of a header value.
-- @function decode_words
-- @tparam string value as in the message, maybe folded
-- @treturn string UTF-8
message.decode_words = core.decode.words

--- Read a list of addresses (RFC 5322 3.4).
-- @function parse_addresses
-- @tparam string value as in the message, maybe folded
-- @treturn table a list of `{ name =, address =, group = }`
message.parse_addresses = core.message.addresses

--- Read a date (RFC 5322 3.3 and 4.3).
-- @function parse_date
-- @tparam string value
-- @treturn table|nil `{ epoch =, offset = minutes, iso = }`, nil for no date
message.parse_date = core.message.date

--- A sink that parses a message while it comes; see `pop3.message.stream`.
-- @function stream
-- @tparam table handlers `on_header`, `on_part`, `on_data`, `on_end`
-- @treturn function an ltn12 sink
function message.stream(handlers)
  return require "pop3.message.stream"(handlers, 2)
end

--- Close a message: a mapped file is let go. Its parts end with it. Also
-- `__close` and, some time, the garbage collector.
-- @function m:close
function methods.close(part)
  local m = part._m
  if not m._closed then
    m._closed = true
    m._core:close()
  end
end

--- The decoded value of the first field of that name (RFC 5322 2.2).
-- @function m:header
-- @tparam string name in any case
-- @treturn string|nil UTF-8, unfolded
function methods.header(part, name)
  local ud, n = ground(part)
  check_string(name, "field name")
  return (ud:header(n, name))
end

--- Iterate over the header fields in order.
-- @function m:fields
-- @tparam[opt] string name only those, in any case
-- @treturn function iterator of name, raw value (folded as it is), offset
function methods.fields(part, name)
  local ud, n = ground(part)
  if name ~= nil then
    check_string(name, "field name")
    name = name:lower()
  end
  local at, left = 0, (part._m._limits or {}).fields or 10000
  return function()
    while left > 0 do
      local field, raw, offset, next_at = ud:field(n, at)
      if not field then break end
      at, left = next_at, left - 1
      if not name or field:lower() == name then return field, raw, offset end
    end
    left = 0
  end
end

--- The addresses in the first field of that name (RFC 5322 3.4).
-- @function m:addresses
-- @tparam string name in any case
-- @treturn table a list of `{ name =, address =, group = }`, maybe empty
function methods.addresses(part, name)
  local ud, n = ground(part)
  check_string(name, "field name")
  return ud:addresses(n, name)
end

for field, header in pairs{ from = "From", to = "To", cc = "Cc", bcc = "Bcc",
                            reply_to = "Reply-To", sender = "Sender" } do
  getters[field] = function(_, ud, n) return ud:addresses(n, header) end
end

function getters.subject(_, ud, n) return (ud:header(n, "Subject")) end
function getters.message_id(_, ud, n) return (ud:id(n, "Message-ID")) end
function getters.in_reply_to(_, ud, n) return ud:ids(n, "In-Reply-To") end
function getters.references(_, ud, n) return ud:ids(n, "References") end
function getters.date(_, ud, n) return (ud:date(n, "Date")) end

function getters.defects(part, ud)
  local list = ud:defects()
  table.sort(list, function(a, b) return a.offset < b.offset end)
  return part._n == 0 and list or nil
end

-- All that Content-* fields say, at once.
for _, field in ipairs{ "type", "charset", "encoding", "params",
                        "disposition", "filename", "cid" } do
  getters[field] = function(part, ud, n)
    if not rawget(part, "_described") then
      part._described = true
      ud:describe(n, part)
    end
    return rawget(part, field)
  end
end

function getters.size(_, ud, n) return ud:size(n) end

function getters.safe_filename(part)
  local name = part.filename
  if not name then return nil end
  name = names.safe(name)
  return name ~= "" and name or names.default(part)
end

function getters.path(part)
  local m = part._m
  m:_list()
  return rawget(part, "path")
end

-- ------------------------------------------------------------------ parts

-- The message that is embedded in 'part', encoded or not; nil if there is
-- none. 'depth' containers may still be opened.
local function inner_message(part, ud, n, depth)
  local limits = { depth = depth }
  for name, value in pairs(part._m._limits or {}) do
    if name ~= "depth" then limits[name] = value end
  end
  return wrap(core.message.parse(ud:body(n), limits), limits)
end

-- Append the parts of 'm' to 'list', each with its path. 'outer' is the path
-- of the message part that they all lie in, if any.
local function add_parts(list, m, outer, depth)
  local ud = m._core
  local base, level, kinds = {}, {}, {}
  for i = 0, ud:count() - 1 do
    local kind, up, _, _, number = ud:node(i)
    local part, around, path = part_of(m, i)
    level[i] = i == 0 and 0 or level[up] + 1
    kinds[i] = kind
    if i == 0 then
      around = outer
    elseif kinds[up] == "message" then
      around = rawget(part_of(m, up), "path")
    end
    if i > 0 and kinds[up] == "multipart" then
      path = base[up] .. number
      base[i] = path .. "."
    elseif around then
      path = around .. (kind == "multipart" and ".TEXT" or ".1")
      base[i] = around .. "."
    else
      path = kind == "multipart" and "" or "1"
      base[i] = ""
    end
    rawset(part, "path", path)
    list[#list + 1] = part
    local left = depth - level[i] - 1
    if kind == "encoded" and left > 0 then
      part._inner = inner_message(part, ud, i, left)
      add_parts(list, part._inner, path, left)
    end
  end
end

function methods._list(m)
  local list = rawget(m, "_all")
  if not list then
    list = {}
    add_parts(list, m, nil, (m._limits or {}).depth or 100)
    rawset(m, "_all", list)
  end
  return list
end

--- Iterate over all parts, depth first, multiparts and what is inside of
-- embedded messages too.
-- @function m:walk
-- @treturn function iterator of path, part
function methods.walk(part)
  ground(part)
  local list, i = part._m:_list(), 0
  return function()
    i = i + 1
    if list[i] then return list[i].path, list[i] end
  end
end

--- The part of that path (RFC 3501 6.4.5).
-- @function m:part
-- @tparam string path "1.2"; "" is the root
-- @treturn table|nil part
function methods.part(part, path)
  ground(part)
  check_string(path, "path")
  local m = part._m
  if path == "" then return m end
  local paths = rawget(m, "_paths")
  if not paths then
    paths = {}
    for _, p in ipairs(m:_list()) do paths[p.path] = p end
    rawset(m, "_paths", paths)
  end
  return paths[path]
end

--- The first part with that Content-ID (RFC 2045 7).
-- @function m:by_cid
-- @tparam string id with or without angle brackets, or a `cid:` URL
-- (RFC 2392)
-- @treturn table|nil part
function methods.by_cid(part, id)
  ground(part)
  check_string(id, "id")
  local m = part._m
  local cids = rawget(m, "_cids")
  if not cids then
    cids = {}
    for _, p in ipairs(m:_list()) do
      local cid = p.cid
      if cid and not cids[cid] then cids[cid] = p end
    end
    rawset(m, "_cids", cids)
  end
  local url = id:match("^[cC][iI][dD]:(.*)$")
  if url then
    id = url:gsub("%%(%x%x)", function(x)
      return string.char(tonumber(x, 16))
    end)
  end
  return cids[id] or cids[id:match("^<(.*)>$") or id]
end

-- The parts directly in this one.
function methods._children(part)
  local m, list = part._m, {}
  local _, _, child = m._core:node(part._n)
  while child ~= 0 do
    local _, _, _, following = m._core:node(child)
    list[#list + 1] = part_of(m, child)
    child = following
  end
  return list
end

function methods._kind(part)
  return (part._m._core:node(part._n))
end

--- The message embedded in a part (message/rfc822, message/global).
-- @function m:message
-- @treturn table|nil the message; its paths begin anew
-- @treturn string why there is none
-- @treturn string "state"
function methods.message(part)
  local ud, n = ground(part)
  local m, kind = part._m, part:_kind()
  if kind == "message" then
    local _, body, last = ud:offsets(n)
    return wrap(ud:view(body, last), m._limits, m)
  elseif part.type == "message/rfc822" or part.type == "message/global" then
    return inner_message(part, ud, n, (m._limits or {}).depth)
  end
  return nil, "part " .. part.path .. " is " .. part.type .. ", no message",
         "state"
end

-- ------------------------------------------------------------------ bodies

--- The octets of a part after transfer decoding (RFC 2045 6). Of a
-- multipart: as they are.
-- @function m:body
-- @tparam[opt] function sink an ltn12 sink
-- @treturn string|integer|nil the octets; with a sink, how many
-- @treturn string what the sink said
-- @treturn string "io"
function methods.body(part, sink)
  local ud, n = ground(part)
  if sink == nil then return ud:body(n) end
  if type(sink) ~= "function" then
    error("sink: function expected, got " .. type(sink), 2)
  end
  local reader <close> = ud:reader(n)
  local count = 0
  while true do
    local octets = reader:next()
    local ok, err = sink(octets)
    if not ok then
      return nil, tostring(err or "the sink refused"), "io"
    elseif not octets then
      return count
    end
    count = count + #octets
  end
end

--- The text of a part as UTF-8, line ends as in the message. Of a message:
-- the body to show, its first text/plain that is no attachment.
-- @function m:text
-- @tparam[opt] table opts `flowed = true` joins the lines of format=flowed
-- (RFC 3676); `from_html = true` makes readable text of the HTML where there is
-- no other
-- @treturn string|nil
function methods.text(part, opts)
  local ud, n = ground(part)
  if opts ~= nil then
    if type(opts) ~= "table" then
      error("options: table expected, got " .. type(opts), 2)
    end
    for name in pairs(opts) do
      if name ~= "flowed" and name ~= "from_html" then
        error("unknown option '" .. tostring(name) .. "'", 2)
      end
    end
  end
  local from_html = opts and opts.from_html
  if n == 0 then
    part = part:text_part() or from_html and part:html_part()
    if not part then return nil end
    ud, n = part._m._core, part._n
  end
  if part:_kind() == "multipart" then return nil end
  local text = ud:text(n)
  if from_html and part.type == "text/html" then
    return text and core.decode.html(text)
  end
  if opts and opts.flowed then
    text = require "pop3.message.flowed"(part, text) or text
  end
  return text
end

--- The HTML body to show, as UTF-8.
-- @function m:html
-- @treturn string|nil
function methods.html(part)
  ground(part)
  local html = part:html_part()
  return html and html._m._core:text(html._n)
end

local function body_part(part, want)
  local cache = "_body_" .. want
  local found = rawget(part, cache)
  if found == nil then
    found = require "pop3.message.choose".body(part, want) or false
    rawset(part, cache, found)
  end
  return found or nil
end

--- The part that `text` shows.
-- @function m:text_part
-- @treturn table|nil
function methods.text_part(part)
  ground(part)
  return body_part(part, "text/plain")
end

--- The part that `html` shows.
-- @function m:html_part
-- @treturn table|nil
function methods.html_part(part)
  ground(part)
  return body_part(part, "text/html")
end

--- The parts that are neither the body nor belong to it.
-- @function m:attachments
-- @treturn table a list of parts
function methods.attachments(part)
  ground(part)
  return require "pop3.message.choose".attachments(part)
end

--- Header and body of a part as sent: what a signature covers (RFC 1847).
-- @function m:raw
-- @treturn string
function methods.raw(part)
  local ud, n = ground(part)
  if n == 0 then return ud:slice(0, ud:length()) end
  local head, _, last = ud:offsets(n)
  return ud:slice(head, last)
end

--- S/MIME (RFC 8551): detached and opaque signatures, encrypted mail.
-- @function m:smime
-- @treturn ?table nil when the part is none; else `signed` and `encrypted`,
-- booleans, and two functions:
--
-- - `verify{ cafile =, capath =, verify = }` → `{ octets =, message =, signer =,
--   signers = }`: what was signed, octet for octet and parsed, and who signed
--   (`subject`, `common_name`, `emails`, `issuer`, ...); or nil, message, code:
--   "auth" (the signature does not hold, or its certificate is not trusted by
--   these CAs, the system's if there are none), "proto", "state". With `verify =
--   false` any certificate will do. Whether an address of `signer` is the
--   sender's is for the caller to compare
-- - `decrypt{ cert =, key = }` (files, or PEM) → the message inside, which may be
--   signed in turn; or nil, message, code
function methods.smime(part)
  ground(part)
  return require "pop3.message.smime"(part)
end

--- TNEF (`winmail.dat`, MS-OXTNEF): what Outlook wrapped up.
-- @function m:tnef
-- @treturn ?table nil when the part is none; else `subject`, `text`, `html`
-- (UTF-8), `rtf` (octets), each if it is there, and `attachments`, a list of
-- `{ filename =, safe_filename =, type =, cid =, size =, body = function() }`
-- @treturn string what is wrong with it
-- @treturn string "proto"
function methods.tnef(part)
  ground(part)
  return require "pop3.message.tnef"(part)
end

--- PGP/MIME (RFC 3156): its octets, for a program that knows OpenPGP.
-- @function m:pgp
-- @treturn ?table nil when the part is none; else `signed` or `encrypted` is
-- true, `octets` is what was signed (with CRLF line ends) or is encrypted, and
-- `signature` the signature
function methods.pgp(part)
  ground(part)
  return require "pop3.message.pgp"(part)
end

--- Where a part lies in the octets of its message, from 0.
-- @function m:offsets
-- @treturn integer where its header begins
-- @treturn integer where its body begins
-- @treturn integer one past its last octet
function methods.offsets(part)
  local ud, n = ground(part)
  return ud:offsets(n)
end

--- Save the decoded octets in a file, which appears whole or not at all.
-- @function m:save
-- @tparam string path a file, which is replaced; or a directory, in which
-- the part gets its `safe_filename`, or the next free name like it
-- @treturn string|nil the path written
-- @treturn string what went wrong
-- @treturn string "io"
function methods.save(part, path)
  ground(part)
  check_string(path, "path")
  return require "pop3.message.save"(part, path)
end

--- The normalised reading of the message, as a plain table: what is compared
-- with other parsers. Needs SHA-256 from the core.
-- @function m:structure
-- @treturn table
function methods.structure(part)
  ground(part)
  return require "pop3.message.structure"(part._m)
end

return message
