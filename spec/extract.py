"""Extraction of a brick's tree, by `reader.py extract`: section 9 of brick-v2.md."""
import errno, json, os, stat, sys
from reader import (BLOCK, CHAR, DIRECTORY, ENTRIES, FIFO, FILE, KINDS, ONE_FILE, PRUNED, SOCKET, SYMLINK,
                    Bad, Entry, tree_faults)

class Extract:
    """The destination is new or empty, all within it is made here, and links come last: so nothing is written outside it."""
    def __init__(self, brick, dest, force):
        self.brick, self.dest, self.force, self.failed, self.root = brick, dest, force, 0, os.geteuid() == 0

    def run(self):
        one_file = self.brick.meta()['kind'] in ONE_FILE
        entries = {key: Entry(key, record, offset) for key, record, offset in self.brick.items(ENTRIES)}
        for fault in tree_faults(entries, one_file):
            raise fault
        os.makedirs(self.dest, 0o700, exist_ok=True)
        if not one_file and os.listdir(self.dest):
            raise Bad('extract', None, 'the destination is not empty')
        self.refuse_what_does_not_fit(entries.values())
        of = lambda *kinds: [e for e in entries.values() if e.kind in kinds and e.link is None and e.path]
        self.each(of(DIRECTORY), lambda e, path: os.mkdir(path, 0o700))
        self.each(of(FILE), self.file)
        self.each(of(FIFO, SOCKET, CHAR, BLOCK), self.special)
        self.each([e for e in entries.values() if e.link is not None],
                  lambda e, path: os.link(os.path.join(self.dest, e.link), path, follow_symlinks=False))
        self.each(of(SYMLINK), lambda e, path: os.symlink(e.target, path))
        self.each(of(FILE, SYMLINK, FIFO, CHAR, BLOCK), self.attributes)
        self.each(of(DIRECTORY)[::-1], self.attributes)
        if b'' in entries:
            self.each([entries[b'']], self.attributes)
        return self.failed

    def refuse_what_does_not_fit(self, entries):
        v = os.statvfs(self.dest)
        need = sum(b - a for e in entries if e.slot for a, b in e.owned())
        if need > v.f_bavail * v.f_frsize and not self.force:
            raise Bad('extract', None, f'{need} bytes do not fit the free space (--force extracts all the same)')

    def each(self, entries, act):
        for e in entries:
            try:
                act(e, os.path.join(self.dest, e.path) if e.path else self.dest)
            except Bad as error:
                self.say(e, 'error', f'{error.rule}: {error.detail}')
            except (OSError, OverflowError, ValueError) as error:
                self.say(e, 'error', error)

    def say(self, e, what, detail):
        self.failed += what == 'error'
        print(json.dumps({'path': os.fsdecode(e.path), what: str(detail)}), file=sys.stderr)

    def file(self, e, path):
        if e.unreadable is not None or e.unreadableRanges:
            self.say(e, 'error', 'parts could not be read when the brick was made; they are zeros')
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, e.size)
            start = e.slot[0] if e.slot else 0
            for a, b in e.owned() if e.slot else ():
                for kind, x, _, data in self.brick.pieces(start + a, start + b):
                    if kind == PRUNED:
                        raise Bad('pruned', None, 'the bytes are not here')
                    while data:
                        n = os.pwrite(fd, data, x - start)
                        x, data = x + n, data[n:]
        finally:
            os.close(fd)

    def special(self, e, path):
        if e.kind == FIFO:
            os.mkfifo(path, 0o600)
        elif e.kind != SOCKET and self.root:
            os.mknod(path, 0o600 | (stat.S_IFCHR if e.kind == CHAR else stat.S_IFBLK), e.rdev)
        else:
            self.say(e, 'skipped', KINDS[e.kind])

    def attributes(self, e, path):
        try:
            st = os.lstat(path)
        except FileNotFoundError:
            return
        if self.root:
            os.lchown(path, e.uid, e.gid)
        for name, value in e.xattrs or ():
            try:
                os.setxattr(path, name, value, follow_symlinks=False)
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.EACCES, errno.ENOTSUP):
                    self.say(e, 'error', f'xattr {name!r}: {error.strerror}')
        if e.kind != SYMLINK:
            os.chmod(path, e.mode if self.root or (e.uid, e.gid) == (st.st_uid, st.st_gid) else e.mode & 0o1777)
        ns = e.mtime[0] * 10**9 + e.mtime[1]
        os.utime(path, ns=(ns, ns), follow_symlinks=False)
