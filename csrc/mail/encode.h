/*
** encode.h - base64, quoted-printable (RFC 2045 6) and encoded-words
** (RFC 2047), encoding.
*/
#ifndef POP3_ENCODE_H
#define POP3_ENCODE_H

#include "../base/buf.h"

/*
** Append 'in' encoded, in lines of at most 76 octets with CRLF between them.
** In quoted-printable the line ends of 'in' stay line ends. POP3_ENOMEM.
*/
int pop3_encode_base64 (pop3_buf *out, pop3_span in);
int pop3_encode_qp (pop3_buf *out, pop3_span in);

/*
** Append UTF-8 as the text of a header field: unchanged if it is plain
** ASCII text, else as encoded-words separated by one space, in Q or B
** encoding, whichever is shorter. POP3_ECHARSET if 'in' is not valid UTF-8,
** POP3_ENOMEM.
*/
int pop3_encode_words (pop3_buf *out, pop3_span in);

#endif
