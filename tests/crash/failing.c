/* Preloaded into a program: counts the calls that change what lies below a folder, and makes one of them fail.
 *
 *   FAILING_BELOW   the folder, absolute
 *   FAILING_AT      which call fails, from 1; 0: none
 *   FAILING_ERRNO   with which error
 *   FAILING_ON      1: all later calls fail too, as on a disk that stays full
 *   FAILING_LOG     a file outside the folder that gets a line for each call: its name and path
 *
 * Counted are opens that may create or write, writes, syncs, renames, and the making and removing of names. Each
 * function asks the system itself, so that nothing here depends on which other one the C library would call. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long calls;

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

/* The path of `name` under the folder `fd`, or of `fd` itself where there is no name; 0 when it cannot be told. */
static int resolve(int fd, const char *name, char path[PATH_MAX]) {
    if (name && name[0] == '/') return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
    char link[64];
    if (fd == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
    else snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (!name) return 1;
    size_t left = PATH_MAX - length;
    return (size_t)snprintf(path + length, left, "/%s", name) < left;
}

/* Whether this call is to fail; it is counted when it concerns the folder. */
static int fails(const char *call, int fd, const char *name) {
    int before = errno;
    char path[PATH_MAX];
    const char *below = getenv("FAILING_BELOW");
    if (!below || !resolve(fd, name, path)) return 0;
    size_t length = strlen(below);
    if (strncmp(path, below, length) || (path[length] && path[length] != '/')) return errno = before, 0;
    long place = atomic_fetch_add(&calls, 1) + 1, at = number("FAILING_AT");
    const char *log = getenv("FAILING_LOG");
    if (log) {
        char line[PATH_MAX + 32];
        int size = snprintf(line, sizeof line, "%s %s\n", call, path);
        int to = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (to >= 0) {
            syscall(SYS_write, to, line, size);
            syscall(SYS_close, to);
        }
    }
    errno = before;
    if (at && (place == at || (number("FAILING_ON") && place > at))) return errno = number("FAILING_ERRNO"), 1;
    return 0;
}

static int opened(int fd, const char *name, int flags, mode_t mode) {
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
    if (writes && fails("open", fd, name)) return -1;
    return syscall(SYS_openat, fd, name, flags, mode);
}

#define MODE(flags) va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest)
int open(const char *name, int flags, ...) { MODE(flags); return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags); return opened(AT_FDCWD, name, flags, mode); }
int openat(int fd, const char *name, int flags, ...) { MODE(flags); return opened(fd, name, flags, mode); }
int openat64(int fd, const char *name, int flags, ...) { MODE(flags); return opened(fd, name, flags, mode); }

ssize_t write(int fd, const void *bytes, size_t size) {
    return fails("write", fd, NULL) ? -1 : syscall(SYS_write, fd, bytes, size);
}
int fsync(int fd) { return fails("sync", fd, NULL) ? -1 : syscall(SYS_fsync, fd); }
int fdatasync(int fd) { return fails("sync", fd, NULL) ? -1 : syscall(SYS_fdatasync, fd); }
int ftruncate(int fd, off_t size) { return fails("truncate", fd, NULL) ? -1 : syscall(SYS_ftruncate, fd, size); }
int ftruncate64(int fd, off64_t size) { return fails("truncate", fd, NULL) ? -1 : syscall(SYS_ftruncate, fd, size); }
int rename(const char *from, const char *to) {
    return fails("rename", AT_FDCWD, to) ? -1 : syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
int mkdir(const char *name, mode_t mode) {
    return fails("mkdir", AT_FDCWD, name) ? -1 : syscall(SYS_mkdirat, AT_FDCWD, name, mode);
}
int unlink(const char *name) { return fails("unlink", AT_FDCWD, name) ? -1 : syscall(SYS_unlinkat, AT_FDCWD, name, 0); }
int rmdir(const char *name) {
    return fails("unlink", AT_FDCWD, name) ? -1 : syscall(SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR);
}
int unlinkat(int fd, const char *name, int flags) {
    return fails("unlink", fd, name) ? -1 : syscall(SYS_unlinkat, fd, name, flags);
}
