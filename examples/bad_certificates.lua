-- Does a mail program refuse the certificates that it must refuse? This runs a
-- command against seven servers: six have a bad certificate, the last a good one.
--
--   lua5.4 examples/bad_certificates.lua 'COMMAND'
--
-- The command finds $PORT (implicit TLS on localhost) and $CAFILE in its
-- environment and logs in as user mrose with the password secret. It should fail
-- with all servers but the last:
--
--   curl -s --cacert $CAFILE --user mrose:secret pop3s://localhost:$PORT/

local pop3 = require "pop3"

local command = ...
if not command then
  io.stderr:write "usage: bad_certificates.lua 'COMMAND'\n"
  os.exit(2)
end

local careless = 0
for _, certificate in ipairs { "expired", "not-yet-valid", "wrong-host",
                               "untrusted", "self-signed", "weak-key",
                               "auto" } do
  local server = assert(pop3.server.new {
    tls = certificate, implicit = true, users = { mrose = {
      password = "secret", mail = { "Subject: hello\r\n\r\nhello\r\n" } } },
  })
  local run <close> = server:fork()
  local went = os.execute(("export PORT=%d CAFILE='%s'; { %s; } >/dev/null 2>&1")
                          :format(run.port, run.cafile, command))
  local told = run:count "PASS" + run:count "AUTH" + run:count "APOP" > 0
  local good = (went == true) == (certificate == "auto")
               and told == (certificate == "auto")
  if not good then careless = careless + 1 end
  print(("%-14s %-9s %-28s %s"):format(certificate,
    went and "accepted" or "refused",
    told and "it sent the password" or "it sent no password",
    good and "ok" or "NOT OK"))
end
os.exit(careless == 0, true)
