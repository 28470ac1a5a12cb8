/*
** mail.h - reading of mail: from octets to fields, addresses, dates, parts
** and text. No input or output, no global state, no Lua.
**
** Everything here is tolerant: there is no mail that cannot be read, only
** mail of which less can be said. So functions fail for want of memory
** (POP3_ENOMEM) and for nothing else, unless their comment says more. How
** broken mail is read is decided in one place each: the file whose name says
** what it reads.
**
**      head.c   header block -> fields          word.c   text with =?words?=
**      addr.c   address lists                   date.c   dates
**      ident.c  message-ids                     param.c  type/sub; a=b
**      mime.c   octets -> part events           tree.c   the same as a table
**      code.c   base64, quoted-printable, uu    yenc.c   x-yenc
**      charset.c, label.c, utf8.c, utf7.c       octets -> UTF-8
**
** Spans given in must stay where they are while something that was made from
** them is in use. Results that are spans point into the input or into the
** object, and are good until the next call on that object.
*/
#ifndef POP3_MAIL_H
#define POP3_MAIL_H

#include "../base/ascii.h"
#include "../base/buf.h"
#include "../base/utf8.h"

/* ---------------------------------------------------------------- limits */

/*
** What a message may ask of us. The comments say why the number is what it
** is; 0 stands for the default. Beyond a limit the rest stays as it is,
** unread, and that it did is noted.
*/
typedef struct pop3_limits {
  size_t depth;      /* 100: containers around a part; real mail has < 10 */
  size_t parts;      /* 10000: parts in a message */
  size_t header;     /* 1 MiB: octets of one header block that are read */
  size_t fields;     /* 10000: fields of one header block */
  size_t params;     /* 1000: parameters of one field, sections included */
  size_t addresses;  /* 100000: addresses of one field */
} pop3_limits;

void pop3_limits_default (pop3_limits *l);           /* fills in the zeros */

/* ---------------------------------------------------------- HTML: html.c */

/*
** Append the readable text of HTML, which is UTF-8: blocks as paragraphs, lists
** with their marks, links with where they lead, entities undone, no scripts or
** styles; lines end in CRLF. POP3_ECHARSET when it is no UTF-8, or NOMEM.
*/
int pop3_html_text (pop3_buf *out, pop3_span in);

/* ------------------------------------------- charsets: label.c, charset.c */

/* How the octets of a charset are read. */
enum pop3_charset_kind {
  POP3_CS_UTF8, POP3_CS_1252, POP3_CS_UTF16LE, POP3_CS_UTF16BE, POP3_CS_UTF7,
  POP3_CS_USER,       /* x-user-defined */
  POP3_CS_SINGLE,     /* one octet, one character; table made by iconv */
  POP3_CS_SJIS, POP3_CS_EUCJP, POP3_CS_DOUBLE,       /* multibyte, by iconv */
  POP3_CS_GB18030, POP3_CS_2022JP, POP3_CS_HZ, POP3_CS_2022
};

typedef struct pop3_charset {
  const char *name;   /* what iconv calls it */
  unsigned char kind;
} pop3_charset;

/* The charset a label stands for (WHATWG Encoding 4.2); NULL: unknown. */
const pop3_charset *pop3_charset_find (pop3_span label);

/* One charset's conversion. */
typedef struct pop3_iconv {
  const pop3_charset *cs;   /* what the others are for, NULL: nothing */
  void *cd;                 /* an iconv_t */
  uint16_t high[128];       /* POP3_CS_SINGLE: the upper half */
} pop3_iconv;

/*
** Conversions that many converters share, one at a time: opening one costs as
** much as reading a small message. All zero is an empty set.
*/
#define POP3_ICONVS 16

typedef struct pop3_iconvs {
  pop3_iconv slot[POP3_ICONVS];
  unsigned next;            /* the one that gives way */
} pop3_iconvs;

void pop3_iconvs_free (pop3_iconvs *s);

/*
** A converter: what is worth keeping between conversions. Zeroed by 'init';
** 'free' may be called twice.
*/
typedef struct pop3_conv {
  pop3_iconvs *shared;      /* NULL: it has but its own */
  pop3_iconv own;
  pop3_iconv *at;           /* the last that was used, or NULL */
  pop3_buf tmp;             /* octets on their way */
  pop3_buf word;            /* octets of encoded-words */
} pop3_conv;

void pop3_conv_init (pop3_conv *c, pop3_mem mem);
void pop3_conv_share (pop3_conv *c, pop3_iconvs *shared);
void pop3_conv_free (pop3_conv *c);

/*
** Append 'in' as UTF-8. 'cs' NULL: UTF-8 if well-formed, else windows-1252.
** A byte order mark is dropped; what cannot be read becomes U+FFFD.
*/
int pop3_conv_text (pop3_conv *c, const pop3_charset *cs, pop3_span in,
                    pop3_buf *out);

/* The same: '*text' is 'in' if that is UTF-8 already, else in 'out', replaced. */
int pop3_conv_view (pop3_conv *c, const pop3_charset *cs, pop3_span in,
                    pop3_buf *out, pop3_span *text);

/* utf7.c (RFC 2152) */
int pop3_utf7 (pop3_buf *out, pop3_span in);

/* ------------------------------------------------ transfer codes: code.c */

enum pop3_code {
  POP3_CODE_NONE,      /* 7bit, 8bit, binary, or not given */
  POP3_CODE_BASE64,
  POP3_CODE_QP,
  POP3_CODE_UU,
  POP3_CODE_YENC,
  POP3_CODE_UNKNOWN
};

/* The code that the value of a Content-Transfer-Encoding field names. */
enum pop3_code pop3_code_find (pop3_span value);

#define POP3_CODE_HOLD 1024

/*
** A decoder, to be zeroed but for 'code'. The same octets come out however
** the input is cut.
*/
typedef struct pop3_decoder {
  enum pop3_code code;
  unsigned char state;       /* uu, yenc: before, within, after the data */
  unsigned char bol;         /* yenc: what of "=y" stands at a line start */
  unsigned char nq;          /* base64: digits in 'quad' */
  uint32_t quad;
  size_t nheld;              /* blanks, a cut escape or a line, kept back */
  char held[POP3_CODE_HOLD + 4];
} pop3_decoder;

void pop3_decoder_init (pop3_decoder *d, enum pop3_code code);

/* Append what 'in' decodes to; 'last' when nothing follows. */
int pop3_decode (pop3_decoder *d, pop3_span in, int last, pop3_buf *out);

/* yenc.c; writes at 'out', which has room for in.n octets; their end. */
char *pop3_yenc (pop3_decoder *d, pop3_span in, char *out);

/*
** encode.c: append 'in' encoded, lines of 76 with CRLF between them. In
** quoted-printable the line ends of 'in' stay line ends.
*/
int pop3_encode_base64 (pop3_buf *out, pop3_span in);
int pop3_encode_qp (pop3_buf *out, pop3_span in);

/*
** encode.c: append UTF-8 as the text of a field: as it is if it may stand
** there, else all of it in encoded-words, a space between them, in Q or B,
** whichever is shorter. POP3_ECHARSET when it is no UTF-8, or NOMEM.
*/
int pop3_encode_words (pop3_buf *out, pop3_span in);

/* ----------------------------------------------- header fields: head.c */

typedef struct pop3_field {
  pop3_span name;    /* as written, without the blanks before the colon */
  pop3_span value;   /* between colon and last line break, folded */
  size_t at;         /* offset in the block */
} pop3_field;

typedef struct pop3_head {
  pop3_span block;
  size_t at;
} pop3_head;

enum pop3_head_kind {
  POP3_HEAD_END, POP3_HEAD_FIELD,
  POP3_HEAD_JUNK,    /* a line without a colon, with what is folded to it */
  POP3_HEAD_MBOX     /* a leading "From " line */
};

/*
** The octets of the header block at the start of 'in', empty line included;
** 'in.n' if it does not end.
*/
size_t pop3_head_size (pop3_span in);

/* Next thing in h->block from h->at on; stops at the first empty line. */
enum pop3_head_kind pop3_head_next (pop3_head *h, pop3_field *f);

/* First field of that (lower case) name among the first 'max'; 0: none. */
int pop3_head_find (pop3_span block, const char *name, size_t max,
                    pop3_field *f);

/* The fields that say what a part is, as they stand; n is 0 without one. */
typedef struct pop3_about {
  pop3_span type, code, disposition, id;      /* Content-Type, and so on */
} pop3_about;

void pop3_about_find (pop3_span block, size_t max, pop3_about *a);

/*
** '*out' is the value unfolded and trimmed: part of it where nothing is
** folded, else in 'tmp' (whose content is replaced).
*/
int pop3_unfold (pop3_span value, pop3_buf *tmp, pop3_span *out);

/* ------------------------------------------------ encoded-words: word.c */

/* Append unfolded 'text' as UTF-8, its encoded-words decoded (RFC 2047). */
int pop3_words (pop3_conv *c, pop3_span text, pop3_buf *out);

/* ---------------------------------------------------- addresses: addr.c */

typedef struct pop3_address {
  pop3_span name;      /* UTF-8, may be empty */
  pop3_span address;   /* UTF-8 */
  pop3_span group;     /* UTF-8; p is NULL outside a group */
} pop3_address;

typedef struct pop3_addrs {
  pop3_conv *conv;
  pop3_span in;           /* unfolded value */
  size_t at;
  pop3_buf toks;          /* tokens of the item that is being read */
  size_t done;            /* how many of them are dealt with */
  pop3_buf plain;         /* name, before encoded-words */
  pop3_buf name, address, group;
  unsigned char in_group, have, named, noquote, nocomment, sep;
} pop3_addrs;

void pop3_addrs_init (pop3_addrs *a, pop3_conv *c, pop3_mem mem);
void pop3_addrs_free (pop3_addrs *a);

/* Begin with 'value', which is unfolded and must stay. */
void pop3_addrs_start (pop3_addrs *a, pop3_span value);

/* 1: the next address; 0: there is no more. */
int  pop3_addrs_next (pop3_addrs *a, pop3_address *out);

/* --------------------------------------------------------- dates: date.c */

typedef struct pop3_date {
  int year, month, day, hour, minute, second;    /* as written */
  int offset;       /* minutes east */
  int known;        /* 0: the local offset is not known (-00:00) */
  int64_t epoch;    /* seconds since 1970, UTC */
} pop3_date;

/* RFC 5322 3.3 and 4.3. 0: no date. */
int pop3_date_parse (pop3_span value, pop3_date *d);

/* "2026-11-23T08:00:00+01:00", 25 octets and a NUL. */
#define POP3_DATE_ISO 26
void pop3_date_iso (const pop3_date *d, char *out);

/* --------------------------------------------------- message-ids: ident.c */

/*
** 1: '*id' is the next <id> from '*at' on, outside quotes and comments,
** white space in it dropped, in 'out' (replaced). 0: there is no more.
*/
int pop3_ident_next (pop3_span value, size_t *at, pop3_buf *out);

/* The first id, else the bare value; 0: nothing that could be an id. */
int pop3_ident (pop3_span value, pop3_buf *out);

/* ---------------------------------------------------- parameters: param.c */

/* Where a parameter's octets came from. */
enum pop3_param_form { POP3_PARAM_PLAIN, POP3_PARAM_SECTIONS, POP3_PARAM_EXT };

typedef struct pop3_param {
  pop3_span name;            /* lower case, without "*" */
  pop3_span octets;          /* unquoted, percent-decoded, joined */
  pop3_span charset;         /* named by RFC 2231; empty if none */
  enum pop3_param_form form;
} pop3_param;

/* A field "value; name=value; ...", taken apart. */
typedef struct pop3_value {
  pop3_buf text;       /* names and octets */
  pop3_buf segs;       /* sections as in the field; then the parameters */
  size_t nparams;
  size_t nmain;        /* text[0 .. nmain): the value, lower case */
  unsigned char limited;     /* there were too many */
  unsigned char stars;       /* RFC 2231 was used */
} pop3_value;

void      pop3_value_init (pop3_value *v, pop3_mem mem);
void      pop3_value_free (pop3_value *v);
int       pop3_value_parse (pop3_value *v, pop3_span unfolded, size_t max);
pop3_span pop3_value_main (const pop3_value *v);
size_t    pop3_value_count (const pop3_value *v);
void      pop3_value_get (const pop3_value *v, size_t i, pop3_param *p);

/* The parameter of that (lower case) name; 0: none. */
int       pop3_value_find (const pop3_value *v, const char *name,
                           pop3_param *p);

/* Append its text: charset or encoded-words decoded. */
int       pop3_param_text (pop3_conv *c, const pop3_param *p, pop3_buf *out);

/* ----------------------------------------------------- parts: mime.c */

/* Is it "type/subtype"? "text", "text/", "/plain", "a/b/c" are not. */
int pop3_istype (pop3_span s);

/* The boundary of a Content-Type, without trailing blanks; empty if none. */
pop3_span pop3_boundary (const pop3_value *v);

enum pop3_part_kind {
  POP3_PART_LEAF,
  POP3_PART_MULTI,     /* a multipart: its parts follow */
  POP3_PART_MESSAGE    /* an embedded message: its root part follows */
};

enum pop3_part_flags {
  POP3_PART_DIGEST = 1,      /* its type, if none is given: message/rfc822 */
  POP3_PART_OPAQUE = 2,      /* a container that a limit keeps closed */
  POP3_PART_ENCODED = 4,     /* an embedded message in base64 or the like */
  POP3_PART_NOBOUNDARY = 8,  /* a multipart without boundary: text/plain */
  POP3_PART_BADTYPE = 16,    /* Content-Type is there but broken */
  POP3_PART_UNKNOWN = 32     /* unknown transfer encoding */
};

enum pop3_mime_event {
  POP3_MIME_NONE,
  POP3_MIME_HEAD,      /* a part begins: its header block is complete */
  POP3_MIME_DATA,      /* octets of the body of a leaf, still encoded */
  POP3_MIME_END,       /* a part ends */
  POP3_MIME_LIMIT      /* too many parts: what follows is not read */
};

typedef struct pop3_mime_ev {
  enum pop3_mime_event type;
  size_t level;        /* containers around the part */
  pop3_span data;      /* HEAD: header block, maybe cut; DATA: octets */
  size_t at;           /* HEAD, DATA: offset of 'data'; END, LIMIT: where */
  size_t body;         /* HEAD: offset of the body */
  enum pop3_part_kind kind;  /* HEAD */
  enum pop3_code code;       /* HEAD: the transfer encoding */
  unsigned flags;            /* HEAD */
  pop3_about about;          /* HEAD: spans of 'data' */
  unsigned char closed;      /* END of a multipart: it had its last line */
  unsigned char cut;         /* HEAD: the block is longer than the limit */
} pop3_mime_ev;

/*
** The parser. Octets go in as they come, events come out; between two calls
** it keeps the open containers and nothing else, so its memory does not grow
** with the message.
*/
typedef struct pop3_mime {
  pop3_mem mem;
  pop3_limits lim;
  pop3_buf stack;          /* open parts, outermost first */
  pop3_buf names;          /* their boundaries */
  pop3_value value;        /* Content-Type of the last header ... */
  pop3_span valued;        /* ... which is this one; p NULL: it is not */
  pop3_buf tmp;
  pop3_buf block;          /* a header block over the limit, its start */
  pop3_buf heads;          /* boundary hash -> innermost open part, or -1 */
  size_t nopen;            /* multiparts whose delimiters count */
  size_t parts;            /* parts seen */
  size_t base;             /* offset of what is given next */
  size_t scan;             /* of it, how far we have looked */
  size_t brk;              /* octets of the line break before 'scan' */
  size_t headat;           /* 'cut': where that block began */
  size_t popto, popend;    /* state POP: what ends, and where */
  unsigned char state, midline, closing, cut;
} pop3_mime;

int  pop3_mime_init (pop3_mime *m, pop3_mem mem, const pop3_limits *lim);
void pop3_mime_free (pop3_mime *m);

/* As after 'init', for the next message; the memory is kept. */
int  pop3_mime_reset (pop3_mime *m, const pop3_limits *lim);

/*
** Take from '*in' until there is an event. 1: '*ev' is set. 0: more is
** needed, what is left in '*in' must be given again with more behind it; or,
** if 'last', all is told. The rest is never longer than a header block at its
** limit and a line of POP3_MIME_LINE; no longer line is a delimiter.
** 'in->p' is not NULL.
*/
#define POP3_MIME_LINE 8192
int  pop3_mime_next (pop3_mime *m, pop3_span *in, int last, pop3_mime_ev *ev);

/* ------------------------------------------------- the part table: tree.c */

typedef struct pop3_piece {   /* of a header block: where, how long */
  uint32_t at, n;
} pop3_piece;

typedef struct pop3_part {
  size_t head, body, end;     /* offsets: header, body, one past the last */
  pop3_piece type, encoding, disposition, id;     /* Content-* fields */
  uint32_t parent;            /* index; the root is its own parent */
  uint32_t child, next;       /* index, 0: none */
  uint32_t number;            /* among its siblings, from 1 */
  uint16_t flags;
  uint8_t kind, code;
  uint8_t cut;                /* only header[0 .. limit) was read */
  uint8_t done;               /* its end is known */
} pop3_part;

enum pop3_defect_code {
  POP3_DEFECT_JUNK, POP3_DEFECT_MBOX, POP3_DEFECT_TYPE, POP3_DEFECT_BOUNDARY,
  POP3_DEFECT_UNCLOSED, POP3_DEFECT_ENCODING, POP3_DEFECT_LIMIT
};

typedef struct pop3_defect {
  size_t at;
  enum pop3_defect_code code;
  const char *text;
} pop3_defect;

#define POP3_MAXDEFECTS 1000   /* a list for people; the rest says no more */

/* What is needed while the parts are being found, and may serve again. */
typedef struct pop3_builder {
  pop3_mime mime;
  pop3_buf levels;      /* the parts that are open */
  pop3_span left;       /* what is not yet read */
} pop3_builder;

int  pop3_builder_init (pop3_builder *b, pop3_mem mem);
void pop3_builder_free (pop3_builder *b);

/*
** Parts are found from the front to the back, no further than is asked for:
** 'start', then 'more' as long as the part that is wanted is not there, or is
** not 'done'. With the last one found the builder is let go: 'b' is NULL.
*/
typedef struct pop3_tree {
  pop3_mem mem;
  pop3_buf parts;       /* pop3_part, depth first */
  pop3_buf defects;     /* pop3_defect, in the order found */
  pop3_builder *b;
  unsigned char built;  /* all of them are there */
} pop3_tree;

void pop3_tree_init (pop3_tree *t, pop3_mem mem);
void pop3_tree_free (pop3_tree *t);

int  pop3_tree_start (pop3_tree *t, pop3_builder *b, pop3_span in,
                      const pop3_limits *lim);

/* 1: one step further; 0: there is no more. On failure the tree is empty. */
int  pop3_tree_more (pop3_tree *t);

/* All of it at once. On failure the tree is empty again. */
int  pop3_tree_build (pop3_tree *t, pop3_span in, const pop3_limits *lim);

size_t           pop3_tree_count (const pop3_tree *t);
const pop3_part *pop3_tree_get (const pop3_tree *t, size_t i);

/* Note a defect; never more than POP3_MAXDEFECTS of them. */
int  pop3_tree_note (pop3_tree *t, enum pop3_defect_code code, size_t at,
                     const char *text);

/* defect.c: note what is wrong with the headers of all parts of 'in'. */
int pop3_tree_headers (pop3_tree *t, pop3_span in, const pop3_limits *lim);

#endif
