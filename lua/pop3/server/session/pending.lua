--- What keeps a session from answering the next command. Most of the time there
-- is nothing: it is in the field `rare`, a table that is only there while something
-- is in it, and false otherwise.
--
-- - `task`: a handler that has yielded (`co`), and when it goes on (`at`)
-- - `ahead`: octets of the replies before the present one, which may leave
-- - `hold`: until when nothing else may
-- - `drip`: how the present reply leaves
-- - `source`: where the rest of the present body comes from
-- - `bare`: these are octets as they are, not those of a body
-- - `cut`: how the link ends after the present reply
-- - `ending`: how the link ends once all is sent
-- - `upgrade`: TLS begins once all is sent
-- @module pop3.session.rare
-- @local

--- Put something in, or with nil take it out.
local function set(session, name, value)
  local rare = session.rare
  if not rare then
    if value == nil then return end
    rare = {}
    session.rare = rare
  end
  rare[name] = value
  if value == nil and next(rare) == nil then session.rare = false end
end

--- What there is of that name; false or nil if there is nothing.
local function get(session, name)
  local rare = session.rare
  return rare and rare[name]
end

return { get = get, set = set }
