--- The six calls of `pop3.sync.state` over a store, for an account whose lease was taken:
-- `pop3.state.sql` and `pop3.fleet` have stores.
--
-- A store has
--
-- - `store:read(account, fence)` → rows of `seen.read`; or nil, message, code
-- - `store:write(account, fence, entries, opts)` → true; or nil, message, code.
--   `opts.lazily`: durable when the next call has returned; `opts.more`: statements of
--   the same transaction, after the one that takes the lock of the account's row
-- @module pop3.sync.state.over
-- @local

local calls = require "pop3.sync.state.calls"
local seen = require "pop3.sync.state.seen"

local FENCED = "another run has taken over the account"

local State = { __name = "pop3.state.sql.over" }
State.__index = State

local function fenced(self)
  self.fenced = true
  return nil, FENCED, "fenced"
end

function State:open(_, opts)
  self.read_only = opts and opts.read_only or false
  local rows, message, code = self.store:read(self.account, self.fence)
  if not rows then
    if code == "fenced" then return fenced(self) end
    return nil, message, code, { temporary = code ~= "sql" and code ~= "schema" }
  end
  self.entries = seen.entries(rows)
  return true
end

-- Statements that go into the transaction of the next call that writes.
-- @tparam {table,...} list of `{ text, parameter, ... }`; each must look at the fence
-- itself
function State:with(list)
  self.more = self.more or {}
  table.move(list, 1, #list, #self.more + 1, self.more)
end

-- The dialect of these statements, see `pop3.sql`.
function State:get_dialect()
  return self.store.dialect or "postgresql"
end

-- Record entries. The number of a write is part of its rows, see `pop3.sync.state.seen`.
local put = calls(State, function(self, list, _, lazily)
  if self.fenced then return fenced(self) end
  local more = self.more
  self.more = nil
  if #list == 0 and not more and (lazily or not self.is_lazy) then return true end
  self.seq = self.seq + 1
  for _, e in ipairs(list) do e.seq = self.seq end
  local ok, message, code = self.store:write(self.account, self.fence, list,
                                             { lazily = lazily, more = more })
  if not ok then
    if code == "fenced" then return fenced(self) end
    return nil, message, code
  end
  self.is_lazy = lazily
  return true
end)

-- Does this run still own the account? Deliveries call it before they undo something.
-- True; or nil, message, code.
function State:holds()
  if self.fenced then return fenced(self) end
  local ok, message, code = self.store:write(self.account, self.fence, {}, {})
  if not ok then
    if code == "fenced" then return fenced(self) end
    return nil, message, code
  end
  self.is_lazy = false
  return true
end

function State:close()
  local ok, message, code = true, nil, nil
  if self.entries and not self.read_only and not self.fenced then
    ok, message, code = put(self, {}, nil, false)
  end
  self.entries = nil
  if not ok then return nil, message, code end
  return true
end

--- Make a state.
-- @tparam table store
-- @tparam integer account
-- @tparam integer fence
-- @treturn state
local function new(store, account, fence)
  return setmetatable({ store = store, account = account, fence = fence, seq = 0 },
                      State)
end

return { State = State, new = new, FENCED = FENCED }
