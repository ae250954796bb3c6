/* Stands between a process and the system where it writes to files below one folder, and fails it there on
 * purpose: loaded by LD_PRELOAD into the real binary, steered through a file that both sides see.
 *
 * SIRA_FAULTS_FOLDER  what is watched: files of which the name begins so
 * SIRA_FAULTS_STEER   the file, of the form of `struct steering`
 *
 * Calls are counted while it is armed. Of calls `first` to `last` each fails as `mode` says. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    FULL = 1,   /* ENOSPC, nothing done */
    BROKEN = 2, /* EIO, nothing done */
    LATE = 3,   /* done, then EIO */
    TORN = 4,   /* half of it done, then ENOSPC */
    SLOW = 5,   /* done, and each flush takes as long as on a slow disk */
};

struct steering {
    uint32_t armed;
    uint32_t mode;
    uint64_t first, last;
    uint64_t counted, given;
    char said[160]; /* the last call that failed, for whoever reads what a test says */
};

/* What a flush takes on a slow disk. */
#define FLUSH_US 25000

static struct steering *steering;
static const char *folder;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SIRA_FAULTS_STEER");
    folder = getenv("SIRA_FAULTS_FOLDER");
    if (!path || !folder)
        return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *found = mmap(NULL, sizeof *steering, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (found != MAP_FAILED)
        steering = found;
}

/* What is to happen to a call on a file of this name: 0, or a mode. */
static uint32_t judged(const char *call, const char *name)
{
    if (!name || strncmp(name, folder, strlen(folder)) != 0)
        return 0;
    uint64_t number = __atomic_add_fetch(&steering->counted, 1, __ATOMIC_SEQ_CST);
    if (number < steering->first || number > steering->last)
        return 0;
    __atomic_add_fetch(&steering->given, 1, __ATOMIC_SEQ_CST);
    snprintf(steering->said, sizeof steering->said, "%s %s", call, name + strlen(folder));
    return steering->mode;
}

static int is_armed(void)
{
    return steering && __atomic_load_n(&steering->armed, __ATOMIC_SEQ_CST);
}

static uint32_t of_file(const char *call, int fd)
{
    if (!is_armed())
        return 0;
    char link[40], name[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 0)
        return 0;
    name[length] = 0;
    return judged(call, name);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* A call that is made or not, and fails. */
#define FAILED(mode, call)                                   \
    do {                                                     \
        if ((mode) == LATE)                                  \
            (void)(call);                                    \
        errno = (mode) == FULL || (mode) == TORN ? ENOSPC : EIO; \
        return -1;                                           \
    } while (0)

/* A call that carries `size` bytes: of these half go first where it is torn. */
#define CARRIES(name, arguments, half)                       \
    do {                                                     \
        __typeof__(&name) real = REAL(name);                 \
        uint32_t mode = of_file(#name, fd);                  \
        if (!mode || mode == SLOW)                           \
            return real arguments;                           \
        if (mode == TORN)                                    \
            (void)(half);                                    \
        FAILED(mode, real arguments);                        \
    } while (0)

#define CHANGES(name, arguments) CARRIES(name, arguments, 0)

ssize_t write(int fd, const void *from, size_t size)
{
    CARRIES(write, (fd, from, size), real(fd, from, size / 2));
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
    CARRIES(pwrite, (fd, from, size, at), real(fd, from, size / 2, at));
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at)
{
    CARRIES(pwrite64, (fd, from, size, at), real(fd, from, size / 2, at));
}

ssize_t writev(int fd, const struct iovec *from, int count)
{
    CHANGES(writev, (fd, from, count));
}

int ftruncate(int fd, off_t size)
{
    CHANGES(ftruncate, (fd, size));
}

int ftruncate64(int fd, off64_t size)
{
    CHANGES(ftruncate64, (fd, size));
}

#define FLUSHES(name)                                        \
    int name(int fd)                                         \
    {                                                        \
        uint32_t mode = of_file(#name, fd);                  \
        if (mode == SLOW)                                    \
            usleep(FLUSH_US);                                \
        if (!mode || mode == SLOW)                           \
            return REAL(name)(fd);                           \
        FAILED(mode, REAL(name)(fd));                        \
    }

FLUSHES(fsync)
FLUSHES(fdatasync)

int rename(const char *from, const char *to)
{
    __typeof__(&rename) real = REAL(rename);
    uint32_t mode = is_armed() ? judged("rename", to) : 0;
    if (!mode || mode == SLOW)
        return real(from, to);
    FAILED(mode, real(from, to));
}

int link(const char *from, const char *to)
{
    __typeof__(&link) real = REAL(link);
    uint32_t mode = is_armed() ? judged("link", to) : 0;
    if (!mode || mode == SLOW)
        return real(from, to);
    FAILED(mode, real(from, to));
}

int mkdir(const char *path, mode_t rights)
{
    int (*real)(const char *, mode_t) = (int (*)(const char *, mode_t))dlsym(RTLD_NEXT, "mkdir");
    uint32_t mode = is_armed() ? judged("mkdir", path) : 0;
    if (!mode || mode == SLOW)
        return real(path, rights);
    FAILED(mode, real(path, rights));
}

/* A file that is made anew. One that is there is opened as ever: a full disk has room for that, and to close it
 * again here would give up the locks that the process holds on it. */
static uint32_t of_new_file(const char *path, int flags)
{
    if (!(flags & O_CREAT) || !is_armed() || access(path, F_OK) == 0)
        return 0;
    return judged("open", path);
}

#define OPENS(name)                                                        \
    int name(const char *path, int flags, ...)                             \
    {                                                                      \
        va_list more;                                                      \
        va_start(more, flags);                                             \
        mode_t rights = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                                      \
        int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
        int error = errno;                                                 \
        uint32_t mode = of_new_file(path, flags);                          \
        if (mode && mode != SLOW) {                                        \
            errno = mode == FULL || mode == TORN ? ENOSPC : EIO;           \
            return -1;                                                     \
        }                                                                  \
        errno = error;                                                     \
        return real(path, flags, rights);                                  \
    }

OPENS(open)
OPENS(open64)
