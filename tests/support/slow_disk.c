// A library to preload that slows the disk down: fsync and fdatasync take SYNC_US microseconds longer, and calls that
// change a directory take NAMES_US longer.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void pause_for(const char* variable) {
  const char* text = getenv(variable);
  const long us = text == NULL ? 0 : atol(text);
  if (us <= 0) return;
  const struct timespec time = {us / 1000000, us % 1000000 * 1000};
  nanosleep(&time, NULL);
}

// Defines NAME: pauses, then calls the next library's NAME.
#define SLOWLY(variable, name, parameters, arguments)                   \
  int name parameters {                                                 \
    int(*next) parameters = (int(*) parameters)dlsym(RTLD_NEXT, #name); \
    pause_for(variable);                                                \
    return next arguments;                                              \
  }

SLOWLY("SYNC_US", fsync, (int file), (file))
SLOWLY("SYNC_US", fdatasync, (int file), (file))
SLOWLY("NAMES_US", link, (const char* from, const char* to), (from, to))
SLOWLY("NAMES_US", mkdir, (const char* path, mode_t mode), (path, mode))
SLOWLY("NAMES_US", rename, (const char* from, const char* to), (from, to))
SLOWLY("NAMES_US", renameat2, (int from_at, const char* from, int to_at, const char* to, unsigned int how),
       (from_at, from, to_at, to, how))
SLOWLY("NAMES_US", rmdir, (const char* path), (path))
SLOWLY("NAMES_US", unlink, (const char* path), (path))
SLOWLY("NAMES_US", unlinkat, (int at, const char* path, int how), (at, path, how))
SLOWLY("NAMES_US", remove, (const char* path), (path))
