#!/usr/bin/env python3
"""An independent reader of V2 Spatial Bricks, written from brick-v2.md alone. Python 3.11, standard library, libzstd.so.1.

  reader.py show|ls|verify BRICK [--generation G] [--no-overviews]
  reader.py extract BRICK DEST [--generation G] [--force]
  reader.py constants
"""
import argparse, ctypes, errno, hashlib, json, os, re, stat, struct, sys, time, uuid, zlib
from bisect import bisect_right
from collections import Counter
from decimal import Decimal, getcontext
from functools import lru_cache

MAX = 2**53 - 1
TILE = 65536
HEAD = 16384
MAGIC = bytes.fromhex('895342524B0D0A1A')
GEOMETRY = bytes.fromhex('10080201010C0300')
DATA, OVERVIEW, NODE, HASHES, PAGES, META, COMMIT, PAD, IDENT = range(1, 10)
TYPES = 'none DATA OVERVIEW NODE HASHES PAGES META COMMIT PAD IDENT'.split()
RAW_LIMIT = {DATA: 65536, OVERVIEW: 32768, PAGES: 4194304}
ABSENT, STORED, FILL, HOLE, UNREADABLE, PRUNED, SHARED = range(7)
FRAMED = (STORED, SHARED)
ENTRIES, SLOTS, REGIONS, HISTORY = 1, 2, 3, 4
MAPS = {1: 'ENTRIES', 2: 'SLOTS', 3: 'REGIONS', 4: 'HISTORY'}
KINDS = {1: 'file', 2: 'directory', 3: 'symlink', 4: 'fifo', 5: 'socket', 6: 'char', 7: 'block'}


class Bad(Exception):
    """A named violation of the format."""
    def __init__(self, rule, offset, detail):
        super().__init__(rule, offset, detail)
        self.rule, self.offset, self.detail = rule, offset, detail

    def json(self):
        return {'rule': self.rule, 'offset': self.offset, 'detail': self.detail}


def sha_of(parts):
    h = hashlib.sha256()
    for p in parts:
        h.update(p)
    return h.digest()


def sha(*parts):
    return sha_of(parts)


def align(x, a=16):
    return -(-x // a) * a


def u32(b, o):
    return struct.unpack_from('<I', b, o)[0]


def u64(b, o):
    return struct.unpack_from('<Q', b, o)[0]


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


# ---------------------------------------------------------------- hashes of section 6

def leaf_hash(tile):
    return sha(b'\0', tile)


def node_hash(height, children):
    return sha(b'\1', bytes([height]), children)


def tower(leaf):
    out = [leaf]
    for h in range(1, 5):
        out.append(node_hash(h, out[-1] * 256))
    return out


Z = tower(leaf_hash(bytes(TILE)))
U = tower(sha(b'\3'))


@lru_cache(256)
def fill_hash(b):
    return leaf_hash(bytes([b]) * TILE)


def height_of(n):
    h = 1
    while n > TILE * 256**h:
        h += 1
    return h


def content_root(n, root):
    return sha(b'\2', struct.pack('<QB', n, 16), root)


# ---------------------------------------------------------------- curve and overviews (sections 2 and 5)

def hilbert(d, order):
    x = y = 0
    for i in range(order):
        s = 1 << i
        rx = 1 & (d >> 1)
        ry = 1 & (d ^ rx)
        if ry == 0:
            if rx == 1:
                x, y = s - 1 - x, s - 1 - y
            x, y = y, x
        x += s * rx
        y += s * ry
        d >>= 2
    return x, y


def entropy_table():
    getcontext().prec = 60
    ln2, half = Decimal(2).ln(), Decimal(1) / 2
    out = [0, 0]
    for c in range(2, 257):
        exact = c.bit_length() - 1 if c & (c - 1) == 0 else Decimal(c).ln() / ln2
        out.append(int(65536 * c * exact + half))
    return out


T = entropy_table()
CLASS = bytes(1 if b == 0 else 2 if 0x20 <= b <= 0x7E or 9 <= b <= 13 else 3 if b >= 0x80 else 0 for b in range(256))
ALL = b'\1' * 256


def overview_tile(data, mask):
    """Level-2 page (7,680 bytes) and level-4 planes (6 x 256) of a tile; mask is None where every byte is owned."""
    planes = [bytearray(256) for _ in range(6)]
    ent, mean, zero, prin, high, cov = (bytearray(4096) for _ in range(6))
    cls = data.translate(CLASS)
    for b in range(256):
        p = 256 * b
        m = None if mask is None else mask[p:p + 256]
        if m is None or m == ALL:
            blk, kinds, m, n = data[p:p + 256], cls[p:p + 256], None, 256
        else:
            n = m.count(1)
            if n == 0:
                continue
            blk = bytes(v for v, o in zip(data[p:p + 256], m) if o)
            kinds = blk.translate(CLASS)
        s = max(0, T[n] - sum(T[c] for c in Counter(blk).values()))
        e = min(255, (255 * s + 262144 * n) // (524288 * n))
        planes[0][b] = e
        planes[1][b] = (2 * sum(blk) + n) // (2 * n)
        for k in (1, 2, 3):
            planes[1 + k][b] = (510 * kinds.count(k) + n) // (2 * n)
        planes[5][b] = max(1, (510 * n + 256) // 512)
        e2 = (30 * e + 255) // 510
        for i in range(16 * b, 16 * b + 16):
            q = 16 * i
            if m is None:
                sub, kinds, n = data[q:q + 16], cls[q:q + 16], 16
            else:
                sub = bytes(v for v, o in zip(data[q:q + 16], m[q - p:q - p + 16]) if o)
                kinds, n = sub.translate(CLASS), len(sub)
                if n == 0:
                    continue
            ent[i] = e2
            mean[i] = (30 * sum(sub) + 255 * n) // (510 * n)
            zero[i] = (6 * kinds.count(1) + n) // (2 * n)
            prin[i] = (6 * kinds.count(2) + n) // (2 * n)
            high[i] = (6 * kinds.count(3) + n) // (2 * n)
            cov[i] = 1
    u4 = lambda a: bytes(x | y << 4 for x, y in zip(a[::2], a[1::2]))
    u2 = lambda a: bytes(w | x << 2 | y << 4 | z << 6 for w, x, y, z in zip(a[::4], a[1::4], a[2::4], a[3::4]))
    u1 = bytes(sum(cov[i + k] << k for k in range(8)) for i in range(0, 4096, 8))
    return u4(ent) + u4(mean) + u2(zero) + u2(prin) + u2(high) + u1, [bytes(p) for p in planes]


def reduce16(planes):
    """Six planes of 16 n texels of level L to six planes of n texels of level L + 2."""
    cov = planes[5]
    n = len(cov) // 16
    out = [bytearray(n) for _ in range(6)]
    for i in range(n):
        w = cov[16 * i:16 * i + 16]
        total = sum(w)
        if total:
            for k in range(5):
                v = planes[k][16 * i:16 * i + 16]
                out[k][i] = (sum(a * b for a, b in zip(w, v)) + total // 2) // total
            out[5][i] = max(1, total + 8 >> 4)
    return [bytes(p) for p in out]


def join(parts, texels):
    """Side by side; a part that is None is zeros of that many texels. All None: None."""
    if all(p is None for p in parts):
        return None
    blank = bytes(texels)
    return [b''.join(blank if p is None else p[k] for p in parts) for k in range(6)]


# ---------------------------------------------------------------- decoding

class Cursor:
    def __init__(self, data, rule, offset):
        self.data, self.pos, self.rule, self.offset = data, 0, rule, offset

    def bad(self, detail):
        return Bad(self.rule, self.offset, f'{detail} (at byte {self.pos} of the payload)')

    def take(self, n):
        if n > len(self.data) - self.pos:
            raise self.bad(f'{n} bytes wanted, {len(self.data) - self.pos} left')
        self.pos += n
        return self.data[self.pos - n:self.pos]

    def u8(self):
        return self.take(1)[0]

    def varint(self, limit=MAX):
        value = shift = 0
        while True:
            b = self.u8()
            value |= (b & 127) << shift
            if b < 128:
                break
            shift += 7
            if shift == 56:
                raise self.bad('varint of more than 8 bytes')
        if b == 0 and shift:
            raise self.bad('varint is not minimal')
        if value > limit:
            raise self.bad(f'number {value} is more than {limit}')
        return value

    def zigzag(self):
        v = self.varint()
        return -(v >> 1) - 1 if v & 1 else v >> 1

    def done(self):
        if self.pos != len(self.data):
            raise self.bad(f'{len(self.data) - self.pos} bytes left over')


def number(value, rule, offset):
    c = Cursor(value, rule, offset)
    n = c.varint()
    c.done()
    return n


def fields(rec, rule, offset):
    """[(tag, value, end of the field)], tags strictly ascending."""
    c, out, last = Cursor(rec, rule, offset), [], -1
    while c.pos < len(rec):
        tag = c.varint()
        if tag <= last:
            raise c.bad(f'tag {tag} after {last}')
        value = c.take(c.varint())
        out.append((tag, value, c.pos))
        last = tag
    return out


def zstd_check(p, raw_len, off):
    """Exactly one zstd frame, content size == raw_len, no dictionary."""
    bad = lambda d: Bad('zstd', off, d)
    if len(p) < 6 or p[:4] != b'\x28\xb5\x2f\xfd':
        raise bad('no zstd magic')
    d = p[4]
    if d & 8:
        raise bad('reserved bit set')
    if d & 3:
        raise bad('dictionary id present')
    single, pos = d >> 5 & 1, 5 + (0 if d & 32 else 1)
    size = (1 if single else 0, 2, 4, 8)[d >> 6]
    if size == 0:
        raise bad('no content size')
    if pos + size > len(p):
        raise bad('frame header cut short')
    content = int.from_bytes(p[pos:pos + size], 'little') + (256 if size == 2 else 0)
    if content != raw_len:
        raise bad(f'content size {content}, rawLen {raw_len}')
    pos += size
    while True:
        if pos + 3 > len(p):
            raise bad('block header cut short')
        h = int.from_bytes(p[pos:pos + 3], 'little')
        kind, n = h >> 1 & 3, h >> 3
        if kind == 3 or n > 131072:
            raise bad('bad block')
        pos += 3 + (1 if kind == 1 else n)
        if h & 1:
            break
    pos += 4 if d & 4 else 0
    if pos != len(p):
        raise bad(f'frame ends at {pos} of {len(p)}')


_zstd = None


def unzstd(p, raw_len, off):
    global _zstd
    zstd_check(p, raw_len, off)
    if _zstd is None:
        try:
            _zstd = ctypes.CDLL('libzstd.so.1')
        except OSError as e:
            raise Bad('zstd', off, f'libzstd.so.1 not found: {e}')
        _zstd.ZSTD_decompress.restype = ctypes.c_size_t
        _zstd.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    out = ctypes.create_string_buffer(max(1, raw_len))
    if _zstd.ZSTD_decompress(out, raw_len, p, len(p)) != raw_len:
        raise Bad('zstd', off, 'does not decode')
    return out.raw[:raw_len]


def inflate(p, raw_len, off):
    z = zlib.decompressobj(-15)
    try:
        out = z.decompress(p, raw_len + 1)
    except zlib.error as e:
        raise Bad('deflate', off, str(e))
    if not z.eof or z.unused_data or z.unconsumed_tail or len(out) != raw_len:
        raise Bad('deflate', off, 'not exactly one stream of rawLen bytes')
    return out


def read_json(data, off):
    """A JSON object within the limits of section 9."""
    bad = lambda d: Bad('json', off, d)
    if len(data) > 65536:
        raise bad('more than 65,536 bytes')
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError as e:
        raise bad(str(e))
    depth = 0
    for ch in re.findall(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', text, re.S):
        depth += (ch in '[{') - (ch in ']}')
        if depth > 16:
            raise bad('deeper than 16')

    def pairs(items):
        out = {}
        for k, v in items:
            if k in out or k == '__proto__':
                raise bad(f'key {k!r} twice or forbidden')
            out[k] = v
        return out

    def constant(name):
        raise bad(f'{name} is not JSON')
    try:
        out = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError) as e:
        raise bad(str(e))
    if not isinstance(out, dict):
        raise bad('not an object')
    return out


# ---------------------------------------------------------------- head, commit record

class Record:
    """A commit record (section 7); pointers are (offset, storedLen) or None."""

    def __init__(self, b, rule, off):
        self.raw, self.off = b, off
        self.uuid, self.epoch, self.generation = b[:16], b[16:24], u64(b, 24)
        self.seconds, self.nanos, self.height = struct.unpack_from('<qII', b, 32)
        self.n, self.end, self.live = struct.unpack_from('<QQQ', b, 48)
        bad = lambda d: Bad(rule, off, d)
        if not 1 <= self.generation <= MAX or self.live > MAX or self.nanos >= 10**9:
            raise bad('generation, liveBytes or time out of range')
        if self.n > 2**47:
            raise bad(f'N = {self.n}')
        if self.height != height_of(self.n):
            raise bad(f'height {self.height} is not the smallest for N = {self.n}')
        if self.end > MAX or self.end % 4096 or self.end < HEAD:
            raise bad(f'fileEnd {self.end}')
        ptr = lambda o, what: pointer(b, o, self.end, rule, off, what)
        self.node, self.hashes, self.top = ptr(72, 'root NODE'), ptr(88, 'root HASHES'), ptr(104, 'top overview')
        if not self.node or not self.hashes:
            raise bad('no root node')
        self.maps = {}
        for m in MAPS:
            o = 120 + 56 * (m - 1)
            p = ptr(o, MAPS[m])
            self.maps[m] = (p, u64(b, o + 16), b[o + 24:o + 56])
            if not p and any(b[o:o + 56]):
                raise bad(f'{MAPS[m]}: no pointer, but not all zero')
            if p and not 1 <= self.maps[m][1] <= MAX:
                raise bad(f'{MAPS[m]}: item count')
        self.meta, self.meta_sha = ptr(344, 'META'), b[360:392]
        self.content, self.tree, self.metahash = b[392:424], b[424:456], b[456:488]
        self.parent, self.parent_id, self.id = ptr(488, 'parent'), b[504:536], b[536:568]
        self.random, self.extras = b[568:584], b[584:616]
        if self.generation == 1 and (self.parent or any(self.parent_id)):
            raise bad('the first commit names a parent')
        cid = sha(b'\7', self.uuid, self.random, self.parent_id, struct.pack('<QqIQ', self.generation, self.seconds, self.nanos, self.n),
                  self.content, self.tree, self.metahash, self.extras)
        if cid != self.id:
            raise bad('commit id is not the hash of the record')


def pointer(b, o, end, rule, off, what):
    at, n, zero = struct.unpack_from('<QII', b, o)
    if at == n == zero == 0:
        return None
    if zero or at % 16 or not HEAD <= at < end or align(at + 32 + n) > end:
        raise Bad(rule, off, f'pointer {what}: offset {at}, storedLen {n}')
    return at, n


class Slot:
    def __init__(self, b, index, file_size):
        """Raises Bad: rule 'slot' for a slot that is not valid, others for one that must be refused."""
        off = 8192 * index
        if b[:8] != MAGIC:
            raise Bad('slot', off, 'magic')
        if sha(b[:8160]) != b[8160:]:
            raise Bad('slot', off, 'hash')
        major, minor, incompat = struct.unpack_from('<HHI', b, 8)
        if major != 2:
            raise Bad('version', off, f'major version {major}, this reader knows 2')
        if incompat:
            raise Bad('incompat', off, f'unknown incompat bits {incompat:#x}')
        if b[24:32] != GEOMETRY:
            raise Bad('geometry', off, b[24:32].hex())
        self.rec = Record(b[48:664], 'record', off)
        if self.rec.end > file_size:
            raise Bad('record', off, f'fileEnd {self.rec.end} is beyond the file, {file_size}')
        if self.rec.generation % 2 != index:
            raise Bad('record', off, f'generation {self.rec.generation} in slot {"AB"[index]}')
        self.commit = pointer(b, 32, self.rec.end, 'record', off, 'COMMIT')
        if not self.commit:
            raise Bad('record', off, 'no COMMIT pointer')
        n = u32(b, 664)
        if n > 7488 or any(b[668 + n:8160]):
            raise Bad('slot-inline', off, f'inlineLength {n} or bytes after it')
        self.inline = b[668:668 + n]


class Brick:
    def __init__(self, path, generation=None):
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        st = os.fstat(self.fd)
        if not stat.S_ISREG(st.st_mode):
            raise Bad('slot', 0, 'not a regular file')
        self.size, self.damage, self.reported, self.notes = st.st_size, [], set(), Counter()
        for attempt in range(5):
            head = os.pread(self.fd, HEAD, 0)
            if self.choose(head):
                break
            if head[:4] != MAGIC[:4] and head[8192:8196] != MAGIC[:4] or attempt == 4:
                raise Bad('slot', 0, f'no valid slot: {"; ".join(e.detail for e in self.slot_errors) or "all zeros"}')
            time.sleep(0.2)
        self.rec, self.commit_ptr = self.slot.rec, self.slot.commit
        self.epoch = self.rec.epoch
        self.current = generation in (None, self.rec.generation)
        if not self.current:
            self.rec, self.commit_ptr = self.retained(generation)
        self.end = self.rec.end

    def choose(self, head):
        self.slot_errors, valid = [], []
        if len(head) < HEAD:
            raise Bad('slot', 0, f'the file has {len(head)} bytes')
        for i in (0, 1):
            b = head[8192 * i:8192 * i + 8192]
            if any(b):
                try:
                    valid.append(Slot(b, i, self.size))
                except Bad as e:
                    if e.rule != 'slot':
                        raise
                    self.slot_errors.append(e)
        self.slots = sorted(valid, key=lambda s: s.rec.generation)
        self.slot = self.slots[-1] if valid else None
        return self.slot

    def report(self, e):
        key = e.rule, e.offset, e.detail
        if key not in self.reported and len(self.damage) < 1000:
            self.reported.add(key)
            self.damage.append(e)

    # ------------------------------------------------ frames

    def header(self, off, end):
        """(type, codec, storedLen, rawLen, payload crc), limits checked."""
        bad = lambda d: Bad('frame', off, d)
        if off % 16 or off < HEAD or off + 32 > end:
            raise bad('offset')
        h = os.pread(self.fd, 32, off)
        if len(h) != 32 or h[:4] != b'BLK1':
            raise bad('no BLK1')
        kind, codec, flags, stored, raw, _, crc, hcrc = struct.unpack('<BBHIIQII', h[4:])
        if zlib.crc32(h[:28] + self.epoch) != hcrc:
            raise bad('header crc or epoch')
        if not 1 <= kind <= 9 or codec > 2 or flags:
            raise bad(f'type {kind}, codec {codec}, flags {flags}')
        if raw > RAW_LIMIT.get(kind, 1048576) or stored > raw + 64 or codec == 0 and stored != raw:
            raise bad(f'storedLen {stored}, rawLen {raw}')
        if align(off + 32 + stored) > end:
            raise bad('reaches beyond fileEnd')
        return kind, codec, stored, raw, crc, h

    def payload(self, off, header):
        _, codec, stored, raw, crc, _ = header
        b = os.pread(self.fd, align(32 + stored) - 32, off + 32)
        if len(b) != align(32 + stored) - 32:
            raise Bad('frame', off, 'cut short')
        if any(b[stored:]):
            raise Bad('frame', off, 'padding is not zero')
        b = b[:stored]
        if zlib.crc32(b) != crc:
            raise Bad('frame', off, 'payload crc')
        return b if codec == 0 else unzstd(b, raw, off) if codec == 1 else inflate(b, raw, off)

    def frame(self, ptr, kind, end=None):
        off, stored = ptr
        header = self.header(off, end or self.end)
        if header[0] != kind:
            raise Bad('frame', off, f'type {TYPES[header[0]]} where {TYPES[kind]} belongs')
        if header[2] != stored:
            raise Bad('frame', off, f'storedLen {header[2]}, the locator says {stored}')
        return self.payload(off, header)

    def walk_frames(self):
        """All frames below fileEnd, live or dead, without gaps."""
        off, tail = HEAD, False
        while off < self.end:
            try:
                h = self.header(off, self.end)
                if (h[0] == IDENT) != (off == HEAD):
                    self.report(Bad('frame', off, 'IDENT is the first frame and only that'))
                if tail and h[0] != PAD:
                    self.report(Bad('frame', off, f'{TYPES[h[0]]} after the COMMIT frame'))
                tail = tail or off == self.commit_ptr[0]
            except Bad as e:
                return self.report(e)
            try:
                b = self.payload(off, h)
                if h[0] == PAD and any(b):
                    raise Bad('frame', off, 'PAD is not zeros')
                if h[0] == IDENT and b != self.rec.uuid + self.epoch:
                    raise Bad('ident', off, 'uuid and epoch are not those of the record')
            except Bad as e:
                self.report(e)
            off += align(32 + h[2])
        if not tail:
            self.report(Bad('frame', self.commit_ptr[0], 'the COMMIT frame is not among the frames'))

    # ------------------------------------------------ commits

    def read_commit(self, ptr, end):
        b = self.frame(ptr, COMMIT, end)
        if not 616 <= len(b) <= 616 + 65536:
            raise Bad('commit', ptr[0], f'payload of {len(b)} bytes')
        rec = Record(b[:616], 'commit', ptr[0])
        if rec.epoch != self.epoch or rec.uuid != self.slot.rec.uuid:
            raise Bad('commit', ptr[0], 'uuid or epoch')
        if rec.end > end or align(ptr[0] + 32 + ptr[1]) > rec.end:
            raise Bad('commit', ptr[0], 'fileEnd')
        if sha(b[616:]) != rec.extras:
            raise Bad('commit', ptr[0], 'hash of the extras')
        read_json(b[616:], ptr[0])
        return rec

    def history_item(self, key, rec, off):
        """(generation, commit id, pointer, time, fileEnd)"""
        if len(key) != 8:
            raise Bad('history', off, 'key')
        f = {t: v for t, v, _ in fields(rec, 'history', off)}
        if len(f.get(1, b'')) != 32 or 2 not in f:
            raise Bad('history', off, 'no commit id or no pointer')
        c = Cursor(f[2], 'history', off)
        ptr = c.varint() * 16, c.varint(2**32 - 1)
        c.done()
        end = number(f[4], 'history', off) if 4 in f else None
        return int.from_bytes(key, 'big'), f[1], ptr, read_time(f[3], 'history', off) if 3 in f else None, end

    def retained(self, generation):
        self.end = self.slot.rec.end
        for key, rec, off in self.items(HISTORY):
            g, cid, ptr, _, _ = self.history_item(key, rec, off)
            if g == generation:
                r = self.read_commit(ptr, self.end)
                if r.id != cid or r.generation != g:
                    raise Bad('history', ptr[0], 'not the commit that HISTORY names')
                return r, ptr
        raise Bad('history', 0, f'generation {generation} is not retained')

    # ------------------------------------------------ directory

    @lru_cache(256)
    def node(self, ptr, height):
        """Three lists of (kind, fill byte, pointer, HASHES pointer)."""
        c = Cursor(self.frame(ptr, NODE), 'node', ptr[0])
        if c.u8() != height:
            raise c.bad(f'height is not {height}')
        in_a = (0, 1, 2, 3, 4, 5, 6) if height == 1 else (0, 1, 3, 4, 5, 6)
        out = self.section(c, 256, in_a, height > 1), self.section(c, 256, (0, 1, 6), False), self.section(c, 16, (0, 1, 6), False)
        c.done()
        return out

    def runs(self, c, total, read):
        left, last, out = total, None, []
        while left:
            value, n = read(), c.varint()
            if value == last or not 1 <= n <= left:
                raise c.bad('run equal to its neighbour, empty or too long')
            out += [value] * n
            left, last = left - n, value
        return out

    def section(self, c, count, allowed, children):
        def kind():
            k = c.u8()
            if k not in allowed:
                raise c.bad(f'kind {k} is not allowed here')
            return k, c.u8() if k == FILL else 0
        kinds = self.runs(c, count, kind)
        framed = sum(k in FRAMED for k, _ in kinds)
        for birth in set(self.runs(c, framed, c.varint)):
            if not 1 <= birth <= self.rec.generation:
                raise c.bad(f'birth generation {birth}')
        lengths = [c.varint(2**32 - 1) for _ in range(framed * (2 if children else 1))]
        ptrs, expected = [], HEAD
        for n in lengths:
            off = expected + 16 * c.zigzag()
            expected = align(off + 32 + n)
            if off < HEAD or expected > self.end:
                raise c.bad(f'frame at {off}, storedLen {n}')
            ptrs.append((off, n))
        it = iter(ptrs)
        return [(k, b, next(it), next(it) if children else None) if k in FRAMED else (k, b, None, None) for k, b in kinds]

    @lru_cache(256)
    def hashes(self, ptr):
        b = self.frame(ptr, HASHES)
        if len(b) != 8192:
            raise Bad('hashes', ptr[0], f'{len(b)} bytes')
        return b

    @lru_cache(64)
    def data(self, ptr):
        b = self.frame(ptr, DATA)
        return b + bytes(TILE - len(b))

    def check_nodes(self):
        self.nodes_seen, self.tiles_seen = {}, {}
        tiles = -(-self.rec.n // TILE)
        root = self.check_node(self.rec.node, self.rec.hashes, self.rec.height, tiles)
        if root and content_root(self.rec.n, root) != self.rec.content:
            self.report(Bad('content-root', self.rec.off, 'content root'))

    def check_node(self, ptr, hptr, height, inside):
        """The hash, checked bottom-up, of a node of which `inside` tiles lie below N; None where it cannot be told."""
        key = ptr, hptr, height, inside
        if key in self.nodes_seen:
            return self.nodes_seen[key]
        self.nodes_seen[key] = None
        try:
            recorded = self.hashes(hptr)
        except Bad as e:
            self.report(e)
            recorded = None
        try:
            items = self.node(ptr, height)[0]
        except Bad as e:
            self.report(e)
            items = None
        if items is None:
            self.nodes_seen[key] = recorded and node_hash(height, recorded)
            return self.nodes_seen[key]
        span, out = 256**(height - 1), []
        for i, (kind, byte, p, hp) in enumerate(items):
            rest = min(span, inside - i * span)
            if (kind == ABSENT) != (rest <= 0):
                self.report(Bad('node', ptr[0], f'item {i} of section A is {"" if kind == ABSENT else "not "}ABSENT'))
            said = recorded and recorded[32 * i:32 * i + 32]
            if kind in (ABSENT, HOLE):
                h = Z[height - 1]
            elif kind == UNREADABLE:
                h = U[height - 1]
            elif kind == FILL:
                h = fill_hash(byte)
            elif kind == PRUNED:
                self.notes['pruned'] += 1
                h = said
            elif height > 1:
                h = self.check_node(p, hp, height - 1, rest)
            else:
                h = self.check_tile(p)
            if h and said and h != said:
                self.report(Bad('hash', p[0] if p else hptr[0], f'item {i} of the node of height {height} at {ptr[0]}'))
            out.append(said or h)
        self.nodes_seen[key] = node_hash(height, b''.join(out)) if all(out) else None
        return self.nodes_seen[key]

    def check_tile(self, ptr):
        if ptr not in self.tiles_seen:
            self.tiles_seen[ptr] = None
            try:
                self.tiles_seen[ptr] = leaf_hash(self.data(ptr))
            except Bad as e:
                self.report(e)
        return self.tiles_seen[ptr]

    def hash_at(self, height, index):
        """The recorded hash of the subtree `index` of a height below the root's; None beneath PRUNED."""
        ptr, hptr, k = self.rec.node, self.rec.hashes, self.rec.height
        while True:
            i = index >> 8 * (k - 1 - height) & 255
            kind, byte, p, hp = self.node(ptr, k)[0][i]
            if kind in (ABSENT, HOLE):
                return Z[height]
            if kind == UNREADABLE:
                return U[height]
            k -= 1
            if k == height:
                return self.hashes(hptr)[32 * i:32 * i + 32]
            if kind == PRUNED:
                return None
            ptr, hptr = p, hp

    def pieces(self, a, b, ptr=None, k=None, base=0):
        """(kind, start, end, bytes or None) covering [a, b); subtrees without frames in one piece."""
        if ptr is None:
            ptr, k = self.rec.node, self.rec.height
        span = TILE * 256**(k - 1)
        items = self.node(ptr, k)[0]
        for i in range(max(0, (a - base) // span), min(256, -(-(b - base) // span))):
            kind, byte, p, _ = items[i]
            lo = base + i * span
            x, y = max(a, lo), min(b, lo + span)
            if kind in FRAMED and k > 1:
                yield from self.pieces(x, y, p, k - 1, lo)
            elif kind in FRAMED:
                yield kind, x, y, self.data(p)[x - lo:y - lo]
            else:
                yield kind, x, y, bytes([byte]) * (y - x) if kind == FILL else None

    def content(self, e):
        """The bytes of an entry, in pieces of at most 64 KiB."""
        for kind, a, b, data in self.pieces(e['slot'][0], e['slot'][0] + e['size']):
            if kind == PRUNED:
                raise Bad('pruned', None, 'the bytes are not here')
            while data is None and a < b:
                n = min(TILE, b - a)
                yield bytes(n)
                a += n
            if data is not None:
                yield data

    # ------------------------------------------------ maps

    def items(self, which, collect=None, levels=None):
        """(key, record, offset of its page) of a map. With `collect`, damage is reported to it and the walk goes on."""
        ptr, count, digest = self.rec_maps()[which]
        if not ptr:
            return
        state = {'last': None, 'collect': collect, 'levels': levels}
        result = yield from self.page(which, ptr, digest, None, state)
        if result and result['count'] != count:
            err = Bad('page', ptr[0], f'{MAPS[which]}: {result["count"]} items, the root says {count}')
            if not collect:
                raise err
            collect(err)
        state['root'] = result
        if levels is not None:
            levels['root'] = result

    def rec_maps(self):
        return (self.rec if hasattr(self, 'rec') else self.slot.rec).maps

    def page(self, which, ptr, digest, parent, state):
        """Yields the leaf items beneath; returns the page's summary, or None where it is damaged."""
        off = ptr[0]
        try:
            level, items = self.parse_page(which, ptr, digest, parent)
        except Bad as e:
            if not state['collect']:
                raise
            state['collect'](e)
            return None
        count, ok, trees, metas = 0, True, [], []
        for key, value in items:
            try:
                if level == 0:
                    if state['last'] is not None and key <= state['last']:
                        raise Bad('page', off, 'keys do not ascend from page to page')
                    state['last'] = key
                    if isinstance(value, tuple):
                        p, want = value
                        value = self.frame(p, PAGES)
                        if not 2048 < len(value) <= 1048576 or sha(value) != want:
                            raise Bad('page', p[0], 'long record: length or hash')
                    if which == ENTRIES:
                        t = m = 0
                        for tag, _, end in fields(value, 'entry', off):
                            t, m = end if 1 <= tag <= 5 else t, end if 1 <= tag <= 15 else m
                        prefix = varint(len(key)) + key
                        trees.append(prefix + varint(t) + value[:t])
                        metas.append(prefix + varint(m) + value[:m])
                    count += 1
                    yield key, value, off
                else:
                    child, n, page_hash, tree, meta = value
                    got = yield from self.page(which, child, page_hash, level, state)
                    trees.append(tree)
                    metas.append(meta)
                    count += n
                    if not got:
                        ok = False
                    elif (got['count'], got['last'], got['tree'], got['meta']) != (n, key, tree, meta):
                        what = [w for w, x, y in (('count', got['count'], n), ('last key', got['last'], key),
                                                  ('tree hash', got['tree'], tree), ('meta hash', got['meta'], meta)) if x != y]
                        raise Bad('page', child[0], f'{MAPS[which]}: {", ".join(what)} not as the index page at {off} says')
            except Bad as e:
                if not state['collect']:
                    raise
                state['collect'](e)
                ok = False
        if state['levels'] is not None:
            state['levels'].setdefault(level, []).append([sha(bytes([level]) + k) for k, _ in items])
        out = {'count': count, 'last': items[-1][0], 'level': level, 'off': off, 'tree': None, 'meta': None}
        if which == ENTRIES and ok:
            head = (b'\4', b'\x08') if level == 0 else (bytes([5, level]), bytes([9, level]))
            out['tree'], out['meta'] = sha_of([head[0]] + trees), sha_of([head[1]] + metas)
        return out if ok else None

    def parse_page(self, which, ptr, digest, parent):
        raw = self.frame(ptr, PAGES)
        if sha(raw) != digest:
            raise Bad('page', ptr[0], f'{MAPS[which]}: page hash')
        c = Cursor(raw, 'page', ptr[0])
        if c.u8() != which:
            raise c.bad(f'not a page of {MAPS[which]}')
        level = c.u8()
        if level > 7 or parent is not None and level != parent - 1:
            raise c.bad(f'level {level}')
        count = c.varint()
        if not 1 <= count <= 256:
            raise Bad('shape', ptr[0], f'page of {count} items')
        items, last = [], None
        for _ in range(count):
            shared = c.varint(len(last or b''))
            n = c.varint(4352 - shared)
            rest = c.take(n)
            key = (last or b'')[:shared] + rest
            if last is not None:
                if key <= last:
                    raise c.bad('keys do not ascend')
                if shared < len(last) and rest and rest[0] == last[shared]:
                    raise c.bad('prefix is not the longest possible')
            if level:
                child = c.varint(MAX >> 4) * 16, c.varint(2**32 - 1)
                n, birth = c.varint(), c.varint()
                if not n or not 1 <= birth <= self.slot.rec.generation:
                    raise c.bad('count 0 or birth generation')
                page_hash = c.take(32)
                value = child, n, page_hash, *((c.take(32), c.take(32)) if which == ENTRIES else (None, None))
            else:
                n = c.varint()
                if n == 1:
                    value = (c.varint(MAX >> 4) * 16, c.varint(2**32 - 1)), c.take(32)
                elif n % 2 or n > 4096:
                    raise c.bad(f'record length {n}')
                else:
                    value = c.take(n // 2)
            items.append((key, value))
            last = key
        c.done()
        return level, items

    def check_map(self, which):
        """All (key, record, offset) of a map, every check of section 8 made."""
        levels, before = {}, len(self.damage)
        out = list(self.items(which, self.report, levels))
        root = levels.pop('root', None)
        if root and len(self.damage) == before:
            for level in range(root['level'] + 1):
                pages = levels[level]
                sizes = [len(p) for p in pages]
                if sizes != shape([h for p in pages for h in p]) or (len(pages) == 1) != (level == root['level']):
                    self.report(Bad('shape', root['off'], f'{MAPS[which]}: pages of level {level}'))
        if which == ENTRIES and (root or not self.rec.maps[ENTRIES][0]):
            if (root['tree'] if root else sha(b'\4')) != self.rec.tree:
                self.report(Bad('tree-hash', self.rec.off, 'tree hash'))
            if (root['meta'] if root else sha(b'\x08')) != self.rec.metahash:
                self.report(Bad('meta-hash', self.rec.off, 'meta hash'))
        return out

    # ------------------------------------------------ verification

    def verify(self, overviews=True):
        self.overviews = overviews
        for e in self.slot_errors:
            self.report(e)
        if len(self.slots) == 2 and self.slots[0].rec.uuid != self.slots[1].rec.uuid:
            self.report(Bad('record', 0, 'the slots name different bricks'))
        self.guard(self.check_commit)
        self.guard(self.walk_frames)
        self.guard(self.check_nodes)
        self.guard(self.check_meta)
        self.entries = {}
        self.guard(self.check_entries)
        self.guard(self.check_slots)
        self.guard(self.check_contents)
        self.guard(self.check_overviews)
        self.guard(self.check_history)
        self.guard(self.check_regions)
        return self.damage

    def guard(self, step):
        try:
            step()
        except Bad as e:
            self.report(e)

    def check_commit(self):
        r = self.read_commit(self.commit_ptr, self.end)
        if r.raw != self.rec.raw:
            self.report(Bad('commit', self.commit_ptr[0], 'record is not that of the slot'))
        if self.current and self.slot.inline:
            off, n = self.rec.node
            if self.slot.inline != os.pread(self.fd, 32 + n, off):
                self.report(Bad('slot-inline', 8192 * (self.rec.generation % 2), 'not a copy of the root NODE frame'))
        if self.rec.parent:
            p = self.read_commit(self.rec.parent, self.end)
            if p.id != self.rec.parent_id or p.generation != self.rec.generation - 1:
                self.report(Bad('commit', self.rec.parent[0], 'not the parent that the record names'))

    def check_meta(self):
        self.kind = None
        if not self.rec.meta:
            raise Bad('meta', self.rec.off, 'no META')
        b = self.frame(self.rec.meta, META)
        if sha(b) != self.rec.meta_sha:
            raise Bad('meta', self.rec.meta[0], 'SHA-256')
        meta = read_json(b, self.rec.meta[0])
        if meta.get('schema') != 1 or meta.get('kind') not in ('tree', 'file'):
            raise Bad('meta', self.rec.meta[0], 'schema or kind')
        self.kind = meta['kind']

    def check_entries(self):
        for key, rec, off in self.check_map(ENTRIES):
            try:
                self.entries[key] = read_entry(key, rec, off)
            except Bad as e:
                self.report(e)
        if self.kind == 'file' and (len(self.entries) != 1 or any(e['kind'] == 2 or e['dir'] for e in self.entries.values())):
            self.report(Bad('entry', None, 'a one-file brick has exactly one entry and no directory'))
        for key, e in self.entries.items():
            bad = lambda rule, d: self.report(Bad(rule, e['off'], f'{e["path"]!r}: {d}'))
            if key and self.kind != 'file':
                parent = self.entries.get(key_of(e['dir']))
                if not parent or parent['kind'] != 2:
                    bad('path', 'its dirname is not a directory of the brick')
            if e['link'] is not None:
                to = key_of(e['link'])
                t = self.entries.get(to)
                if not t or t['kind'] != 1 or t['link'] is not None:
                    bad('path', 'hard link to what is not a regular file of the brick')
                elif to > key:
                    bad('path', 'hard link to an entry with a larger key')
                elif e['size'] != t['size'] or e['cid'] != t['cid']:
                    bad('entry', 'size or content id is not that of the entry it links to')

    def check_slots(self):
        end = count = 0
        self.by_slot = []
        for key, rec, off in self.check_map(SLOTS):
            count += 1
            bad = lambda d: self.report(Bad('slots', off, f'slot {key.hex()}: {d}'))
            if len(key) != 8:
                bad('key')
                continue
            c, start = Cursor(rec, 'slots', off), int.from_bytes(key, 'big')
            try:
                n = c.varint()
            except Bad as e:
                self.report(e)
                continue
            if start < end:
                bad('overlaps the one before')
            if start + n > self.rec.n:
                bad('reaches beyond N')
            if not slot_shape(start, n):
                bad(f'length {n}: not a square, domino or L')
            end = max(end, start + n)
            e = self.entries.get(rec[c.pos:])
            if not e or e['slot'] != (start, n):
                bad('is not the slot of its entry')
        held = [e for e in self.entries.values() if e['slot']]
        if len(held) != count:
            self.report(Bad('slots', None, f'{count} slots, {len(held)} entries with a slot'))
        self.by_slot = sorted(held, key=lambda e: e['slot'][0])

    def check_contents(self):
        budget = 2**28 + 8 * self.end
        for e in self.by_slot:
            start, length = e['slot']
            if start + length > self.rec.n:
                continue
            try:
                got = self.content_id(e) if e['cid'] else None
                if got and got != e['cid']:
                    self.report(Bad('content-id', e['off'], f'{e["path"]!r}: content id'))
                if e['cid'] and not got:
                    self.notes['contentIdsBeneathPruned'] += 1
                if e['sha'] and budget >= e['size']:
                    budget -= e['size']
                    if sha_of(self.content(e)) != e['sha']:
                        self.report(Bad('content-id', e['off'], f'{e["path"]!r}: SHA-256 of the whole content'))
            except Bad as err:
                if err.rule != 'pruned':
                    self.report(err)
        for e in self.entries.values():
            if e['kind'] == 1 and e['size'] == 0 and e['cid'] not in (None, sha()):
                self.report(Bad('content-id', e['off'], f'{e["path"]!r}: content id of the empty string'))

    def content_id(self, e):
        start, size = e['slot'][0], e['size']
        if size <= TILE:
            try:
                return sha_of(self.content(e))
            except Bad as err:
                if err.rule == 'pruned':
                    return None
                raise
        h = height_of(size)
        span = TILE * 256**(h - 1)
        kids = [self.hash_at(h - 1, start // span + i) if i * span < size else Z[h - 1] for i in range(256)]
        return content_root(size, node_hash(h, b''.join(kids))) if all(kids) else None

    def check_history(self):
        for key, rec, off in self.check_map(HISTORY):
            try:
                g, cid, ptr, when, end = self.history_item(key, rec, off)
                r = self.read_commit(ptr, self.end)
                if not g < self.rec.generation or (r.generation, r.id) != (g, cid) or when not in (None, (r.seconds, r.nanos)) \
                        or end not in (None, r.end):
                    raise Bad('history', off, f'generation {g}: not what its COMMIT frame says')
            except Bad as e:
                self.report(e)

    def check_regions(self):
        for key, rec, off in self.check_map(REGIONS):
            try:
                if len(key) != 11:
                    raise Bad('regions', off, 'key')
                fields(rec, 'regions', off)
            except Bad as e:
                self.report(e)

    # ------------------------------------------------ ownership and overviews

    def check_overviews(self):
        own = []
        for e in self.by_slot:
            for a, b in owned_runs(e):
                a, b = a + e['slot'][0], b + e['slot'][0]
                if own and own[-1][1] == a:
                    own[-1][1] = b
                else:
                    own.append([a, b])
        own.sort()
        self.own_from, self.own_to = [a for a, _ in own], [b for _, b in own]
        self.ov_nodes, self.ov_tiles, self.ov_once = {}, {}, set()
        page, sure = self.overview_node(self.rec.node, self.rec.height, 0)
        if sure:
            item = (STORED, 0, self.rec.top, None) if self.rec.top else (ABSENT, 0, None, None)
            self.compare(item, page, 4 * self.rec.height + 2, self.rec.off)

    def owned(self, a, b):
        """'all', 'none' or 'some' of [a, b) is owned by entries."""
        i = bisect_right(self.own_from, a) - 1
        if i >= 0 and self.own_to[i] >= b:
            return 'all'
        after = i + 1 == len(self.own_from) or self.own_from[i + 1] >= b
        return 'none' if after and (i < 0 or self.own_to[i] <= a) else 'some'

    def mask(self, a, b):
        m = bytearray(b - a)
        i = max(0, bisect_right(self.own_from, a) - 1)
        while i < len(self.own_from) and self.own_from[i] < b:
            x, y = max(a, self.own_from[i]), min(b, self.own_to[i])
            if x < y:
                m[x - a:y - a] = b'\1' * (y - x)
            i += 1
        return bytes(m)

    def overview_node(self, ptr, k, base):
        """(the level-(4k + 2) page as six planes or None, whether that is certain); checks sections B and C beneath.
        Without recomputation, pages are True or None: something beneath is owned, or nothing."""
        span = TILE * 256**(k - 1)
        state = self.owned(base, base + 256 * span)
        key = ptr, k, state
        if key in self.ov_nodes:
            return self.ov_nodes[key]
        try:
            items, level_b, level_c = self.node(ptr, k)
        except Bad as e:
            self.report(e)
            return None, False
        kids, sures = [], []
        for i, (kind, byte, p, _) in enumerate(items):
            at = base + i * span
            if kind == PRUNED:
                page, kid, sure = None, None, False
            elif k == 1:
                page, kid, sure = self.overview_tile(kind, byte, p, at)
            elif kind in FRAMED:
                page, sure = self.overview_node(p, k - 1, at)
                kid = reduce16(page) if page and self.overviews else page
            else:
                page, kid, sure = None, None, True
            if sure:
                self.compare(level_b[i], page, 4 * k - 2, ptr[0])
            kids.append(kid)
            sures.append(sure)
        quarters = []
        for g in range(16):
            part = kids[16 * g:16 * g + 16]
            page = join(part, 256) if self.overviews else any(part) or None
            if all(sures[16 * g:16 * g + 16]):
                self.compare(level_c[g], page, 4 * k, ptr[0])
            quarters.append(reduce16(page) if page and self.overviews else page)
        out = join(quarters, 256) if self.overviews else any(quarters) or None, all(sures)
        if state != 'some':
            self.ov_nodes[key] = out
        return out

    def overview_tile(self, kind, byte, ptr, at):
        """(level-2 page, level-4 planes, certain)"""
        if kind not in (STORED, SHARED, FILL):
            return None, None, True
        state = self.owned(at, at + TILE)
        if kind == FILL and state != 'all':
            self.report(Bad('fill', at, 'FILL tile (offset: its position) is not wholly owned'))
        key = ptr or byte, state
        if key in self.ov_tiles:
            return self.ov_tiles[key]
        try:
            data = bytes([byte]) * TILE if kind == FILL else self.data(ptr)
        except Bad:
            return None, None, False     # reported by check_tile
        mask = None if state == 'all' else self.mask(at, at + TILE)
        if mask is not None and kind != FILL:
            free = int.from_bytes(mask.translate(bytes([255]) + bytes(255)), 'little')
            if int.from_bytes(data, 'little') & free:
                self.report(Bad('not-owned', ptr[0], f'tile {at // TILE}: a byte that no entry owns is not zero'))
        if state == 'none':
            out = None, None, True
        elif not self.overviews:
            out = True, True, True
        else:
            out = *overview_tile(data, mask), True
        if state != 'some' and (kind == FILL or key in self.ov_once):
            self.ov_tiles[key] = out
        self.ov_once.add(key)
        return out

    def compare(self, item, page, level, off):
        kind, _, p, _ = item
        if (kind == ABSENT) != (page is None):
            return self.report(Bad('overview', off, f'level {level} page is {"" if kind == ABSENT else "not "}ABSENT'))
        if page is None:
            return
        try:
            raw = self.frame(p, OVERVIEW)
        except Bad as e:
            return self.report(e)
        if len(raw) != (7680 if level == 2 else 24576):
            self.report(Bad('overview', p[0], f'level {level} page of {len(raw)} bytes'))
        elif self.overviews and raw != (page if level == 2 else b''.join(page)):
            self.report(Bad('overview', p[0], f'level {level} page is not what the bytes give'))


def shape(hashes):
    """The page sizes of a level (section 8); hashes = h(level, key) of its items."""
    out, start = [], 0
    for i, h in enumerate(hashes):
        if i + 1 == len(hashes) or h[0] < 4:
            todo = [(start, i + 1)]
            while todo:
                a, b = todo.pop()
                if b - a <= 256:
                    out.append(b - a)
                else:
                    m = min(range(a, b - 1), key=hashes.__getitem__)
                    todo += [(m + 1, b), (a, m + 1)]
            start = i + 1
    return out


def slot_shape(start, n):
    k = ((n & -n).bit_length() - 1) // 2 if n else 0
    c = n >> 2 * k
    return k >= 3 and c in (1, 2, 3) and start % 4**k == 0 and (start >> 2 * k) % 4 + c <= 4


# ---------------------------------------------------------------- entries

def check_path(path, off):
    if len(path) > 4096:
        raise Bad('path', off, f'{len(path)} bytes')
    for part in path.split(b'/'):
        if part in (b'', b'.', b'..') or b'\0' in part or len(part) > 255:
            raise Bad('path', off, f'{path!r}')


def key_of(path):
    d, _, b = path.rpartition(b'/')
    return d + b'\0' + b if path else b''


def read_time(v, rule, off):
    c = Cursor(v, rule, off)
    t = c.zigzag(), c.varint(999999999)
    c.done()
    return t


def read_runs(v, size, off):
    c, out, at = Cursor(v, 'entry', off), [], 0
    for _ in range(c.varint()):
        a = at + c.varint()
        n = c.varint()
        at = a + n
        if not n or at > size:
            raise c.bad('run is empty or reaches beyond the size')
        out.append((a, at))
    c.done()
    return out


def read_entry(key, rec, off):
    f = {t: v for t, v, _ in fields(rec, 'entry', off)}
    if key:
        d, nul, base = key.partition(b'\0')
        path = d + b'/' + base if d else base
        if not nul or b'/' in base:
            raise Bad('path', off, f'key {key!r}')
        check_path(path, off)
    else:
        d = path = b''
    bad = lambda what: Bad('entry', off, f'{path!r}: {what}')
    num = lambda t: number(f[t], 'entry', off) if t in f else None
    kind = num(1)
    if kind not in KINDS:
        raise bad(f'kind {kind}')
    if not key and kind != 2:
        raise bad('the root is not a directory')
    e = {'off': off, 'path': path, 'dir': d, 'kind': kind, 'size': num(2), 'cid': f.get(3), 'target': f.get(4), 'rdev': f.get(5),
         'link': f.get(6), 'mode': num(7), 'uid': num(8), 'gid': num(9), 'user': f.get(10), 'group': f.get(11),
         'mtime': read_time(f[12], 'entry', off) if 12 in f else None, 'extents': None, 'xattrs': [], 'xattrsLeftOut': 15 in f,
         'ctime': read_time(f[16], 'entry', off) if 16 in f else None, 'ino': f.get(17), 'dev': f.get(18), 'nlink': num(19),
         'slot': None, 'flags': num(21) or 0, 'why': f.get(22), 'unread': [], 'sha': f.get(24), 'outgrown': num(25) or 0}
    if kind == 1 and e['size'] is None or kind == 3 and not e['target'] or kind in (6, 7) and len(e['rdev'] or b'') != 8:
        raise bad('size, target or rdev is missing')
    if kind != 1 and {2, 3, 6, 13, 20, 23, 24} & set(f) or kind != 3 and 4 in f or kind not in (6, 7) and 5 in f:
        raise bad('field of another kind')
    if e['target'] and b'\0' in e['target']:
        raise bad('NUL in the target')
    if any(len(f[t]) != n for t, n in ((3, 32), (17, 8), (18, 8), (24, 32), (15, 0)) if t in f):
        raise bad('length of a field')
    if (e['mode'] or 0) > 0o7777 or max(e['uid'] or 0, e['gid'] or 0) >= 2**32:
        raise bad('mode, uid or gid')
    if 13 in f:
        e['extents'] = read_runs(f[13], e['size'], off)
    if 23 in f:
        e['unread'] = read_runs(f[23], e['size'], off)
    if 14 in f:
        c = Cursor(f[14], 'entry', off)
        for _ in range(c.varint()):
            e['xattrs'].append((c.take(c.varint()), c.take(c.varint())))
        c.done()
        names = [n for n, _ in e['xattrs']]
        if not names or any(a >= b for a, b in zip(names, names[1:])) or any(not n or b'\0' in n for n in names):
            raise bad('xattrs')
    if 20 in f:
        c = Cursor(f[20], 'entry', off)
        e['slot'] = c.varint(), c.varint()
        c.done()
        if e['slot'][1] < e['size'] or e['size'] > TILE and e['slot'][1] % TILE:
            raise bad(f'slot of {e["slot"][1]} bytes')
    if 21 in f and not e['flags'] or 25 in f and not e['outgrown']:
        raise bad('number 0 where none belongs')
    if bool(e['flags'] & 4) != (22 in f or 23 in f) or bool(e['flags'] & 16) != (13 in f):
        raise bad(f'flags {e["flags"]}')
    if e['link'] is not None:
        check_path(e['link'], off)
    if kind == 1:
        if (e['slot'] is not None) != (e['size'] > 0 and e['link'] is None):
            raise bad('slot')
        if not e['cid'] and e['link'] is None and not e['flags'] & 4:
            raise bad('no content id')
    return e


def owned_runs(e):
    """The runs of an entry's content that are neither hole nor unreadable. Field 22 without 23: nothing could be read."""
    runs = [(0, e['size'])] if e['extents'] is None else e['extents']
    if e['why'] is not None and not e['unread']:
        return
    gaps, i = e['unread'], 0
    for a, b in runs:
        while i < len(gaps) and gaps[i][1] <= a:
            i += 1
        j = i
        while j < len(gaps) and gaps[j][0] < b:
            if gaps[j][0] > a:
                yield a, gaps[j][0]
            a = gaps[j][1]
            j += 1
        if a < b:
            yield a, b


def put(out, name, value):
    """Bytes as text where they are UTF-8, else as name + 'Hex'."""
    try:
        out[name] = value.decode('utf-8')
    except UnicodeDecodeError:
        out[name + 'Hex'] = value.hex()


def entry_json(e):
    out = {}
    put(out, 'path', e['path'])
    out['kind'] = KINDS[e['kind']]
    for name in 'size', 'mode', 'uid', 'gid', 'mtime', 'ctime', 'nlink', 'slot', 'flags':
        if e[name] is not None:
            out[name] = e[name]
    if e['cid']:
        out['contentId'] = e['cid'].hex()
    for name, to in ('target', 'target'), ('link', 'linkTo'), ('user', 'user'), ('group', 'group'), ('why', 'unreadable'):
        if e[name] is not None:
            put(out, to, e[name])
    for name in 'rdev', 'ino', 'dev':
        if e[name] is not None:
            out[name] = int.from_bytes(e[name], 'little')
    if e['extents'] is not None:
        out['extents'] = [(a, b - a) for a, b in e['extents']]
    if e['unread']:
        out['unreadableRanges'] = [(a, b - a) for a, b in e['unread']]
    if e['xattrs']:
        out['xattrs'] = []
        for n, v in e['xattrs']:
            x = {}
            put(x, 'name', n)
            out['xattrs'].append({**x, 'value': v.hex()})
    if e['xattrsLeftOut']:
        out['xattrsLeftOut'] = True
    if e['sha']:
        out['sha256'] = e['sha'].hex()
    if e['outgrown']:
        out['outgrown'] = e['outgrown']
    return out


# ---------------------------------------------------------------- extraction

class Extract:
    def __init__(self, brick, dest, force):
        self.brick, self.dest, self.force, self.failed, self.root = brick, dest, force, 0, os.geteuid() == 0

    def say(self, e, detail):
        self.failed += 1
        print(json.dumps({'path': os.fsdecode(e['path']), 'error': str(detail)}), file=sys.stderr)

    def each(self, entries, act):
        for e in entries:
            try:
                act(e, os.path.join(self.dest, e['path']) if e['path'] else self.dest)
            except Bad as err:
                self.say(e, f'{err.rule}: {err.detail}')
            except (OSError, OverflowError, ValueError) as err:
                self.say(e, err)

    def run(self):
        b = self.brick
        for e in b.verify(overviews=False):
            if not self.force or e.rule in ('path', 'entry', 'page', 'shape', 'slots'):
                raise e
        entries = list(b.entries.values())
        one = b.kind == 'file'
        os.makedirs(self.dest, 0o700, exist_ok=True)
        if not one and os.listdir(self.dest):
            raise Bad('extract', None, 'the destination is not empty')
        v = os.statvfs(self.dest)
        need = sum(y - x for e in b.by_slot for x, y in owned_runs(e))
        if need > v.f_bavail * v.f_frsize and not self.force:
            raise Bad('extract', None, f'{need} bytes do not fit the free space (--force extracts all the same)')
        of = lambda *kinds: [e for e in entries if e['kind'] in kinds and e['link'] is None]
        self.each([e for e in of(2) if e['path']], lambda e, p: os.mkdir(p, 0o700))
        self.each(of(1), self.file)
        self.each(of(4, 5, 6, 7), self.special)
        self.each([e for e in entries if e['link'] is not None],
                  lambda e, p: os.link(os.path.join(self.dest, e['link']), p, follow_symlinks=False))
        self.each(of(3), lambda e, p: os.symlink(e['target'], p))
        self.each(of(1, 3, 4, 6, 7), self.attributes)
        self.each(of(2)[::-1], self.attributes)
        return self.failed

    def file(self, e, path):
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if e['flags'] & 4:
                self.say(e, 'parts could not be read when the brick was made; they are zeros')
            os.ftruncate(fd, e['size'])
            start = e['slot'][0] if e['slot'] else 0
            for a, b in owned_runs(e) if e['slot'] else ():
                for kind, x, y, data in self.brick.pieces(start + a, start + b):
                    if kind == PRUNED:
                        raise Bad('pruned', None, 'the bytes are not here')
                    while data:
                        n = os.pwrite(fd, data, x - start)
                        x, data = x + n, data[n:]
        finally:
            os.close(fd)

    def special(self, e, path):
        kind = e['kind']
        if kind == 4:
            os.mkfifo(path, 0o600)
        elif kind in (6, 7) and self.root:
            os.mknod(path, 0o600 | (stat.S_IFCHR if kind == 6 else stat.S_IFBLK), int.from_bytes(e['rdev'], 'little'))
        else:
            print(json.dumps({'path': os.fsdecode(e['path']), 'skipped': KINDS[kind]}), file=sys.stderr)

    def attributes(self, e, path):
        try:
            st = os.lstat(path)
        except FileNotFoundError:
            return
        if self.root and e['uid'] is not None and e['gid'] is not None:
            os.lchown(path, e['uid'], e['gid'])
        for name, value in e['xattrs']:
            try:
                os.setxattr(path, name, value, follow_symlinks=False)
            except OSError as err:
                if err.errno not in (errno.EPERM, errno.EACCES, errno.ENOTSUP):
                    self.say(e, f'xattr {name!r}: {err.strerror}')
        if e['kind'] != 3 and e['mode'] is not None:
            mine = self.root or (e['uid'], e['gid']) == (st.st_uid, st.st_gid)
            os.chmod(path, e['mode'] if mine else e['mode'] & 0o1777)
        if e['mtime']:
            ns = e['mtime'][0] * 10**9 + e['mtime'][1]
            os.utime(path, ns=(ns, ns), follow_symlinks=False)


# ---------------------------------------------------------------- commands

def emit(value):
    sys.stdout.buffer.write(json.dumps(value).encode('ascii') + b'\n')


def show(b):
    r = b.rec
    emit({'uuid': str(uuid.UUID(bytes=r.uuid)), 'generation': r.generation, 'time': [r.seconds, r.nanos], 'N': r.n, 'height': r.height,
          'fileEnd': r.end, 'liveBytes': r.live, 'contentRoot': r.content.hex(), 'treeHash': r.tree.hex(), 'metaHash': r.metahash.hex(),
          'commitId': r.id.hex(), 'parentId': r.parent_id.hex(), 'entries': r.maps[ENTRIES][1], 'epoch': r.epoch.hex()})


def constants():
    emit({'curve': [hilbert(d, 2) for d in range(16)], 'curveOrder4': [hilbert(d, 4) for d in range(16)],
          'T': sha(b''.join(struct.pack('<I', c) for c in T)).hex()})


def limit_memory():
    """A last resort against hostile input: MemoryError in place of a machine that swaps."""
    try:
        import resource
        half = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') // 2
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        want = max(2 * 2**30, half)
        if soft == resource.RLIM_INFINITY or soft > want:
            resource.setrlimit(resource.RLIMIT_AS, (want, hard))
    except (ImportError, OSError, ValueError):
        pass


def main():
    ap = argparse.ArgumentParser(description='Independent reader of V2 Spatial Bricks')
    ap.add_argument('command', choices=('show', 'ls', 'verify', 'extract', 'constants'))
    ap.add_argument('brick', nargs='?')
    ap.add_argument('dest', nargs='?')
    ap.add_argument('--generation', type=int)
    ap.add_argument('--no-overviews', action='store_true')
    ap.add_argument('--force', action='store_true')
    a = ap.parse_intermixed_args()
    if a.command == 'constants':
        constants()
        return 0
    if not a.brick or a.command == 'extract' and not a.dest:
        ap.error('BRICK (and DEST for extract) wanted')
    limit_memory()
    try:
        b = Brick(os.fsencode(a.brick), a.generation)
        if a.command == 'show':
            show(b)
        elif a.command == 'ls':
            for item in b.items(ENTRIES):
                emit(entry_json(read_entry(*item)))
        elif a.command == 'verify':
            damage = b.verify(not a.no_overviews)
            emit({'ok': not damage, 'damaged': [e.json() for e in damage], **b.notes})
            return 1 if damage else 0
        else:
            return 1 if Extract(b, os.fsencode(a.dest), a.force).run() else 0
        return 0
    except Bad as e:
        err = e
    except (MemoryError, RecursionError) as e:
        err = Bad('limit', None, type(e).__name__)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as e:
        err = Bad('io', None, str(e))
    if a.command == 'verify':
        emit({'ok': False, 'damaged': [err.json()]})
    else:
        print(json.dumps({'error': err.json()}), file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
