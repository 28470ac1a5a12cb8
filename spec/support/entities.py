#!/usr/bin/env python3
"""Writes csrc/mail/entity.c: the character references of HTML (13.5).

The names are those of https://html.spec.whatwg.org/entities.json, which Python
has as html.entities.html5. Run it as

    spec/support/entities.py > csrc/mail/entity.c
"""
from html.entities import html5

CHUNK = 4000      # octets of a string literal; C99 promises 4095

names = {}
for name, text in html5.items():
    plain = name.rstrip(";")
    legacy = not name.endswith(";")
    names[plain] = (text, names.get(plain, (text, False))[1] or legacy)

chunks, rows, room = [""], [], CHUNK
size = 0


def escape(octet):
    if octet in b'"\\?':
        return "\\" + chr(octet)
    return chr(octet) if 32 <= octet < 127 else "\\%03o" % octet


lines = [[]]
for plain in sorted(names, key=lambda n: n.encode()):
    text, legacy = names[plain]
    octets = plain.encode() + text.encode("utf-8")
    if size + len(octets) > CHUNK:
        lines.append([])
        size = 0
    rows.append("{%d, %d, %d, %d, %d}" % (len(lines) - 1, legacy, size,
                                          len(plain), len(text.encode("utf-8"))))
    lines[-1].append("".join(escape(o) for o in octets))
    size += len(octets)

print("""/*
** entity.c - character references of HTML (13.5). Generated: see
** spec/support/entities.py; do not edit. Source of the names:
** https://html.spec.whatwg.org/entities.json
*/
#include <string.h>

#include "entity.h"

/* Names, each with its text after it. */
static const char *const chunks[] = {""")
for i, chunk in enumerate(lines):
    out, line = [], ""
    for piece in chunk:
        if len(line) + len(piece) > 70:
            out.append('  "%s"' % line)
            line = ""
        line += piece
    out.append('  "%s"' % line)
    print("\n".join(out) + ("," if i + 1 < len(lines) else ""))
print("""};

typedef struct row {
  unsigned char chunk, legacy;
  unsigned short at;
  unsigned char nname, ntext;
} row;

static const row rows[] = {   /* sorted by name */""")
line = " "
for i, row in enumerate(rows):
    piece = " " + row + ("," if i + 1 < len(rows) else "")
    if len(line) + len(piece) > 79:
        print(line)
        line = " "
    line += piece
print(line)
print("""};

int pop3_entity_find (const char *name, size_t n, pop3_span *text) {
  size_t low = 0, high = sizeof rows / sizeof rows[0];
  while (low < high) {
    size_t mid = (low + high) / 2;
    const row *r = &rows[mid];
    const char *p = chunks[r->chunk] + r->at;
    int d = memcmp(p, name, r->nname < n ? r->nname : n);
    if (d == 0 && r->nname == n) {
      text->p = p + n;
      text->n = r->ntext;
      return r->legacy ? 2 : 1;
    }
    if (d < 0 || (d == 0 && r->nname < n)) low = mid + 1;
    else high = mid;
  }
  return 0;
}""")
