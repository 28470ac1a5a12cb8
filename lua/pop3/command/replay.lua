--- `pop3 replay`: serves a transcript, see `pop3.record.replay`. It is `pop3
-- serve` with a transcript, and with fewer options.
-- @module pop3.command.replay
-- @local

local serve = require "pop3.command.serve"

local replay = {}

function replay.define(c)
  c:summary "Serve a recorded transcript."
  c:description("Serves a transcript of pop3 record, a text file with C: and S: "
    .. "lines, or a test case of curl, until it gets SIGTERM, SIGINT or SIGHUP. "
    .. "Each command gets the reply that the transcript has for it in the state "
    .. "of the session, in any order and any connection; a client may log in by "
    .. "another mechanism, with any name and secret. The exit status is 1 when "
    .. "a client sent what the transcript does not have.")
  c:argument("file", "The transcript."):target "replay":argname "FILE"
  serve.define_common(c)
end

replay.run = serve.run

return replay
