/*
** yenc.h - the x-yenc transfer encoding; used by decode.c only.
*/
#ifndef POP3_YENC_H
#define POP3_YENC_H

#include "decode.h"

/* Decode to 'out', which has room for in.n octets; returns their end. */
char *pop3_yenc (pop3_decoder *d, pop3_span in, char *out);

#endif
