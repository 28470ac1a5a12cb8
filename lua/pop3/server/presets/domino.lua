--- Lotus Domino.
-- @module pop3.server.presets.domino
-- @local

local SEEN = "https://thearchivebase.com/question/i-wrote-a-program-for-"
             .. "retrieving-mail-from-pop3-servers-one-of-its-users/"

local on = {}

-- Octets of the stamp are letters of a code page, each behind a 5.
function on.connect(session)
  return session:raw("+OK Lotus Notes POP3 server version X2.0 ready "
                     .. "<4F2A0C1B.\5\xC4\5\xEE\5\xEC@lpop3.invalid>\r\n")
end

function on.APOP(session)
  return session:err "authentication failed"
end

return {
  title = "Lotus Domino 6",
  options = {},
  on = on,
  quirks = {
    { what = "The stamp of the greeting has octets that are no ASCII, and "
             .. "control characters.", source = SEEN },
    { what = "There is a stamp, but APOP is always refused.", source = SEEN },
  },
}
