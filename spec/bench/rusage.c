/*
** rusage: runs one command and prints its cost.
**
**   rusage [-c CPU] [-t SECONDS] [-o FILE] COMMAND...
**
** The command is pinned to CPU, ended after SECONDS (120) by an alarm that
** it inherits, and writes its standard output to FILE (/dev/null). Printed is
** one line: wall, user and system seconds, peak resident KiB, exit status.
** They are wait4's figures, for the command and the children it waited for.
*/
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static double seconds (struct timeval t) {
  return t.tv_sec + t.tv_usec / 1e6;
}

static void child (int cpu, unsigned limit, const char *out, char **argv) {
  int in = open("/dev/null", O_RDONLY);
  int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (in < 0 || fd < 0) { perror(out); _exit(126); }
  dup2(in, 0);
  dup2(fd, 1);
  if (cpu >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
  }
  alarm(limit);
  execvp(*argv, argv);
  perror(*argv);
  _exit(127);
}

int main (int argc, char **argv) {
  int cpu = -1, o, status;
  unsigned limit = 120;
  const char *out = "/dev/null";
  struct rusage ru;
  double start;
  pid_t pid;
  while ((o = getopt(argc, argv, "+c:t:o:")) != -1) {
    if (o == 'c') cpu = atoi(optarg);
    else if (o == 't') limit = (unsigned)atoi(optarg);
    else if (o == 'o') out = optarg;
    else return 2;
  }
  if (optind >= argc) return 2;
  start = now();
  pid = fork();
  if (pid == 0) child(cpu, limit, out, argv + optind);
  if (pid < 0 || wait4(pid, &status, 0, &ru) < 0) { perror("rusage"); return 1; }
  printf("%.6f %.6f %.6f %ld %d\n", now() - start, seconds(ru.ru_utime),
         seconds(ru.ru_stime), ru.ru_maxrss,
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
