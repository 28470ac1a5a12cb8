/*
** entity.h - named character references of HTML (13.5).
*/
#ifndef POP3_ENTITY_H
#define POP3_ENTITY_H

#include "../base/base.h"

#define POP3_ENTITY_NAME 32      /* no name is longer */
#define POP3_ENTITY_LEGACY 6     /* nor is one that may lack its ";" */

/*
** The text (UTF-8) of a name without "&" and ";". 0: there is no such name;
** 2: it may be written without ";".
*/
int pop3_entity_find (const char *name, size_t n, pop3_span *text);

#endif
