-- A configuration of `pop3 fetch`. Copy it to ~/.config/lpop3/fetch.lua, and change the
-- hosts, the users and the commands for the passwords.
--
--   pop3 fetch              all accounts
--   pop3 fetch work         one of them
--   pop3 fetch --dry-run    what would be done
--
-- A key of an account is an option of pop3.connect (host, user, tls, cafile, proxy,
-- timeout, ...), an option of pop3.sync (keep, filter, max_size, ...), the delivery
-- (maildir, mbox, lmtp, pipe) or the source of the secret (password_command,
-- token_command, password_file, netrc).

return {
  -- for every account that does not set the same key
  defaults = {
    keep = 14,                       -- days on the server; true: all; false: none
    set_aside = "~/Mail/set-aside",  -- messages that failed in five runs
  },

  accounts = {
    work = {
      url = "pops://mrose@mail.example",
      password_command = "pass show mail/work",   -- its first line
      maildir = "~/Mail/work",
    },

    -- the same password command, another user and another place
    lists = {
      inherit = "work",
      url = "pops://ann@mail.example",
      mbox = "~/Mail/lists.mbox",  -- in place of the maildir
      max_size = 1000000,            -- octets; larger messages wait
      filter = function(message)     -- it sees the header
        if message.subject == "spam" then return "skip" end
        return "fetch"
      end,
    },
  },
}
