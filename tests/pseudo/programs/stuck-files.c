/*
 * A filesystem with two files that claim no size: `fine` says "fine\n"; `stuck` and `stuck2` never answer a read. Mounted at
 * argv[1] (needs CAP_SYS_ADMIN and /dev/fuse); says "ready" when it is; unmounted when its standard input ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *const names[] = {"fine", "stuck", "stuck2"};
enum { FIRST_FILE = 2, FILES = 3 };
static const char said[] = "fine\n";
static int device;

static void answer(const struct fuse_in_header *in, int error, const void *data, size_t size)
{
    struct fuse_out_header out = {.len = sizeof out + size, .error = error, .unique = in->unique};
    struct iovec parts[2] = {{&out, sizeof out}, {(void *)data, size}};
    if (writev(device, parts, size == 0 ? 1 : 2) < 0 && errno != ENOENT) perror("writev");
}

static struct fuse_attr attributes(uint64_t node)
{
    struct fuse_attr attr = {.ino = node, .nlink = 1};
    attr.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0444;
    return attr;
}

static void directory(const struct fuse_in_header *in, const struct fuse_read_in *read)
{
    char buffer[512];
    size_t used = 0;
    for (uint64_t at = read->offset; at < FILES; at++) {
        struct fuse_dirent *entry = (struct fuse_dirent *)(buffer + used);
        entry->ino = FIRST_FILE + at;
        entry->off = at + 1;
        entry->type = 8 /* DT_REG */;
        entry->namelen = strlen(names[at]);
        memcpy(entry->name, names[at], entry->namelen);
        used += FUSE_DIRENT_SIZE(entry);
    }
    answer(in, 0, buffer, used);
}

static void serve(const struct fuse_in_header *in, const void *body)
{
    if (in->opcode == FUSE_INIT) {
        struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
                                    .max_readahead = 4096, .max_write = 4096};
        answer(in, 0, &out, sizeof out);
        if (write(1, "ready\n", 6) < 0) perror("write");
    } else if (in->opcode == FUSE_GETATTR) {
        struct fuse_attr_out out = {.attr = attributes(in->nodeid)};
        answer(in, 0, &out, sizeof out);
    } else if (in->opcode == FUSE_LOOKUP) {
        for (uint64_t i = 0; i < FILES; i++) {
            if (strcmp(body, names[i]) != 0) continue;
            struct fuse_entry_out out = {.nodeid = FIRST_FILE + i, .attr = attributes(FIRST_FILE + i)};
            answer(in, 0, &out, sizeof out);
            return;
        }
        answer(in, -ENOENT, NULL, 0);
    } else if (in->opcode == FUSE_OPEN || in->opcode == FUSE_OPENDIR) {
        struct fuse_open_out out = {.open_flags = in->opcode == FUSE_OPEN ? FOPEN_DIRECT_IO : 0};
        answer(in, 0, &out, sizeof out);
    } else if (in->opcode == FUSE_STATFS) {
        struct fuse_statfs_out out = {.st = {.bsize = 4096, .namelen = 255}};
        answer(in, 0, &out, sizeof out);
    } else if (in->opcode == FUSE_READDIR) {
        directory(in, body);
    } else if (in->opcode == FUSE_READ) {
        const struct fuse_read_in *read = body;
        if (in->nodeid != FIRST_FILE) return;
        answer(in, 0, said, read->offset == 0 ? strlen(said) : 0);
    } else if (in->opcode != FUSE_FORGET && in->opcode != FUSE_BATCH_FORGET && in->opcode != FUSE_INTERRUPT) {
        int quiet = in->opcode == FUSE_RELEASE || in->opcode == FUSE_RELEASEDIR || in->opcode == FUSE_FLUSH;
        answer(in, quiet ? 0 : -ENOSYS, NULL, 0);
    }
}

int main(int count, char **arguments)
{
    static char request[65536];
    char options[96];
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (count != 2 || device < 0) return perror("/dev/fuse"), 2;
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%d,group_id=%d", device, getuid(), getgid());
    if (mount("stuck", arguments[1], "fuse.stuck", MS_NOSUID | MS_NODEV, options) != 0) return perror("mount"), 2;
    struct pollfd fds[2] = {{.fd = device, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
        ssize_t got = read(device, request, sizeof request);
        if (got < (ssize_t)sizeof(struct fuse_in_header)) break;
        serve((struct fuse_in_header *)request, request + sizeof(struct fuse_in_header));
    }
    umount2(arguments[1], MNT_DETACH);
    return 0;
}
