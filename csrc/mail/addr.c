/*
** addr.c - address lists (RFC 5322 3.4 and 4.4), broken ones included.
**
** A list is read item by item: the tokens up to the next separator are
** gathered, then made into addresses. Encoded-words become tokens before any
** other character is read, since senders leave specials in them. An item with an
** angle address is one mailbox, whatever is around it; without one it may contain
** no address (", ,"), or several if separators are missing.
** Comments are kept as tokens, since one after an address may be its name.
*/
#include <string.h>

#include "../base/ascii.h"
#include "../base/utf8.h"
#include "addr.h"
#include "word.h"

enum { WORD_BEGINS = 256, ATOM_BEGINS };    /* in set_token */

enum { ATOM, WORD, QUOTED, LITERAL, COMMENT, LESS, GREATER, AT };

typedef struct token {
  unsigned char kind;
  unsigned char blank;     /* white space or a comment before it */
  uint32_t at, n;          /* without quotes, brackets, parentheses */
} token;

void pop3_addrs_init (pop3_addrs *a, pop3_conv *c, pop3_mem mem) {
  memset(a, 0, sizeof *a);
  a->conv = c;
  pop3_buf_init(&a->toks, mem);
  pop3_buf_init(&a->plain, mem);
  pop3_buf_init(&a->name, mem);
  pop3_buf_init(&a->address, mem);
  pop3_buf_init(&a->group, mem);
}

void pop3_addrs_free (pop3_addrs *a) {
  pop3_buf_free(&a->toks);
  pop3_buf_free(&a->plain);
  pop3_buf_free(&a->name);
  pop3_buf_free(&a->address);
  pop3_buf_free(&a->group);
}

void pop3_addrs_start (pop3_addrs *a, pop3_span value) {
  if (value.n > UINT32_MAX) value.n = UINT32_MAX;
  a->in = value;
  a->at = 0;
  a->toks.n = a->done = 0;
  a->nowords = 0;
  a->controls = value.n > 0 && (memchr(value.p, '\0', value.n) != NULL ||
                                memchr(value.p, '\r', value.n) != NULL ||
                                memchr(value.p, '\n', value.n) != NULL);
  a->in_group = a->have = a->noquote = a->nocomment = a->sep = 0;
}

static size_t ntokens (const pop3_addrs *a) {
  return a->toks.n / sizeof(token);
}

static const token *tok (const pop3_addrs *a, size_t i) {
  return (const token *)(const void *)a->toks.p + i;
}

static const char *text (const pop3_addrs *a, const token *t) {
  return a->in.p + t->at;
}

/* ------------------------------------------------------------- tokens */

static int isatom (char c) {
  switch (c) {
    case ' ': case '\t': case '\r': case '\n': case '"': case '(': case ')':
    case ',': case ':': case ';': case '<': case '>': case '@': return 0;
    default: return 1;
  }
}

/*
** Is the character at 'p' skipped: a blank, a quote or parenthesis that is
** never closed, a parenthesis that was never opened? After a quote or comment
** without an end no other one is tried, so that the time stays linear.
*/
static int istrash (pop3_addrs *a, const char *p, const char *e) {
  if (*p == '"' && !a->noquote) a->noquote = pop3_skip_quoted(p, e) == NULL;
  if (*p == '(' && !a->nocomment)
    a->nocomment = pop3_skip_comment(p, e) == NULL;
  return pop3_isspace(*p) || *p == ')' || (*p == '"' && a->noquote) ||
         (*p == '(' && a->nocomment);
}

/*
** One past the domain literal (RFC 5322 3.4.1) at 'p', or NULL: a bracket that
** is not closed, or not closed before the next address, is text.
*/
static const char *skip_literal (const char *p, const char *e) {
  for (p++; p < e; p++) {
    if (*p == ']') return p + 1;
    if (*p == '<' || *p == '>' || *p == ',' || *p == '"' || *p == '@') break;
  }
  return NULL;
}

/*
** Does an encoded-word begin at 'p', which is "="? Its end is noted. A word
** that has no end is not searched for again before a->nowords.
*/
static int starts_word (pop3_addrs *a, const char *p, const char *e) {
  const char *end;
  if (e - p < 2 || p[1] != '?' || (size_t)(p - a->in.p) < a->nowords) return 0;
  if (pop3_word_at(p, e, &end)) {
    a->wordend = (size_t)(end - a->in.p);
    return 1;
  }
  a->nowords = (size_t)(end - a->in.p);
  return 0;
}

/*
** Set the token that begins at 'p', in the text from 'b' on, and return one
** past it. A literal is one only if it may be: 'domain'.
*/
static const char *set_token (pop3_addrs *a, token *t, const char *p,
                              int domain) {
  const char *b = a->in.p, *e = b + a->in.n;
  const char *from = p + 1, *q = NULL, *end;
  int c = (unsigned char)*p;
  if (c == '[') q = domain ? skip_literal(p, e) : NULL;
  if (c == '=' && starts_word(a, p, e)) {
    q = b + a->wordend;
    c = WORD_BEGINS;
  }
  if (c == '[' && q == NULL) c = ATOM_BEGINS;
  switch (c) {
    case '"':
      t->kind = QUOTED;
      q = pop3_skip_quoted(p, e);
      end = q - 1;
      break;
    case '(':
      t->kind = COMMENT;
      q = pop3_skip_comment(p, e);
      end = q - 1;
      break;
    case '[':
      t->kind = LITERAL;
      end = q - 1;
      break;
    case WORD_BEGINS:
      t->kind = WORD;
      from = p;
      end = q;
      break;
    case '<': case '>': case '@':
      t->kind = *p == '<' ? LESS : *p == '>' ? GREATER : AT;
      q = end = from;
      break;
    default:
      t->kind = ATOM;
      from = p;
      for (q = p + 1; q < e && isatom(*q); q++)
        if (*q == '=' && starts_word(a, q, e)) break;
      end = q;
      break;
  }
  t->at = (uint32_t)(from - b);
  t->n = (uint32_t)(end - from);
  return q;
}

/* Read the token at a->at; 0 at a separator and at the end. */
static int next_token (pop3_addrs *a, token *t) {
  const char *b = a->in.p, *e = b + a->in.n, *p = b + a->at;
  size_t n = ntokens(a);
  memset(t, 0, sizeof *t);
  for (; p < e && istrash(a, p, e); p++)
    if (pop3_isspace(*p)) t->blank = 1;
  a->at = (size_t)(p - b);
  if (p == e || *p == ',' || *p == ';' || *p == ':') return 0;
  p = set_token(a, t, p, n > 0 && tok(a, n - 1)->kind == AT);
  a->at = (size_t)(p - b);
  return 1;
}

/* ------------------------------------------------------------- rendering */

/* Append the content of quotes or parentheses, quoted-pairs decoded. */
static int add_unquoted (pop3_buf *b, const char *p, size_t n) {
  const char *e = p + n;
  if (n > 0 && memchr(p, '\\', n) == NULL) return pop3_buf_add(b, p, n);
  for (; p < e; p++) {
    if (*p == '\\' && p + 1 < e) p++;
    if (pop3_buf_addc(b, *p) != 0) return POP3_ENOMEM;
  }
  return 0;
}

/* Decode a->plain to a->name; a name of blanks only is empty. */
static int set_name (pop3_addrs *a) {
  pop3_span s = pop3_span_of(a->plain.p, a->plain.n);
  a->name.n = 0;
  if (s.n == 0 || pop3_trim(s).n == 0) return 0;
  return pop3_words(a->conv, s, &a->name);
}

static int add_bare (pop3_buf *b, const char *p, size_t n) {
  size_t i;
  for (i = 0; i < n; i++)
    if (!pop3_isspace(p[i]) && pop3_buf_addc(b, p[i]) != 0)
      return POP3_ENOMEM;
  return 0;
}

/* Append a domain literal without white space. */
static int add_literal (const pop3_addrs *a, pop3_buf *b, const token *t) {
  int err = pop3_buf_addc(b, '[');
  if (err == 0) err = add_bare(b, text(a, t), t->n);
  return err != 0 ? err : pop3_buf_addc(b, ']');
}

/* Append the tokens [i, j) as a name: one space where there are blanks. */
static int phrase (pop3_addrs *a, size_t i, size_t j, pop3_buf *b) {
  int blank = 0, err = 0;
  for (; i < j && err == 0; i++) {
    const token *t = tok(a, i);
    blank |= t->blank;
    if (t->kind == COMMENT) {
      blank = 1;
      continue;
    }
    if (blank && b->n > 0) err = pop3_buf_addc(b, ' ');
    blank = 0;
    if (err != 0) break;
    if (t->kind == QUOTED) err = add_unquoted(b, text(a, t), t->n);
    else if (t->kind == LITERAL) err = add_literal(a, b, t);
    else if (t->kind == AT) err = pop3_buf_addc(b, '@');
    else if (t->kind == LESS) err = pop3_buf_addc(b, '<');
    else if (t->kind == GREATER) err = pop3_buf_addc(b, '>');
    else err = pop3_buf_add(b, text(a, t), t->n);
  }
  return err;
}

/* Can the local part 's' be without quotes: is it a dot-atom? */
static int isdotatom (pop3_span s) {
  size_t i;
  if (s.n == 0 || s.p[0] == '.' || s.p[s.n - 1] == '.') return 0;
  for (i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c == '.' && s.p[i - 1] == '.') return 0;
    if (c <= ' ' || c == 127 || c == '\\' || c == '[' || c == ']' ||
        !isatom(s.p[i]))
      return 0;
  }
  return 1;
}

/* Append 'local' in quotes. */
static int add_quoted (pop3_buf *b, pop3_span local) {
  size_t i;
  int err = pop3_buf_addc(b, '"');
  for (i = 0; i < local.n && err == 0; i++) {
    char c = local.p[i];
    if (c == '"' || c == '\\') err = pop3_buf_addc(b, '\\');
    if (err == 0) err = pop3_buf_addc(b, c);
  }
  return err != 0 ? err : pop3_buf_addc(b, '"');
}

/*
** Append the tokens [i, j) to 'b' with nothing between them and without
** quotes; '*quoted' is set if there were some.
*/
static int join (pop3_addrs *a, size_t i, size_t j, pop3_buf *b,
                 int *quoted) {
  int err = 0;
  for (; i < j && err == 0; i++) {
    const token *t = tok(a, i);
    if (t->kind == QUOTED) {
      *quoted = 1;
      err = add_unquoted(b, text(a, t), t->n);
    }
    else if (t->kind == LITERAL) err = add_literal(a, b, t);
    else if (t->kind == ATOM || t->kind == WORD)
      err = pop3_buf_add(b, text(a, t), t->n);
    else if (t->kind == AT) err = pop3_buf_addc(b, '@');
  }
  return err;
}

/* Drop line ends and NULs, which no address may hold. */
static void drop_controls (pop3_buf *b) {
  size_t i, n = 0;
  for (i = 0; i < b->n; i++)
    if (b->p[i] != '\r' && b->p[i] != '\n' && b->p[i] != '\0')
      b->p[n++] = b->p[i];
  b->n = n;
}

/*
** Set a->address to the tokens [i, j). The local part is everything before
** the last "@"; it keeps its quotes if it needs them.
*/
static int set_address (pop3_addrs *a, size_t i, size_t j) {
  size_t k, at = j;
  int quoted = 0, err;
  pop3_span local;
  for (k = i; k < j; k++)
    if (tok(a, k)->kind == AT) at = k;
  a->plain.n = a->address.n = 0;
  err = join(a, i, at, &a->plain, &quoted);
  if (a->controls) drop_controls(&a->plain);
  local = pop3_span_of(a->plain.p, a->plain.n);
  if (err == 0 && quoted && !isdotatom(local)) {
    pop3_buf q = a->name;                 /* a buffer not in use now */
    q.n = 0;
    err = add_quoted(&q, local);
    a->name = q;
    local = pop3_span_of(q.p, q.n);
  }
  if (err == 0) err = pop3_utf8_guess(&a->address, local);
  a->name.n = a->plain.n = 0;
  if (err == 0) err = join(a, at, j, &a->plain, &quoted);
  if (a->controls) drop_controls(&a->plain);
  if (err != 0) return err;
  return pop3_utf8_guess(&a->address, pop3_span_of(a->plain.p, a->plain.n));
}

/* ------------------------------------------------------------- items */

/*
** Gather the tokens of the item at a->at, up to a separator outside of <>.
** After a colon the item is the name of a group. a->sep is the separator, 0
** at the end.
*/
static int gather (pop3_addrs *a) {
  int angle = 0, route = 0;
  a->toks.n = a->done = 0;
  a->have = 0;
  for (;;) {
    token t;
    if (next_token(a, &t)) {
      if (angle == 1 && t.kind != COMMENT) {
        route = t.kind == AT;              /* "<@relay,@relay:joe@home>" */
        angle = 2;
      }
      if (t.kind == LESS) angle = 1;
      else if (t.kind == GREATER) angle = 0;
      if (pop3_buf_add(&a->toks, (const char *)&t, sizeof t) != 0)
        return POP3_ENOMEM;
      continue;
    }
    a->sep = a->at < a->in.n ? (unsigned char)a->in.p[a->at++] : 0;
    if (angle && a->sep == ':') {          /* drop a route or "mailto:" */
      size_t i = ntokens(a);
      while (tok(a, i - 1)->kind != LESS) i--;
      a->toks.n = i * sizeof(token);
      route = 0;
    }
    else if (!angle || !route || a->sep != ',') return 0;
  }
}

static int joins (const pop3_addrs *a, const token *t, int atend) {
  if (t->kind == AT) return 1;
  return t->kind == ATOM && text(a, t)[atend ? t->n - 1 : 0] == '.';
}

/*
** One past the chunk at 'i': atoms that "." and "@" connect, with or without
** blanks. '*at' is set if there is an "@" in it.
*/
static size_t chunk (pop3_addrs *a, size_t i, size_t n, int *at) {
  const token *last = NULL;
  *at = 0;
  for (; i < n; i++) {
    const token *t = tok(a, i);
    if (t->kind == LESS || t->kind == GREATER) break;
    if (t->kind == COMMENT) continue;
    if (last != NULL && !joins(a, last, 1) && !joins(a, t, 0) && t->blank)
      break;
    if (last != NULL && last->kind == LITERAL && t->kind != AT) break;
    if (t->kind == AT) *at = 1;
    last = t;
  }
  while (i > 0 && last != NULL && tok(a, i - 1) != last) i--;
  return i;
}

/* The comment at 'i', if there is one, is the name of the address. */
static int name_after (pop3_addrs *a, size_t i) {
  if (i < ntokens(a) && tok(a, i)->kind == COMMENT) {
    const token *t = tok(a, i);
    pop3_span s = pop3_trim(pop3_span_of(text(a, t), t->n));
    a->plain.n = 0;
    if (add_unquoted(&a->plain, s.p, s.n) != 0) return POP3_ENOMEM;
    return set_name(a);
  }
  a->name.n = 0;
  return 0;
}

/* The name is the phrase [i, j), or if that is empty the comment at 'after'. */
static int name_before (pop3_addrs *a, size_t i, size_t j, size_t after) {
  a->plain.n = 0;
  if (phrase(a, i, j, &a->plain) != 0) return POP3_ENOMEM;
  if (a->plain.n == 0) return name_after(a, after);
  return set_name(a);
}

/* The address at the "<" at 'less'; what follows its ">" is dropped. */
static int angle_address (pop3_addrs *a, size_t less) {
  size_t n = ntokens(a), more = less + 1;
  int err;
  while (more < n && tok(a, more)->kind != GREATER) more++;
  a->done = n;
  err = set_address(a, less + 1, more);
  if (err == 0)
    err = name_before(a, 0, less, more < n ? more + 1 : n);
  a->have = 1;
  return err != 0 ? err : 1;
}

/* The first "<" that an "@" follows within, else the first "<", else n. */
static size_t find_angle (const pop3_addrs *a, size_t n) {
  size_t i, first = n, less = n;
  for (i = 0; i < n; i++) {
    int kind = tok(a, i)->kind;
    if (kind == LESS) {
      if (i == 0 || tok(a, i - 1)->kind != LESS) less = i;
      if (first == n) first = i;
    }
    else if (kind == GREATER) less = n;
    else if (kind == AT && less < n) return less;
  }
  return first;
}

/* Do the tokens [i, j) have an encoded-word? Then they are not an address. */
static int has_word (const pop3_addrs *a, size_t i, size_t j) {
  for (; i < j; i++)
    if (tok(a, i)->kind == WORD) return 1;
  return 0;
}

/* An item without an address: words, which are a name or a remark. */
static int words_only (pop3_addrs *a, size_t start, size_t words) {
  size_t n = ntokens(a), end;
  int at, err;
  a->done = n;
  if (words == 0 || a->have) return 0;
  a->have = 1;
  while (tok(a, start)->kind == COMMENT) start++;
  end = chunk(a, start, n, &at);
  if (words > 1 || has_word(a, start, end)) {
    a->address.n = 0;
    err = name_before(a, start, n, n);
  }
  else {
    err = set_address(a, start, end);
    if (err == 0) err = name_after(a, end);
  }
  return err != 0 ? err : 1;
}

/*
** The next address of the gathered tokens, from a->done on: 1 if there is
** one. Words before an address are its name.
*/
static int item (pop3_addrs *a) {
  size_t n = ntokens(a), start = a->done, i, words = 0, end;
  int at, err;
  if (start == 0 && (i = find_angle(a, n)) < n) return angle_address(a, i);
  i = start;
  while (i < n) {
    if (tok(a, i)->kind == COMMENT || tok(a, i)->kind == GREATER) {
      i++;
      continue;
    }
    end = chunk(a, i, n, &at);
    if (end == i) end++;
    if (at) {
      a->done = end;
      err = set_address(a, i, end);
      if (err == 0) err = name_before(a, start, i, end);
      a->have = 1;
      return err != 0 ? err : 1;
    }
    words++;
    i = end;
  }
  return words_only(a, start, words);
}

/* The gathered tokens are the name of a group. */
static int begin_group (pop3_addrs *a) {
  a->plain.n = 0;
  if (phrase(a, 0, ntokens(a), &a->plain) != 0) return POP3_ENOMEM;
  a->in_group = 1;
  a->group.n = 0;
  a->toks.n = a->done = 0;
  return pop3_words(a->conv, pop3_span_of(a->plain.p, a->plain.n), &a->group);
}

int pop3_addrs_next (pop3_addrs *a, pop3_address *out) {
  for (;;) {
    int r = item(a);
    if (r < 0) return r;
    if (r == 1 && (a->address.n > 0 || a->name.n > 0)) {
      out->name = pop3_span_of(a->name.p, a->name.n);
      out->address = pop3_span_of(a->address.p, a->address.n);
      out->group = pop3_span_of(a->in_group ? "" : NULL, 0);
      if (a->in_group && a->group.n > 0)
        out->group = pop3_span_of(a->group.p, a->group.n);
      return 1;
    }
    if (r == 1) continue;
    if (a->sep == ';') a->in_group = 0;
    if (a->at >= a->in.n) return 0;
    r = gather(a);
    if (r == 0 && a->sep == ':') r = begin_group(a);
    if (r < 0) return r;
  }
}
