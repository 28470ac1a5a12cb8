"""poplib_all.py PORT USER PASSWORD [CAFILE]: RETRs every message, prints the
octets; with CAFILE over TLS."""
import poplib
import ssl
import sys

if len(sys.argv) > 4:
    context = ssl.create_default_context(cafile=sys.argv[4])
    m = poplib.POP3_SSL("127.0.0.1", int(sys.argv[1]), context=context)
else:
    m = poplib.POP3("127.0.0.1", int(sys.argv[1]))
m.user(sys.argv[2])
m.pass_(sys.argv[3])
print(sum(m.retr(n)[2] for n in range(1, m.stat()[0] + 1)))
m.quit()
