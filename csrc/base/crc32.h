/*
** crc32.h - the checksum of lines in files that this library writes.
**
** The CRC of ISO 3309 (the one of zlib and Ethernet). It detects torn and
** damaged lines; it does not protect against an attacker.
*/
#ifndef POP3_CRC32_H
#define POP3_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of p[0 .. n). */
uint32_t pop3_crc32 (const char *p, size_t n);

#endif
