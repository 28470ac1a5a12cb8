/*
** posix.h - included before everything else: what the headers declare is POSIX.1
** (2008) with XSI, and none of what only Linux and GNU have. The fallbacks for
** macOS and the BSDs are compiled then. It stands for those systems as far as
** names go; what their functions do, it does not show.
*/
#undef __linux__
#undef __gnu_linux__
#define _XOPEN_SOURCE 700

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Linux has them in headers that everybody includes, macOS has not. */
#undef _POSIX_SYNCHRONIZED_IO
#define _POSIX_SYNCHRONIZED_IO (-1)
#undef SYS_close_range
#undef SYS_pidfd_open
#undef SYS_renameat2
#undef SOCK_CLOEXEC
#undef SOCK_NONBLOCK
#undef TCP_QUICKACK
#undef TCP_INFO
#undef POLLRDHUP
#undef O_TMPFILE

/* In every BSD and macOS, but in no standard. */
#ifndef NSIG
#define NSIG _NSIG
#endif
#ifndef NI_MAXHOST
#define NI_MAXHOST 1025
#define NI_MAXSERV 32
#endif

#pragma GCC poison accept4 epoll_create1 epoll_ctl fdatasync memmem pipe2 prctl
#pragma GCC poison renameat2 strchrnul syncfs
