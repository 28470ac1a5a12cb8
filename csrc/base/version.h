/*
** version.h - the version of lpop3. pop3._VERSION and the command take it from
** here by pop3.core, the packages by make.
*/
#ifndef POP3_VERSION_H
#define POP3_VERSION_H

#define POP3_VERSION "1.0.0"

#endif
