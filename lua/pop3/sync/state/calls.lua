--- The calls of a state that write entries (`pop3.sync.state`), over one function that
-- writes: which status each gives to an entry, and what it returns.
-- @module pop3.sync.state.calls
-- @local

--- Add `intend`, `done` and `failed` to a class of states.
-- @tparam table class
-- @tparam function put called with the state, a list of entries, the status of those
-- that have none, and the argument `lazily` of `done`; it returns true, or nil, message,
-- code. The name of an entry that has been recorded before is in its field `name`
return function(class, put)
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
end
