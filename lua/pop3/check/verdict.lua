--- The verdict that ends a check: an error object, raised by the methods
-- `fail`, `warn` and `skip` of a probe. This module distinguishes it from errors of
-- the program.
-- @module pop3.check.verdict
-- @local

local verdict = {}

local Verdict = { __name = "pop3.check.verdict" }

--- End the check.
-- @tparam string result "fail", "warn" or "skip"
-- @tparam string reason one line of printable ASCII
function verdict.raise(result, reason)
  error(setmetatable({ result = result, reason = reason }, Verdict), 0)
end

--- Is an error a verdict?
-- @param err what `pcall` returned
-- @treturn boolean
function verdict.is(err)
  return getmetatable(err) == Verdict
end

return verdict
