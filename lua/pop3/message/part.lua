--- The methods of messages and parts.
-- @submodule pop3.message

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local bodies = require "pop3.message.body"
local filename = require "pop3.message.filename"
local flowed = require "pop3.message.flowed"

-- Methods and getters of both types; those in C are in these tables already.
local methods, getters = core.message.methods, core.message.getters

-- The index of a part, -1 for a message. An error about a closed message is raised
-- at the caller of the method.
local ground = core.message.ground

-- The root of a message as a part; a part as it is.
local as_part = core.message.as_part

-- The table with the values already made for a part.
local cache = core.message.cache

-- The decoded octets of a part; the same as UTF-8, nil for a multipart.
local body_of, text_of = core.message.body, core.message.text

--- Close a message: a mapped file is released. Its parts are closed with it. Also
-- done by `__close` and the garbage collector.
-- @function m:close

--- The decoded value of the first field of a name (RFC 5322 2.2).
-- @function m:header
-- @tparam string name in any case
-- @treturn string|nil UTF-8, unfolded, without CR, LF and NUL

--- Iterate over the header fields in order.
-- @function m:fields
-- @tparam[opt] string name in any case: only the fields of that name
-- @treturn function iterator of name, value (as sent, folded), offset (in octets)
-- @usage
-- local m = require "pop3.message".parse "A: 1\r\nB: 2\r\n\r\n"
-- for name, value, offset in m:fields() do print(name, value, offset) end

--- The addresses in the first field of a name (RFC 5322 3.4).
-- @function m:addresses
-- @tparam string name in any case
-- @treturn {pop3.message.address,...} maybe empty

function getters.safe_filename(part)
  local name = part.filename
  if not name then return nil end
  name = filename.safe(name)
  return name ~= "" and name or filename.default(part)
end

-- ------------------------------------------------------------------ parts

--- Iterate over all parts, depth first, with multiparts and the parts of embedded
-- messages. Parts are looked for while the loop runs.
-- @function m:walk
-- @treturn function iterator of path, part
-- @usage
-- local m = require "pop3.message".parse "Subject: hi\r\n\r\ntext\r\n"
-- for path, part in m:walk() do print(path, part.type, part.size) end

-- The parts of a message by path and by content-id; made once.
local function index_of(part)
  local root = core.message.root(part)
  local kept = cache(root)
  local index = kept._index
  if not index then
    index = { paths = {}, cids = {} }
    for path, p in root:walk() do
      if not index.root then index.root = p end
      index.paths[path] = index.paths[path] or p
      local cid = p.cid
      if cid and not index.cids[cid] then index.cids[cid] = p end
    end
    kept._index = index
  end
  return index
end

--- The part with a path (RFC 3501 6.4.5).
-- @function m:part
-- @tparam string path such as "1.2"; "" is the root
-- @treturn part|nil
function methods.part(part, path)
  ground(part)
  argument.string(path, "part: the path", 1)
  local index = index_of(part)
  if path == "" then return index.root end
  return index.paths[path]
end

--- The first part with a Content-ID (RFC 2045 7).
-- @function m:by_cid
-- @tparam string id with or without angle brackets, or a `cid:` URL (RFC 2392)
-- @treturn part|nil
function methods.by_cid(part, id)
  ground(part)
  argument.string(id, "by_cid: the id", 1)
  local cids = index_of(part).cids
  if id:sub(1, 4):lower() == "cid:" then
    id = id:sub(5):gsub("%%(%x%x)", function(x)
      return string.char(tonumber(x, 16))
    end)
  end
  if cids[id] then return cids[id] end
  return id:sub(1, 1) == "<" and id:sub(-1) == ">" and cids[id:sub(2, -2)] or nil
end

-- Iterate over the parts directly in this one.
function methods._parts(part)
  local child
  return function()
    if child then child = child:_next() else child = part:_child() end
    return child
  end
end

--- The message embedded in a part (message/rfc822, message/global).
-- @function m:message
-- @treturn message|nil its paths start again at its own root
-- @treturn string the error
-- @treturn string "state": the part is not a message

--- Where a part is in the octets of its message, counted from 0.
-- @function m:offsets
-- @treturn integer the offset of its header
-- @treturn integer the offset of its body
-- @treturn integer one past its last octet

--- Header and body of a part as sent: the octets that a signature covers
-- (RFC 1847 2.1).
-- @function m:raw
-- @treturn string

-- ------------------------------------------------------------------ bodies

--- The octets of a part after transfer decoding (RFC 2045 6); of a multipart as
-- they are.
-- @function m:body
-- @tparam[opt] function sink an ltn12 sink
-- @treturn string|integer|nil the octets; with a sink, their number
-- @treturn string the error of the sink
-- @treturn string "io"
function methods.body(part, sink)
  ground(part)
  if sink == nil then return body_of(part) end
  argument.callable(sink, "body: the sink", 1)
  local reader <close> = core.message.reader(part)
  local count = 0
  while true do
    local octets = reader:next()
    local ok, err = sink(octets)
    if not ok then
      return nil, tostring(err or "the sink refused the octets"), "io"
    elseif not octets then
      return count
    end
    count = count + #octets
  end
end

local function body_part(part, name)
  local kept = cache(part)
  local found = kept[name]
  if found == nil then
    found = bodies[name](part) or false
    if found and rawequal(found, part) then found = as_part(part) end
    kept[name] = found
  end
  return found or nil
end

--- The part that `text` of a message returns: the first text/plain that is not an
-- attachment.
-- @function m:text_part
-- @treturn part|nil
function methods.text_part(part)
  ground(part)
  return body_part(part, "text")
end

--- The part that `html` of a message returns: the first text/html that is not an
-- attachment.
-- @function m:html_part
-- @treturn part|nil
function methods.html_part(part)
  ground(part)
  return body_part(part, "html")
end

-- The part to show: text, or with 'from_html' HTML where there is no text, or where
-- the text only follows the HTML as a footer.
local function shown_part(part, from_html)
  local text = part:text_part()
  if not from_html then return text end
  local html = part:html_part()
  if not (text and html) then return text or html end
  return bodies.html_first(as_part(part), html, text) and html or text
end

local text_options = { flowed = "boolean", from_html = "boolean" }

--- Text in UTF-8, with the line ends of the message. Of a message: the body to
-- show. Of a part: the text of that part, nil for a multipart.
-- @function m:text
-- @tparam[opt] table opts
-- @tparam[opt] boolean opts.flowed true joins the lines of format=flowed (RFC 3676)
-- @tparam[opt] boolean opts.from_html true makes readable text of the HTML if there is
-- no other text
-- @treturn string|nil
-- @usage
-- local m = require "pop3.message".parse(
--   "Content-Type: text/html\r\n\r\n<p>hi</p>")
-- assert(m:text() == nil and m:text { from_html = true } == "hi\r\n")
function methods.text(part, opts)
  local n = ground(part)
  local from_html, flow
  if opts ~= nil then
    argument.options(opts, text_options, "text", 1)
    from_html, flow = opts.from_html, opts.flowed
  end
  if n < 0 then
    part = shown_part(part, from_html)
    if not part then return nil end
  end
  local text = text_of(part)
  if not (from_html or flow) or not text then
    return text
  elseif from_html and part.type == "text/html" then
    return core.decode.html(text)
  elseif flow then
    return flowed(part, text) or text
  end
  return text
end

--- The HTML body in UTF-8.
-- @function m:html
-- @tparam[opt] table opts
-- @tparam[opt] boolean opts.inline true replaces the `cid:` URLs of pictures by data
-- URLs (RFC 2397), and the charset that the HTML declares by UTF-8, so that it can be
-- shown without the message
-- @treturn string|nil
function methods.html(part, opts)
  ground(part)
  if opts ~= nil then
    argument.options(opts, { inline = "boolean" }, "html", 1)
  end
  local found = part:html_part()
  if not found then return nil end
  local html = text_of(found)
  if opts and opts.inline then
    return require "pop3.message.inline"(part, html)
  end
  return html
end

--- The parts that `text` and `html` of the message do not show: every leaf and
-- every embedded message, with or without a name, inline or not. Left out are other
-- forms of the body in a multipart/alternative, and parts that the HTML refers to.
-- @function m:attachments
-- @treturn {part,...} in their order, maybe empty
function methods.attachments(part)
  ground(part)
  return bodies.attachments(as_part(part), part:text_part(), part:html_part())
end

--- Save the decoded octets in a file, which appears whole or not at all.
-- @function m:save
-- @tparam string path a file, which is replaced; or a directory, in which the part
-- gets its `safe_filename`, with a number if that name is taken
-- @treturn string|nil the path of the file
-- @treturn string the error, with the path
-- @treturn string "io"
function methods.save(part, path)
  ground(part)
  argument.string(path, "save: the path", 1)
  return require "pop3.message.save"(part, path)
end

-- ------------------------------------------------------- kinds of messages

--- S/MIME (RFC 8551): detached and opaque signatures, encrypted messages.
-- @function m:smime
-- @treturn table|nil nil if the part is not S/MIME; else
--
-- * `signed`, `encrypted`: booleans
-- * `verify { cafile =, capath =, verify = }` → `{ octets =, message =, signer =,
--   signers = }`: the signed octets, the message parsed from them, and the
--   certificates of the signers (`subject`, `common_name`, `emails`, `issuer`,
--   ...); or nil, error, code: "auth" (the signature is wrong, or no certificate
--   authority in `cafile`, `capath` or the system's store is trusted for it),
--   "proto", "state". `verify = false` accepts any certificate. The caller compares
--   the addresses of `signer` with the sender
-- * `content()` → the signed message without any verification
-- * `decrypt { cert =, key = }` (files or PEM) → the message inside, which may be
--   signed; or nil, error, code
function methods.smime(part)
  ground(part)
  return require "pop3.message.smime"(part)
end

--- PGP/MIME (RFC 3156): its octets, for a program that implements OpenPGP.
-- @function m:pgp
-- @treturn table|nil nil if the part is not PGP/MIME; else `signed` or `encrypted`
-- is true, `octets` are the signed ones (with CRLF line ends) or the encrypted
-- ones, and `signature` is the signature
function methods.pgp(part)
  ground(part)
  return require "pop3.message.pgp"(part)
end

--- TNEF (`winmail.dat` of Outlook, MS-OXTNEF).
-- @function m:tnef
-- @treturn table|nil nil if the part is not TNEF; else `subject`, `text`, `html`
-- (UTF-8) and `rtf` (octets), each if it is there, and `attachments`, a list of
-- `{ filename =, safe_filename =, type =, cid =, size =, body = function(), tnef =
-- }`; `tnef` of an attached message is a table like this one
-- @treturn string the error
-- @treturn string "proto"
function methods.tnef(part)
  ground(part)
  return require "pop3.message.tnef"(part)
end

--- A report about another message: delivery status (RFC 3464), disposition
-- notification (RFC 8098), or feedback (RFC 5965).
-- @function m:report
-- @treturn table|nil nil if it is not a report; else `kind` ("delivery", "disposition" or
-- "feedback"), the fields of the report by name in lower case with "_" for "-",
-- `original` (the message that it is about, or a message with its header alone, or
-- nil), and
--
-- * of a delivery: `recipients`, a list of tables of fields such as
--   `final_recipient`, `action`, `status`, `diagnostic_code`
-- * of a disposition: `disposition`, `{ action =, sending =, type =, modifiers = {} }`
--
-- Addresses and names of servers are without their type ("rfc822;"), dates are tables
-- as `m.date`. Fields that may be repeated (`original_rcpt_to`,
-- `authentication_results`, `reported_domain`, `reported_uri`) are lists
-- @usage
-- local m = require "pop3.message".parse(
--   "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n"
--   .. "\r\nFinal-Recipient: rfc822; ann@mail.example\r\nStatus: 5.1.1\r\n")
-- local report = m:report()
-- assert(report.recipients[1].final_recipient == "ann@mail.example")
function methods.report(part)
  ground(part)
  return require "pop3.message.report"(as_part(part))
end

--- The invitation in a calendar part (RFC 5545, RFC 5546): its first event, task,
-- journal entry or free/busy time.
-- @function m:invitation
-- @treturn table|nil nil without an invitation; else `component` ("event", "task",
-- "journal", "busy"), `method` (such as "REQUEST"), `uid`, `start`, `["end"]`,
-- `stamp`, `recurrence` (each `{ iso =, tzid =, all_day = }` or nil), `organiser` and
-- `attendees` (`{ name =, address =, role =, status =, rsvp = }`), `summary`,
-- `description`, `location`, `status`, `sequence`, `rule`, `duration`. `iso` ends in
-- "Z" for UTC; without it, the time is local to the zone `tzid`
function methods.invitation(part)
  ground(part)
  return require "pop3.message.invitation"(as_part(part))
end

--- The fields of a mailing list (RFC 2369, RFC 2919, RFC 8058).
-- @function m:list
-- @treturn table|nil nil if there are none; else `id`, `name`, and lists of URLs:
-- `unsubscribe`, `subscribe`, `post` (false if posting is not allowed), `help`,
-- `owner`, `archive`, each if the field is there; `one_click`: boolean, may
-- `unsubscribe` be done by one request?
function methods.list(part)
  ground(part)
  return require "pop3.message.list"(part)
end

--- The hops of a message by its Received fields (RFC 5321 4.4).
-- @function m:received
-- @treturn {table,...} the last hop first: `{ from =, from_comment =, ip =, by =, via
-- =, protocol =, id =, recipient =, date =, raw = }`, each if it is there; `date` is a
-- table as `m.date`
function methods.received(part)
  ground(part)
  return require "pop3.message.received"(part)
end

--- The new text of a reply: the text, or readable text of the HTML, without the
-- quoted message, the line that introduces it, and the signature. It is a guess:
-- mail does not mark these.
-- @function m:reply_text
-- @treturn string|nil UTF-8 with CRLF line ends, maybe ""; nil if there is no text
-- @usage
-- local m = require "pop3.message".parse(
--   "\r\nYes.\r\n\r\nOn Monday, Ann wrote:\r\n> Coming?\r\n")
-- assert(m:reply_text() == "Yes.\r\n")
function methods.reply_text(part)
  ground(part)
  local text = part:text { flowed = true, from_html = true }
  return text and require "pop3.message.quote"(text)
end

--- Verify the DKIM signatures of a message (RFC 6376, RFC 8463).
-- @function m:dkim
-- @tparam table opts
-- @tparam function opts.resolve `function(name)` gets a name such as
-- "s1._domainkey.mail.example" and returns its TXT record (a string, or a list of its
-- strings), or nil if that record does not exist, or nil and an error if the DNS failed
-- @tparam[opt] number opts.time seconds since 1970, default now
-- @treturn {table,...} one table for each signature, in their order, at most 20:
-- `{ result =, reason =, domain =, selector =, identity =, algorithm =, length =,
-- testing = }`; `result` is "pass", "fail", "temperror" or "permerror" (RFC 8601 2.7.1);
-- `length` is the number of octets of the body that are signed, if not all are (then
-- text may have been added to the message); `testing` is true if the domain only tests
-- @usage
-- local m = require "pop3.message".parse "From: ann@mail.example\r\n\r\nhi\r\n"
-- local list = m:dkim { resolve = function(name) return nil, "no DNS for " .. name end }
-- assert(#list == 0)
function methods.dkim(part, opts)
  ground(part)
  argument.options(opts, { resolve = "function", time = "number" }, "dkim", 1)
  if not opts.resolve then argument.misuse(1, "dkim needs the option 'resolve'") end
  return require "pop3.message.dkim"(core.message.root(part), opts)
end

--- The message in a normal form, as a plain table, to compare it with the reading of
-- other parsers. Keys: `subject from to date message_id references in_reply_to
-- body_text body_html signed parts`; each part has `path type charset filename
-- safe_filename disposition cid size sha256`, and `text` if it is text.
-- @function m:structure
-- @treturn table
function methods.structure(part)
  ground(part)
  return require "pop3.message.structure"(core.message.root(part))
end

return methods
