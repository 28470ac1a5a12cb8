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

local argument = require "pop3.util.argument"
local choose = require "pop3.message.body"
local core = require "pop3.core"
local flowed = require "pop3.message.flowed"
local names = require "pop3.message.filename"

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
    elseif type(value) ~= "number" or not math.tointeger(value)
           or value < 1 then
      error("option '" .. name .. "' must be a positive integer", 3)
    end
  end
end

local text_options = { flowed = "boolean", from_html = "boolean" }

local function check_string(value, what)
  if type(value) ~= "string" then
    error(what .. ": string expected, got " .. type(value), 3)
  end
end

-- Methods and getters of parts; those of the core are in there already.
local methods, getters = core.message.methods, core.message.getters

-- The index of a part, 0 is the message itself. Raises, at the line of a
-- method's caller, what is wrong with it.
local ground = core.message.ground

-- The table in which a part keeps what was made for it.
local cache = core.message.cache

--- Parse a message.
-- @tparam string octets the message; line ends may be CRLF or LF
-- @tparam[opt] table limits any of `depth` (100), `parts` (10000), `header`
-- (1 MiB), `fields` (10000), `params` (1000), `addresses` (100000); what is
-- beyond one is left unread and noted in `defects`
-- @treturn message
function message.parse(octets, limits)
  check_string(octets, "message")
  check_limits(limits)
  return core.message.parse(octets, limits)
end

--- Open a message in a file. The file is mapped, not copied, and must not be
-- cut short while the message is in use.
-- @tparam string path
-- @tparam[opt] table limits as for `parse`
-- @treturn message|nil
-- @treturn string what went wrong
-- @treturn string "io"
function message.open(path, limits)
  check_string(path, "path")
  check_limits(limits)
  return core.message.open(path, limits)
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

--- The decoded value of the first field of that name (RFC 5322 2.2).
-- @function m:header
-- @tparam string name in any case
-- @treturn string|nil UTF-8, unfolded

--- Iterate over the header fields in order.
-- @function m:fields
-- @tparam[opt] string name only those, in any case
-- @treturn function iterator of name, raw value (folded as it is), offset

--- The addresses in the first field of that name (RFC 5322 3.4).
-- @function m:addresses
-- @tparam string name in any case
-- @treturn table a list of `{ name =, address =, group = }`, maybe empty

function getters.safe_filename(part)
  local name = part.filename
  if not name then return nil end
  name = names.safe(name)
  return name ~= "" and name or names.default(part)
end

-- ------------------------------------------------------------------ parts

--- Iterate over all parts, depth first, multiparts and what is inside of
-- embedded messages too. Parts are looked for while the loop goes on.
-- @function m:walk
-- @treturn function iterator of path, part

-- All parts, and which has which path and content-id; made once.
local function index_of(part)
  local kept = cache(core.message.root(part))
  local index = kept._index
  if not index then
    index = { paths = {}, cids = {} }
    for path, p in part:walk() do
      index.paths[path] = index.paths[path] or p
      local cid = p.cid
      if cid and not index.cids[cid] then index.cids[cid] = p end
    end
    kept._index = index
  end
  return index
end

--- The part of that path (RFC 3501 6.4.5).
-- @function m:part
-- @tparam string path "1.2"; "" is the root
-- @treturn part|nil
function methods.part(part, path)
  ground(part)
  check_string(path, "path")
  if path == "" then return core.message.root(part) end
  return index_of(part).paths[path]
end

--- The first part with that Content-ID (RFC 2045 7).
-- @function m:by_cid
-- @tparam string id with or without angle brackets, or a `cid:` URL
-- (RFC 2392)
-- @treturn part|nil
function methods.by_cid(part, id)
  ground(part)
  check_string(id, "id")
  local cids = index_of(part).cids
  local url = id:match("^[cC][iI][dD]:(.*)$")
  if url then
    id = url:gsub("%%(%x%x)", function(x)
      return string.char(tonumber(x, 16))
    end)
  end
  return cids[id] or cids[id:match("^<(.*)>$") or id]
end

-- Iterate over the parts directly in this one, no further than needed.
function methods._parts(part)
  local child
  return function()
    if child then child = child:_next() else child = part:_child() end
    return child
  end
end

--- The message embedded in a part (message/rfc822, message/global).
-- @function m:message
-- @treturn ?message its paths begin anew; else nil
-- @treturn string why there is none
-- @treturn string "state"

-- ------------------------------------------------------------------ bodies

--- The octets of a part after transfer decoding (RFC 2045 6). Of a
-- multipart: as they are.
-- @function m:body
-- @tparam[opt] function sink an ltn12 sink
-- @treturn string|integer|nil the octets; with a sink, how many
-- @treturn string what the sink said
-- @treturn string "io"
function methods.body(part, sink)
  ground(part)
  if sink == nil then return core.message.body(part) end
  if type(sink) ~= "function" then
    error("sink: function expected, got " .. type(sink), 2)
  end
  local reader <close> = core.message.reader(part)
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
  local n = ground(part)
  local from_html, flow
  if opts ~= nil then
    argument.options(opts, text_options, "text", 1)
    from_html, flow = opts.from_html, opts.flowed
  end
  if n == 0 then
    part = part:text_part() or from_html and part:html_part()
    if not part then return nil end
  elseif part:_kind() == "multipart" then
    return nil
  end
  local text = core.message.text(part)
  if from_html and part.type == "text/html" then
    return core.decode.html(text)
  elseif flow then
    return flowed(part, text) or text
  end
  return text
end

--- The HTML body to show, as UTF-8.
-- @function m:html
-- @treturn string|nil
function methods.html(part)
  ground(part)
  local html = part:html_part()
  return html and core.message.text(html)
end

local function body_part(part, want)
  local kept = cache(part)
  local found = kept[want]
  if found == nil then
    found = choose.body(part, want) or false
    kept[want] = found
  end
  return found or nil
end

--- The part that `text` shows.
-- @function m:text_part
-- @treturn part|nil
function methods.text_part(part)
  ground(part)
  return body_part(part, "text/plain")
end

--- The part that `html` shows.
-- @function m:html_part
-- @treturn part|nil
function methods.html_part(part)
  ground(part)
  return body_part(part, "text/html")
end

--- The parts that are neither the body nor belong to it.
-- @function m:attachments
-- @treturn table a list of parts
function methods.attachments(part)
  ground(part)
  return choose.attachments(part)
end

--- Header and body of a part as sent: what a signature covers (RFC 1847).
-- @function m:raw
-- @treturn string

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
  return require "pop3.message.structure"(core.message.root(part))
end

return message
