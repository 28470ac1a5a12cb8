"""poplib_all.py PORT USER PASSWORD: RETRs every message, prints the octets."""
import poplib
import sys

m = poplib.POP3("127.0.0.1", int(sys.argv[1]))
m.user(sys.argv[2])
m.pass_(sys.argv[3])
print(sum(m.retr(n)[2] for n in range(1, m.stat()[0] + 1)))
m.quit()
