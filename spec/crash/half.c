/*
** half.c - LD_PRELOAD: a write(2) that writes half of its octets and kills the
** process. The crash specs use it.
**
** LPOP3_HALF=N chooses the N-th write to a regular file below the directory
** LPOP3_HALF_DIR.
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* Is it a regular file below the directory? */
static int is_ours (int fd) {
  const char *dir = getenv("LPOP3_HALF_DIR");
  char link[64], path[4096];
  struct stat st;
  ssize_t n;
  if (dir == NULL || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  n = readlink(link, path, sizeof path - 1);
  return n > 0 && strncmp(path, dir, strlen(dir)) == 0;
}

ssize_t write (int fd, const void *p, size_t n) {
  static int count;
  ssize_t (*real) (int, const void *, size_t);
  const char *at = getenv("LPOP3_HALF");
  *(void **)&real = dlsym(RTLD_NEXT, "write");
  if (at != NULL && is_ours(fd) && ++count == atoi(at)) {
    if (n > 1) real(fd, p, n / 2);
    kill(getpid(), SIGKILL);
  }
  return real(fd, p, n);
}
