--- The calls of a state (`pop3.sync.state`) that are the same wherever it is kept: they
-- record entries, and keep the table that `seen` returns up to date.
-- @module pop3.sync.state.calls
-- @local

local record = require "pop3.sync.record"

local FORGOTTEN = "forgotten"

--- Give a class the calls `seen`, `intend`, `done` and `failed`. An object has the fields
-- `entries` (what `seen` returns) and `read_only`.
-- @tparam table class
-- @tparam function write `function(self, list, packed, lazily)` records entries, as the
-- contract says: true; or nil, message, code. `packed` has the record of each entry as
-- text, false for one that is forgotten
-- @treturn function the call of all: `function(self, list, status, lazily)`; `status` is
-- for entries without one
return function(class, write)
  local function put(self, list, status, lazily)
    if self.read_only then return nil, "the state is open for reading", "state" end
    local packed = {}
    for i, e in ipairs(list) do
      e.status = e.status or status
      packed[i] = e.status ~= FORGOTTEN and record.pack(e)
    end
    local ok, message, code = write(self, list, packed, lazily)
    if not ok then return nil, message, code end
    local entries = self.entries
    for i, e in ipairs(list) do
      entries[record.key(e.uid, e.nth)] = packed[i] or nil
    end
    return true
  end

  function class:seen()
    return self.entries
  end

  function class:intend(list)
    local ok, message, code = put(self, list, "intent")
    if not ok then return nil, message, code end
    local names = {}
    for i, e in ipairs(list) do names[i] = e.name or false end
    return names
  end

  function class:done(list, lazily)
    return put(self, list, "delivered", lazily)
  end

  function class:failed(list)
    return put(self, list, "failed")
  end

  return put
end
