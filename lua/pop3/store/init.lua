--- Stores: the mail of a test server. A user's field `mail` is a list of messages,
-- or a store: one of these, or any object of the interface `store`.
--
-- Octets are made canonical when they are read: CRLF line ends, and a CRLF at
-- the end. Sizes are of that form.
-- @module pop3.store
-- @usage
-- local store = pop3.store.memory{ "From: a@b.example\r\n\r\nhi\r\n" }
-- local server = pop3.server.new{
--   users = { mrose = { password = "secret", mail = store } },
-- }

local memory = require "pop3.store.memory"

local store = {}

--- Messages in memory.
-- @tparam {string,...} mail the messages
-- @tparam[opt] {string,...} uidl their unique-ids, otherwise they are generated.
-- Two messages may have the same unique-id
-- @treturn store
-- @function memory
store.memory = memory.new

--- Messages in files, such as `.eml` files. A file is read when its message is
-- fetched. A deletion removes the message from the store, not the file.
-- @tparam {string,...} paths
-- @tparam[opt] {string,...} uidl their unique-ids; otherwise made from the
-- names of the files
-- @treturn store
function store.files(paths, uidl)
  return require "pop3.store.files".new(paths, uidl)
end

--- Messages in a Maildir that other programs may deliver into. `new/` and
-- `cur/` are read, and nothing is moved; a message is removed by the update of
-- a session. The unique-id is the name of the file without its flags: it stays
-- the same if another program moves the file or changes the flags. The order is
-- the order of delivery, by the time that the names begin with.
-- @tparam string path
-- @tparam[opt] table opts
-- @tparam[opt=false] boolean opts.create make the Maildir if it does not exist
-- @treturn[1] store
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "io"
function store.maildir(path, opts)
  local made, err, code = require "pop3.store.maildir"(path, opts)
  return made, err, code
end

--- Messages in an mbox that other programs may use. The file is locked, by
-- fcntl(2) and by `PATH.lock`, while a session logs in and while its update
-- removes messages. Lines that mboxrd quotes are given without the quoting. The
-- unique-id is a digest of the message that stays the same when a mail reader
-- adds fields such as Status. A login while another program has the lock fails
-- with `IN-USE`.
-- @tparam string path
-- @tparam[opt] table opts
-- @tparam[opt=false] boolean opts.create make the file if it does not exist
-- @tparam[opt=5] number opts.lock_timeout seconds to wait for other programs
-- @treturn[1] store
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "io"
function store.mbox(path, opts)
  local made, err, code = require "pop3.store.mbox"(path, opts)
  return made, err, code
end

return store
