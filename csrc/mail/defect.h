/*
** defect.h - defects of the header fields of a message.
**
** Reading never depends on them; they are searched for when the caller asks for
** the defects of a message.
*/
#ifndef POP3_DEFECT_H
#define POP3_DEFECT_H

#include "tree.h"

/*
** Add the defects of the headers of all parts of 'in'; 'c' tells which charsets
** can be converted. POP3_ENOMEM.
*/
int pop3_tree_headers (pop3_tree *t, pop3_span in, const pop3_limits *lim,
                       pop3_conv *c);

#endif
