/*
** mail.h - the message reader: from octets to fields, addresses, dates,
** parts and text. No input or output, no global state, no Lua.
**
** The reader accepts any input: a message that breaks the rules is read as
** far as possible. A function fails only if memory runs out (POP3_ENOMEM),
** unless its comment says more. Each file decides how broken input of its
** subject is read:
**
**   octets of a message
**      mime      octets -> part events            (RFC 2046)
**      tree      the same events as a table       defect   its defects
**      limits    upper bounds for all of this
**   a header block
**      head      header block -> fields           (RFC 5322 2.2)
**      word      text with encoded-words          (RFC 2047)
**      addr      address lists                    (RFC 5322 3.4)
**      date      dates                            (RFC 5322 3.3)
**      ident     message-ids, content-ids         (RFC 5322 3.6.4)
**      param     type/subtype; name=value         (RFC 2045 5.1, RFC 2231)
**      fingerprint   the part by which pop3.sync identifies a message
**   a body
**      decode    transfer encodings -> octets     (RFC 2045 6); yenc
**      charset   octets of a charset -> UTF-8     label (names), utf7
**      html      HTML -> readable text            entity (names of characters)
**      meta      HTML -> its charset              url    HTML -> URLs it loads
**      encode    the opposite: base64, quoted-printable, encoded-words
**
** The caller keeps every input span valid while an object made from it is in
** use. A span in a result points into the input or into the object, and is
** valid until the next call on that object.
**
** This header includes all others. Sources of the reader include only the
** headers that they need.
*/
#ifndef POP3_MAIL_H
#define POP3_MAIL_H

#include "../base/ascii.h"
#include "../base/utf8.h"
#include "addr.h"
#include "charset.h"
#include "date.h"
#include "decode.h"
#include "defect.h"
#include "encode.h"
#include "head.h"
#include "html.h"
#include "ident.h"
#include "label.h"
#include "limits.h"
#include "mime.h"
#include "param.h"
#include "tree.h"
#include "word.h"

#endif
