--- Reading mail: RFC 5322 fields, MIME parts, text in UTF-8.
--
-- A message is read only when the program asks for a value, and only as far as needed.
-- Mail that breaks the rules is read as far as possible; its `defects` say what is
-- wrong.
--
-- **A message and its parts** have the same fields and methods, listed below with
-- `m`. `walk`, `part` and `attachments` return parts. Only `text()` and `html()`
-- differ: for a message they return the body to show, for a part the text of that
-- part alone.
--
-- @module pop3.message
-- @usage
-- local message = require "pop3.message"
-- local m = message.parse("Subject: =?utf-8?Q?caf=C3=A9?=\r\n\r\nhi\r\n")
-- assert(m.subject == "café" and m:text() == "hi\r\n")

--- Fields of a message and of its parts.
-- @table fields
-- @tfield ?string subject UTF-8
-- @tfield {pop3.message.address,...} from a list, which may be empty (RFC 5322 3.4)
-- @tfield {pop3.message.address,...} to as `from`
-- @tfield {pop3.message.address,...} cc as `from`
-- @tfield {pop3.message.address,...} bcc as `from`
-- @tfield {pop3.message.address,...} reply_to as `from`
-- @tfield {pop3.message.address,...} sender as `from`
-- @tfield ?pop3.message.date date (RFC 5322 3.3)
-- @tfield ?string message_id without angle brackets (RFC 5322 3.6.4)
-- @tfield {string,...} in_reply_to ids without angle brackets
-- @tfield {string,...} references ids without angle brackets
-- @tfield {pop3.message.defect,...} defects of a message, sorted by offset
-- @tfield string path the section number of IMAP (RFC 3501 6.4.5); "" for the root of
-- a multipart, "3.TEXT" for the multipart of the message embedded in part 3
-- @tfield string type lower case, such as "text/plain"
-- @tfield {[string]=string,...} params the parameters of Content-Type by lower-case
-- name
-- @tfield ?string charset the declared one in lower case, of text parts only
-- @tfield ?string filename as sent
-- @tfield ?string safe_filename the same as a safe name of a file, without
-- directories, control, bidi and zero-width characters
-- @tfield ?string disposition "inline" or "attachment" (RFC 2183)
-- @tfield ?string cid the Content-ID without angle brackets (RFC 2045 7)
-- @tfield string encoding the transfer encoding in lower case
-- @tfield integer size octets of the decoded body

--- An address.
-- @table address
-- @tfield string name "" if there is no name
-- @tfield string address
-- @tfield ?string group the name of the group that the address is a member of

--- A date.
-- @table date
-- @tfield integer epoch seconds since 1970
-- @tfield integer offset minutes east of UTC
-- @tfield string iso such as "2026-11-23T08:00:00+01:00"

--- Something in a message that breaks the rules.
-- @table defect
-- @tfield string code "line" (a header line without a name), "mbox", "type",
-- "boundary", "unclosed" (a multipart without its closing delimiter), "encoding",
-- "charset" or "limit"
-- @tfield integer offset in octets
-- @tfield string text

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

--- Parse a message.
-- @tparam string octets the message; its line ends may be CRLF or LF
-- @tparam[opt] table opts limits, beyond which the input is not read, and `defects`
-- say so; and a charset
-- @tparam[opt=100] integer opts.depth containers
-- @tparam[opt=10000] integer opts.parts
-- @tparam[opt=1048576] integer opts.header octets of a header block
-- @tparam[opt=10000] integer opts.fields of a header block
-- @tparam[opt=1000] integer opts.params of a field
-- @tparam[opt=100000] integer opts.addresses of a field
-- @tparam[opt="windows-1252"] string opts.charset the charset of text that declares no
-- charset and is not UTF-8
-- @treturn message
-- @usage
-- local m = require "pop3.message".parse("Subject: hi\r\n\r\ntext\r\n",
--                                        { charset = "koi8-r" })
-- assert(m:text() == "text\r\n")
function message.parse(octets, opts)
  argument.string(octets, "parse: the message", 1)
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
  argument.string(path, "open: the path", 1)
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
-- @treturn {pop3.message.address,...} maybe empty
-- @usage
-- local list = require "pop3.message".parse_addresses "Ann <ann@mail.example>"
-- assert(list[1].name == "Ann" and list[1].address == "ann@mail.example")
message.parse_addresses = core.message.addresses

--- Read a date: RFC 5322 3.3 and 4.3, and other forms that are not ambiguous, such
-- as ISO 8601 and asctime.
-- @function parse_date
-- @tparam string value
-- @treturn pop3.message.date|nil nil if
-- it is not a date
-- @usage
-- local date = require "pop3.message".parse_date "2 Jan 2024 10:00:00 +0100"
-- assert(date.iso == "2024-01-02T10:00:00+01:00" and date.offset == 60)
message.parse_date = core.message.date

--- Make a sink that parses a message while it arrives; see `pop3.message.stream`.
-- @function stream
-- @tparam table handlers and limits, as for `parse`
-- @tparam[opt] function handlers.on_header `function(name, value, path, raw)`
-- @tparam[opt] function handlers.on_part `function(part)`
-- @tparam[opt] function handlers.on_data `function(part, octets)`
-- @tparam[opt] function handlers.on_end `function(part)`
-- @tparam[opt] integer handlers.depth
-- @tparam[opt] integer handlers.parts
-- @tparam[opt] integer handlers.header
-- @tparam[opt] integer handlers.fields
-- @tparam[opt] integer handlers.params
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
  argument.string(path, "mbox: the path", 1)
  check_options(opts, "mbox")
  return require "pop3.message.mbox"(path, opts)
end

return message
