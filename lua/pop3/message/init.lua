--- Reading mail: RFC 5322 fields, MIME parts, text in UTF-8.
--
-- A message is read when it is asked for something, not before, and as far as is
-- needed. Mail that breaks the rules is read as far as possible; its `defects` say
-- what is wrong.
--
-- **A message and its parts** have the same fields and methods, listed below with
-- `m`. `walk`, `part` and `attachments` return parts. Only `text()` and `html()`
-- differ: for a message they return the body to show, for a part the text of that
-- part alone.
--
-- Fields of the header:
--
-- * `subject`: string, UTF-8, or nil
-- * `from` `to` `cc` `bcc` `reply_to` `sender`: lists, which may be empty, of
--   `{ name =, address =, group = }`; `name` is "" if there is no name, `group` is nil
--   outside a group (RFC 5322 3.4)
-- * `date`: nil, or a table: `epoch`, seconds since 1970; `offset`, minutes east of UTC;
--   `iso`, such as "2026-11-23T08:00:00+01:00" (RFC 5322 3.3)
-- * `message_id`: string without angle brackets, or nil; `in_reply_to`,
--   `references`: lists of such strings (RFC 5322 3.6.4)
--
-- Fields of the part:
--
-- * `path`: the section number of IMAP (RFC 3501 6.4.5); "" for the root of a
--   multipart, "3.TEXT" for the multipart of the message embedded in part 3
-- * `type`: lower case, such as "text/plain"; `params`: the parameters of
--   Content-Type, a table of strings by lower-case name; `charset`: the declared
--   one in lower case, of text parts only, or nil
-- * `filename`: string as sent, or nil; `safe_filename`: the same as a safe name of
--   a file, without directories, control, bidi and zero-width characters
-- * `disposition`: "inline", "attachment" or nil (RFC 2183)
-- * `cid`: the Content-ID without angle brackets, or nil (RFC 2045 7)
-- * `encoding`: the transfer encoding in lower case; `size`: octets of the decoded
--   body
--
-- `m.defects` of a message is a list of `{ code =, offset =, text = }`, sorted by
-- offset in octets. Codes: "line" (a header line without a name), "mbox", "type",
-- "boundary", "unclosed" (a multipart without its closing delimiter), "encoding",
-- "charset", "limit".
-- @module pop3.message
-- @usage
-- local message = require "pop3.message"
-- local m = message.parse("Subject: =?utf-8?Q?caf=C3=A9?=\r\n\r\nhi\r\n")
-- assert(m.subject == "café" and m:text() == "hi\r\n")

local argument = require "pop3.util.argument"
local core = require "pop3.core"
require "pop3.message.part"

local message = {}

local limits = { "depth", "parts", "header", "fields", "params", "addresses" }
local options = { charset = "string" }
for _, name in ipairs(limits) do options[name] = "integer" end

-- Check the options of `parse` and `open`; errors are raised at their caller.
local function check_options(opts, what)
  if opts == nil then return end
  argument.options(opts, options, what, 2)
  for _, name in ipairs(limits) do
    if opts[name] and opts[name] < 1 then
      argument.misuse(2, "%s: option '%s' must be a positive integer", what, name)
    end
  end
  if opts.charset and not core.message.charset(opts.charset) then
    argument.misuse(2, "%s: unknown charset '%s'", what, opts.charset)
  end
end

local function check_string(value, what)
  if type(value) ~= "string" then
    argument.misuse(2, "%s must be a string, not %s", what, type(value))
  end
end

--- Parse a message.
-- @tparam string octets the message; its line ends may be CRLF or LF
-- @tparam[opt] table opts limits, all integers: `depth` (100 containers),
-- `parts` (10,000), `header` (1,048,576 octets of a header block), `fields`
-- (10,000 of a header block), `params` (1,000 of a field), `addresses` (100,000 of
-- a field); the input beyond one is not read, and `defects` say so. `charset`: the
-- charset of text that declares none and is not UTF-8 (default windows-1252)
-- @treturn message
-- @usage
-- local m = require "pop3.message".parse("Subject: hi\r\n\r\ntext\r\n",
--                                        { charset = "koi8-r" })
-- assert(m:text() == "text\r\n")
function message.parse(octets, opts)
  check_string(octets, "parse: the message")
  check_options(opts, "parse")
  return core.message.parse(octets, opts)
end

--- Open a message in a file. The file is mapped, not copied; it must not be
-- truncated while the message is in use.
-- @tparam string path
-- @tparam[opt] table opts as for `parse`
-- @treturn message|nil
-- @treturn string the error, with the path
-- @treturn string "io"
function message.open(path, opts)
  check_string(path, "open: the path")
  check_options(opts, "open")
  return core.message.open(path, opts)
end

--- Decode the encoded-words of a header value (RFC 2047). The result holds no CR,
-- LF or NUL: each becomes a blank.
-- @function decode_words
-- @tparam string value as in the message, maybe folded
-- @treturn string UTF-8
-- @usage assert(require "pop3.message".decode_words "=?utf-8?Q?=C3=A9?=" == "é")
message.decode_words = core.decode.words

--- Read a list of addresses (RFC 5322 3.4 and 4.4).
-- @function parse_addresses
-- @tparam string value as in the message, maybe folded
-- @treturn {table,...} `{ name =, address =, group = }`, maybe empty
-- @usage
-- local list = require "pop3.message".parse_addresses "Ann <ann@mail.example>"
-- assert(list[1].name == "Ann" and list[1].address == "ann@mail.example")
message.parse_addresses = core.message.addresses

--- Read a date: RFC 5322 3.3 and 4.3, and other forms that are not ambiguous, such
-- as ISO 8601 and asctime.
-- @function parse_date
-- @tparam string value
-- @treturn table|nil `{ epoch = seconds, offset = minutes, iso = string }`; nil if
-- it is not a date
-- @usage
-- local date = require "pop3.message".parse_date "2 Jan 2024 10:00:00 +0100"
-- assert(date.iso == "2024-01-02T10:00:00+01:00" and date.offset == 60)
message.parse_date = core.message.date

--- Make a sink that parses a message while it arrives; see `pop3.message.stream`.
-- @function stream
-- @tparam table handlers `on_header`, `on_part`, `on_data`, `on_end`, and limits
-- @treturn function an ltn12 sink
function message.stream(handlers)
  return require "pop3.message.stream"(handlers)
end

--- Iterate over the messages of an mbox file; see `pop3.message.mbox`.
-- @function mbox
-- @tparam string path
-- @tparam[opt] table opts as for `parse`
-- @treturn function iterator of message, sender and date line; or nil, error, "io"
function message.mbox(path, opts)
  check_string(path, "mbox: the path")
  check_options(opts, "mbox")
  return require "pop3.message.mbox"(path, opts)
end

return message
