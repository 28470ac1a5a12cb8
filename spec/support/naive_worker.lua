--- A worker of a fleet as a programmer might first write it: a lease without a fence, and
-- file names that each attempt makes up. The proof of a fleet (`spec.support.proof`)
-- must find its faults.
--
-- | order | it does | what goes wrong |
-- |---|---|---|
-- | usual | deliver, record, DELE | copies |
-- | record first | record, deliver, DELE | losses |
-- | DELE first | deliver, DELE, record | DELE without a record |

local core = require "pop3.core"
local pop3 = require "pop3"
local sql = require "pop3.sql"

local CLAIM = [[update pop3_account set worker = $1, due = now() + interval '1 hour'
  where id = (select id from pop3_account where due <= now() order by due limit 1
              for update skip locked) returning id, username, port]]

local SEEN = "select 1 from pop3_seen where account = $1 and uid = $2"

local RECORD = [[insert into pop3_seen (account, uid, nth, state, fence, seq, first_seen)
  values ($1, $2, 1, 'delivered', 0, 0, 0) on conflict do nothing]]

local RELEASE = [[update pop3_account set worker = null,
  due = now() + interval '1 hour' where id = $1 and worker = $2]]

-- The steps of a message.
local function steps(at, db, row, session, box)
  return {
    record = function(_, uid)
      at "record"
      assert(db:query(RECORD, row.id, uid))
      at "recorded"
    end,
    deliver = function(n)
      at "commit"
      local octets = session:retr(n)
      if not octets then return false end
      assert(box:deliver(octets))
      at "committed"
    end,
    delete = function(n, _, keep)
      at "DELE"
      if not keep then session:dele(n) end
    end,
  }
end

local orders = {
  usual = { "deliver", "record", "delete" },
  ["record first"] = { "record", "deliver", "delete" },
  ["DELE first"] = { "deliver", "delete", "record" },
}

local function run(place, opts, db, row, order)
  local session = pop3.connect { host = "127.0.0.1", port = row.port, tls = "none",
    user = row.username, password = "secret", mechs = { "USER" } }
  if not session then return end
  local at = opts.hook
  local box = pop3.maildir(place.mail .. "/" .. row.username)
  local step = steps(at, db, row, session, box)
  for n, uid in ipairs(session:uidl() or {}) do
    if not assert(db:query(SEEN, row.id, uid))[1] then
      for _, name in ipairs(orders[order]) do
        if step[name](n, uid, place.opts.accounts.keep) == false then break end
      end
    end
  end
  at "quit"
  session:quit()
end

--- Make what `proof.site` takes as `work`. The worker ends after SIGTERM.
return function(order)
  return function(place, opts)
    local db <close> = assert(sql.open { url = opts.store.url })
    local signals <close> = assert(core.signals("TERM"))
    while not core.poll(signals:getfd(), "r", 0) do
      local row = assert(db:query(CLAIM, opts.worker))[1]
      if row then
        opts.hook "claimed"
        run(place, opts, db, row, order)
        assert(db:query(RELEASE, row.id, opts.worker))
        opts.hook "released"
      else
        core.poll(signals:getfd(), "r", 0.02)
      end
    end
  end
end
