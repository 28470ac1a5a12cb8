/*
** stream_fuzz.c - the part parser: what comes in pieces is told as what comes
** at once. The first octets of the input are limits and the seed of the cuts.
*/
#include "cuts.h"
#include "mail.h"

/* The octets of one part, joined from their pieces. */
static uint64_t hash_of (uint64_t h, pop3_span s) {
  size_t i;
  for (i = 0; i < s.n; i++)
    h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
  return h;
}

static void note_event (pop3_buf *seen, const pop3_mime_ev *ev,
                        uint64_t *octets) {
  if (ev->type == POP3_MIME_DATA) {
    *octets = hash_of(*octets, ev->data);
    return;
  }
  note_number(seen, *octets);
  *octets = 0;
  note_number(seen, (uint64_t)ev->type);
  note_number(seen, ev->level);
  note_number(seen, ev->at);
  if (ev->type != POP3_MIME_HEAD) {
    note_number(seen, ev->closed);
    return;
  }
  note_span(seen, ev->data);
  note_number(seen, ev->body);
  note_number(seen, (uint64_t)ev->kind);
  note_number(seen, (uint64_t)ev->code);
  note_number(seen, ev->flags);
  note_number(seen, ev->cut);
}

/* Feed 'in' in pieces; octets that are not taken must be given again. */
static void parse (pop3_span in, const pop3_limits *lim, uint32_t seed,
                   pop3_buf *seen) {
  pop3_mime m;
  pop3_mime_ev ev;
  uint64_t octets = 0;
  size_t given = 0;
  cuts c = { seed };
  pop3_span left = { in.p, 0 };
  NEED(pop3_mime_init(&m, fuzz_mem(), lim) == 0);
  do {
    size_t n = in.n - given;
    int r;
    if (n > 0) n = cuts_next(&c, n);
    given += n;
    left.n += n;
    while ((r = pop3_mime_next(&m, &left, given == in.n, &ev)) > 0)
      note_event(seen, &ev, &octets);
    NEED(r == 0);
    NEED(left.n <= lim->header + 2 * POP3_MIME_LINE + n);
  } while (given < in.n);
  NEED(left.n == 0);
  pop3_mime_free(&m);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  pop3_limits lim = { 0, 0, 0, 0, 0, 0 };
  pop3_buf whole, pieces;
  pop3_span in;
  if (n < 4) return 0;
  lim.depth = 1 + data[0] % 8;
  lim.parts = 1 + data[1] % 32;
  lim.header = 1 + data[2] * 4u;
  in.p = (const char *)data + 4;
  in.n = n - 4;
  pop3_buf_init(&whole, fuzz_mem());
  pop3_buf_init(&pieces, fuzz_mem());
  parse(in, &lim, 0, &whole);
  parse(in, &lim, 1u + data[3], &pieces);
  NEED(same(&whole, &pieces));
  pop3_buf_free(&whole);
  pop3_buf_free(&pieces);
  return 0;
}
