/*
** decode.h - content transfer encodings (RFC 2045 6) back to octets: base64,
** quoted-printable, uuencode, yEnc.
*/
#ifndef POP3_DECODE_H
#define POP3_DECODE_H

#include "../base/buf.h"
#include "yenc.h"

enum pop3_encoding {
  POP3_ENC_NONE,      /* 7bit, 8bit, binary, or no field */
  POP3_ENC_BASE64,
  POP3_ENC_QP,
  POP3_ENC_UU,
  POP3_ENC_YENC,
  POP3_ENC_UNKNOWN
};

/* The encoding named by the value of a Content-Transfer-Encoding field. */
enum pop3_encoding pop3_encoding_find (pop3_span value);

#define POP3_ENC_HOLD 1024

/*
** An incremental decoder. The output does not depend on how the input is
** split. 'held' keeps input whose meaning the next octets decide.
*/
typedef struct pop3_decoder {
  enum pop3_encoding code;
  unsigned char state;       /* base64: after padding; uu: where in the data */
  unsigned char nq;          /* base64: digits in 'quad' */
  uint32_t quad;
  pop3_yenc yenc;
  size_t nheld;
  char held[POP3_ENC_HOLD + 4];
} pop3_decoder;

void pop3_decoder_init (pop3_decoder *d, enum pop3_encoding code);

/* Append the decoded 'in'; 'last' if no input follows. POP3_ENOMEM. */
int pop3_decode (pop3_decoder *d, pop3_span in, int last, pop3_buf *out);

#endif
