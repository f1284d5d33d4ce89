#!/usr/bin/env python3
"""An independent reader of V2 Spatial Bricks, written from brick-v2.md alone. Python 3.11, standard library, libzstd.so.1.

  reader.py show BRICK [--generation G]                       the commit
  reader.py ls BRICK [--generation G]                         a line of JSON for each entry
  reader.py regions BRICK [--generation G]                    a line of JSON for each region, by place
  reader.py extract BRICK DEST [--generation G] [--force]     the tree, into an empty folder
  reader.py verify BRICK [--generation G] [--no-overviews]    whether all of it fits together

It makes the checks of section 9 on what it reads; extract.py and verifier.py build on it.
"""
import argparse, ctypes, hashlib, json, os, stat, struct, sys, time, uuid, zlib
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
FRAMED = STORED, SHARED
ENTRIES, SLOTS, REGIONS, HISTORY = 1, 2, 3, 4
MAPS = {1: 'ENTRIES', 2: 'SLOTS', 3: 'REGIONS', 4: 'HISTORY'}
FILE, DIRECTORY, SYMLINK, FIFO, SOCKET, CHAR, BLOCK = range(1, 8)
META_KINDS = 'tree', 'file', 'process', 'modules', 'log', 'devices'
ONE_FILE = 'file', 'log'
SEVERITIES = 'info', 'low', 'medium', 'high', 'critical'
ORIGINS = 'deterministic', 'rule', 'model', 'human'
KINDS = {1: 'file', 2: 'directory', 3: 'symlink', 4: 'fifo', 5: 'socket', 6: 'char', 7: 'block'}
FOREIGN = {b'\x89PNG': 'a PNG image', b'PK\3\4': 'a ZIP archive', b'\x7fELF': 'an ELF file', b'\x1f\x8b': 'gzip', b'%PDF': 'a PDF',
           b'\x28\xb5\x2f\xfd': 'zstd', b'SQLite format 3': 'an SQLite database', b'#!': 'a script', MAGIC: 'a brick whose head is damaged'}


class Bad(Exception):
    """A named violation of the format; the offset is that of a frame or slot, or None."""
    def __init__(self, rule, offset, detail):
        super().__init__(rule, offset, detail)
        self.rule, self.offset, self.detail = rule, offset, detail

    def json(self):
        return {'rule': self.rule, 'offset': self.offset, 'detail': self.detail}


def sha(*parts):
    h = hashlib.sha256()
    for p in parts:
        h.update(p)
    return h.digest()


def align(x, a=16):
    return -(-x // a) * a


def height_of(n):
    h = 1
    while n > TILE * 256**h:
        h += 1
    return h


# ---------------------------------------------------------------- numbers, fields, JSON (sections 1, 8.1 and 9)

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

    def rest(self):
        return self.take(len(self.data) - self.pos)

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

    def time(self):
        return self.zigzag(), self.varint(999999999)

    def pair(self):
        return self.varint(), self.varint()

    def runs(self):
        """[(start, end)], ascending and apart."""
        out = []
        for i in range(self.varint()):
            gap, n = self.pair()
            if n == 0 or i and gap == 0:
                raise self.bad('run is empty or touches the one before')
            start = gap + (out[-1][1] if out else 0)
            out.append((start, start + n))
        return out

    def xattrs(self):
        out = []
        for _ in range(self.varint()):
            out.append((self.take(self.varint()), self.take(self.varint())))
            if not out[-1][0] or b'\0' in out[-1][0] or len(out) > 1 and out[-1][0] <= out[-2][0]:
                raise self.bad('xattr names do not ascend, or one is none')
        return out

    def text(self):
        try:
            return self.rest().decode('utf-8')
        except UnicodeDecodeError:
            raise self.bad('not UTF-8')

    def short_text(self, most):
        if not 1 <= len(self.data) - self.pos <= most:
            raise self.bad(f'a text is empty or has more than {most} bytes')
        return self.text()

    def choice(self, names):
        i = self.varint()
        if not 1 <= i <= len(names):
            raise self.bad(f'{i} is none of {names}')
        return names[i - 1]

    def evidence(self):
        n = self.varint()
        if not 1 <= n <= 64:
            raise self.bad(f'{n} texts')
        return [decoded(self.take(self.varint()), lambda c: c.short_text(4096), self.rule, self.offset) for _ in range(n)]

    def mapping(self):
        u64 = lambda: int.from_bytes(self.take(8), 'little')
        out = {'address': u64(), 'lead': self.varint(), 'unread': self.varint(), 'permissions': self.take(4).decode('latin-1'), 'fileOffset': u64(), 'dev': u64(), 'ino': u64()}
        name, value = as_text('name', self.rest())
        return out | {name: value}

    def place(self):
        return self.varint(MAX >> 4) * 16, self.varint(2**32 - 1)

    def key(self, before):
        """The key of a page's item, `before` being that of the item before or None."""
        shared = self.varint(len(before or b''))
        rest = self.take(self.varint(4352 - shared))
        key = (before or b'')[:shared] + rest
        if before is not None and key <= before:
            raise self.bad('keys do not ascend')
        if before is not None and shared < len(before) and rest[:1] == before[shared:shared + 1]:
            raise self.bad('prefix is not the longest possible')
        return key

    def done(self):
        if self.pos != len(self.data):
            raise self.bad(f'{len(self.data) - self.pos} bytes left over')


def fields(record, rule, offset):
    """[(tag, value, the field as stored)], tags strictly ascending."""
    c, out, last = Cursor(record, rule, offset), [], -1
    while c.pos < len(record):
        start, tag = c.pos, c.varint()
        if tag <= last:
            raise c.bad(f'tag {tag} after {last}')
        value = c.take(c.varint())
        out.append((tag, value, record[start:c.pos]))
        last = tag
    return out


def decoded(value, read, rule, offset):
    """What `read` makes of a value that it fills."""
    c = Cursor(value, rule, offset)
    out = read(c)
    c.done()
    return out


def read_json(data, offset):
    """An object within the limits of section 9."""
    def pairs(items):
        out = dict(items)
        if len(out) != len(items) or '__proto__' in out:
            raise ValueError('a key twice, or __proto__')
        return out

    def constant(name):
        raise ValueError(f'{name} is not JSON')

    def depth(value):
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)
    try:
        out = json.loads(data.decode('utf-8'), object_pairs_hook=pairs, parse_constant=constant)
        if len(data) > 65536 or depth(out) > 16 or not isinstance(out, dict):
            raise ValueError('too long, too deep or not an object')
        return out
    except (ValueError, RecursionError) as e:
        raise Bad('json', offset, str(e))


# ---------------------------------------------------------------- codecs (section 3.2)

@lru_cache
def libzstd():
    lib = ctypes.CDLL('libzstd.so.1')
    for name, result in ('ZSTD_getFrameContentSize', ctypes.c_uint64), ('ZSTD_findFrameCompressedSize', ctypes.c_size_t):
        getattr(lib, name).restype, getattr(lib, name).argtypes = result, [ctypes.c_char_p, ctypes.c_size_t]
    lib.ZSTD_decompress.restype = ctypes.c_size_t
    lib.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    return lib


def unzstd(p, raw_len, offset):
    lib = libzstd()
    if len(p) < 5 or p[:4] != b'\x28\xb5\x2f\xfd' or p[4] & 3:
        raise Bad('zstd', offset, 'not a zstd frame, or one with a dictionary')
    if lib.ZSTD_getFrameContentSize(p, len(p)) != raw_len:
        raise Bad('zstd', offset, 'content size is not rawLen')
    if lib.ZSTD_findFrameCompressedSize(p, len(p)) != len(p):
        raise Bad('zstd', offset, 'not exactly one frame')
    out = ctypes.create_string_buffer(max(1, raw_len))
    if lib.ZSTD_decompress(out, raw_len, p, len(p)) != raw_len:
        raise Bad('zstd', offset, 'does not decode')
    return out.raw[:raw_len]


def inflate(p, raw_len, offset):
    z = zlib.decompressobj(-15)
    try:
        out = z.decompress(p, raw_len + 1)
    except zlib.error as e:
        raise Bad('deflate', offset, str(e))
    if not z.eof or z.unused_data or z.unconsumed_tail or len(out) != raw_len:
        raise Bad('deflate', offset, 'not exactly one stream of rawLen bytes')
    return out


# ---------------------------------------------------------------- head, commit record (sections 3.1, 3.3 and 7)

def pointer(b, at, end, rule, offset, what):
    """(offset, storedLen) of a frame below `end`, or None."""
    to, n, zero = struct.unpack_from('<QII', b, at)
    if to == n == zero == 0:
        return None
    if zero or to % 16 or not HEAD <= to < end or align(to + 32 + n) > end:
        raise Bad(rule, offset, f'pointer to {what}: offset {to}, storedLen {n}')
    return to, n


class Record:
    def __init__(self, b, rule, offset):
        self.raw, self.offset = b, offset
        self.uuid, self.epoch = b[:16], b[16:24]
        self.generation, self.seconds, self.nanos, self.height, self.n, self.end, self.live = struct.unpack_from('<QqIIQQQ', b, 24)
        bad = lambda detail: Bad(rule, offset, detail)
        if not 1 <= self.generation <= MAX or self.live > MAX or self.nanos >= 10**9:
            raise bad('generation, liveBytes or time out of range')
        if self.n > 2**47 or self.height != height_of(self.n):
            raise bad(f'N {self.n}, height {self.height}')
        if self.end > MAX or self.end % 4096 or self.end < HEAD:
            raise bad(f'fileEnd {self.end}')
        at = lambda o, what: pointer(b, o, self.end, rule, offset, what)
        self.node, self.hashes, self.top = at(72, 'the root NODE'), at(88, 'the root HASHES'), at(104, 'the top overview')
        self.meta, self.meta_sha, self.parent = at(344, 'META'), b[360:392], at(488, 'the parent')
        if not self.node or not self.hashes or not self.meta:
            raise bad('no root node or no META')
        self.maps = {}
        for m in MAPS:
            o = 120 + 56 * (m - 1)
            p, (count,) = at(o, MAPS[m]), struct.unpack_from('<Q', b, o + 16)
            if not 1 <= count <= MAX if p else any(b[o:o + 56]):
                raise bad(f'root of {MAPS[m]}')
            self.maps[m] = p, count, b[o + 24:o + 56]
        self.content, self.tree, self.metahash = b[392:424], b[424:456], b[456:488]
        self.parent_id, self.id, self.random, self.extras = b[504:536], b[536:568], b[568:584], b[584:616]
        if (self.generation == 1) == any(self.parent_id) or self.generation == 1 and self.parent:
            raise bad('the first commit names a parent, or a later one none')
        numbers = struct.pack('<QqIQ', self.generation, self.seconds, self.nanos, self.n)
        if self.id != sha(b'\7', self.uuid, self.random, self.parent_id, numbers, self.content, self.tree, self.metahash, self.extras):
            raise bad('commit id is not the hash of the record')


class Slot:
    def __init__(self, b, index, file_size):
        """Raises Bad 'slot' for a slot that is not valid, of another rule for a brick that is refused."""
        offset = 8192 * index
        if b[:8] != MAGIC or sha(b[:8160]) != b[8160:]:
            raise Bad('slot', offset, 'magic or hash')
        major, minor, incompat = struct.unpack_from('<HHI', b, 8)
        if major != 2:
            raise Bad('version', offset, f'major version {major}, this reader knows 2')
        if incompat:
            raise Bad('incompat', offset, f'unknown incompat bits {incompat:#x}')
        if b[24:32] != GEOMETRY:
            raise Bad('geometry', offset, b[24:32].hex())
        self.rec = Record(b[48:664], 'record', offset)
        if self.rec.end > file_size:
            raise Bad('record', offset, f'fileEnd {self.rec.end} is beyond the file, {file_size}')
        if self.rec.generation % 2 != index:
            raise Bad('record', offset, f'generation {self.rec.generation} in slot {"AB"[index]}')
        self.commit = pointer(b, 32, self.rec.end, 'record', offset, 'COMMIT')
        if not self.commit:
            raise Bad('record', offset, 'no COMMIT')
        (n,) = struct.unpack_from('<I', b, 664)
        if n > 7488 or minor == 0 and any(b[668 + n:8160]):
            raise Bad('slot-inline', offset, f'inlineLength {n}, or bytes after it')
        self.inline = b[668:668 + n]


def foreign(head):
    """Where no slot is valid: what the file is, or that it is none."""
    what = next((name for magic, name in FOREIGN.items() if head.startswith(magic)), f'bytes {head[:8].hex()}' if head else 'nothing')
    return Bad('slot' if MAGIC in (head[:8], head[8192:8200]) else 'foreign', 0, f'no valid slot; it begins with {what}')


class Brick:
    def __init__(self, path, generation=None):
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(self.fd).st_mode):
            raise Bad('foreign', None, 'not a regular file')
        for attempt in range(5):
            head = os.pread(self.fd, HEAD, 0)
            self.read_slots(head)
            if self.slots or MAGIC not in (head[:8], head[8192:8200]):
                break
            time.sleep(0.2)
        if not self.slots:
            raise foreign(head)
        self.slot = self.slots[-1]
        self.rec, self.commit, self.epoch, self.end = self.slot.rec, self.slot.commit, self.slot.rec.epoch, self.slot.rec.end
        if generation not in (None, self.rec.generation):
            self.rec, self.commit = self.retained(generation)
            self.end = self.rec.end

    def read_slots(self, head):
        """Sets the valid slots, by generation, and what is wrong with others that are not zeros."""
        self.slots, self.slot_errors = [], []
        for i, b in enumerate((head[:8192], head[8192:])):
            try:
                if any(b):
                    self.slots.append(Slot(b, i, os.fstat(self.fd).st_size))
            except Bad as e:
                if e.rule != 'slot':
                    raise
                self.slot_errors.append(e)
        self.slots.sort(key=lambda s: s.rec.generation)

    # ------------------------------------------------ frames (section 3.2)

    def header(self, offset, end):
        """(type, codec, storedLen, rawLen, payload crc), the limits checked."""
        bad = lambda detail: Bad('frame', offset, detail)
        if offset % 16 or offset < HEAD or offset + 32 > end:
            raise bad('offset')
        h = os.pread(self.fd, 32, offset)
        if len(h) != 32 or h[:4] != b'BLK1':
            raise bad('no BLK1')
        kind, codec, flags, stored, raw, _, crc, header_crc = struct.unpack('<BBHIIQII', h[4:])
        if zlib.crc32(h[:28] + self.epoch) != header_crc:
            raise bad('header crc or epoch')
        if not 1 <= kind <= 9 or codec > 2 or flags:
            raise bad(f'type {kind}, codec {codec}, flags {flags}')
        if raw > RAW_LIMIT.get(kind, 1048576) or stored > raw + 64 or codec == 0 and stored != raw:
            raise bad(f'storedLen {stored}, rawLen {raw}')
        if align(offset + 32 + stored) > end:
            raise bad('reaches beyond fileEnd')
        return kind, codec, stored, raw, crc

    def payload(self, offset, header):
        _, codec, stored, raw, crc = header
        b = os.pread(self.fd, align(stored), offset + 32)
        if len(b) != align(stored) or any(b[stored:]):
            raise Bad('frame', offset, 'cut short, or padding that is not zero')
        b = b[:stored]
        if zlib.crc32(b) != crc:
            raise Bad('frame', offset, 'payload crc')
        return b if codec == 0 else (unzstd if codec == 1 else inflate)(b, raw, offset)

    def frame(self, ptr, kind):
        offset, stored = ptr
        header = self.header(offset, self.end)
        if header[0] != kind:
            raise Bad('frame', offset, f'type {TYPES[header[0]]} where {TYPES[kind]} belongs')
        if header[2] != stored:
            raise Bad('frame', offset, f'storedLen {header[2]}, the locator says {stored}')
        return self.payload(offset, header)

    # ------------------------------------------------ commits (sections 7 and 8.3)

    def read_commit(self, ptr):
        """(record, extras)"""
        b, offset = self.frame(ptr, COMMIT), ptr[0]
        if not 616 <= len(b) <= 616 + 65536:
            raise Bad('commit', offset, f'payload of {len(b)} bytes')
        rec = Record(b[:616], 'commit', offset)
        if rec.epoch != self.epoch or rec.uuid != self.slot.rec.uuid:
            raise Bad('commit', offset, 'uuid or epoch')
        if not align(offset + 32 + ptr[1]) <= rec.end <= self.end:
            raise Bad('commit', offset, 'fileEnd')
        if sha(b[616:]) != rec.extras:
            raise Bad('commit', offset, 'hash of the extras')
        return rec, read_json(b[616:], offset)

    def history(self):
        """(generation, fields, offset of the page) of the retained commits."""
        for key, record, offset in self.items(HISTORY):
            f = {t: v for t, v, _ in fields(record, 'history', offset)}
            if len(key) != 8 or len(f.get(1, b'')) != 32 or 2 not in f:
                raise Bad('history', offset, 'key, commit id or pointer')
            f[2] = decoded(f[2], Cursor.place, 'history', offset)
            yield int.from_bytes(key, 'big'), f, offset

    def retained(self, generation):
        for g, f, offset in self.history():
            if g == generation:
                rec, _ = self.read_commit(f[2])
                if rec.id != f[1] or rec.generation != g:
                    raise Bad('history', offset, 'not the commit that HISTORY names')
                return rec, f[2]
        raise Bad('history', None, f'generation {generation} is not retained')

    def meta(self):
        b = self.frame(self.rec.meta, META)
        if sha(b) != self.rec.meta_sha:
            raise Bad('meta', self.rec.meta[0], 'SHA-256')
        meta = read_json(b, self.rec.meta[0])
        if meta.get('schema') != 1 or meta.get('kind') not in META_KINDS:
            raise Bad('meta', self.rec.meta[0], 'schema or kind')
        if not isinstance(meta.get('about', {}), dict) or not isinstance(meta.get('ended', ''), str):
            raise Bad('meta', self.rec.meta[0], 'about or ended')
        if 'retention' in meta and not is_retention(meta['retention']):
            raise Bad('meta', self.rec.meta[0], 'retention')
        meta['forgotten'] = [path_of(item, self.rec.meta[0]) for item in as_list(meta.get('forgotten', []))]
        return meta

    def regions(self):
        """All regions by place: start, then layer, then size class downwards, then ordinal."""
        found = [Region(*item) for item in self.items(REGIONS)]
        return sorted(found, key=lambda r: (r.start, r.layer, -r.size_class, r.ordinal))

    # ------------------------------------------------ directory (section 4)

    @lru_cache(256)
    def node(self, ptr, height):
        """Sections A, B, C as lists of (kind, fill byte, pointer, HASHES pointer)."""
        c = Cursor(self.frame(ptr, NODE), 'node', ptr[0])
        if c.u8() != height:
            raise c.bad(f'height is not {height}')
        kinds = {ABSENT, STORED, FILL, HOLE, UNREADABLE, PRUNED, SHARED}
        a = self.section(c, 256, kinds if height == 1 else kinds - {FILL}, 1 if height == 1 else 2)
        pages = {ABSENT, STORED, SHARED}
        out = a, self.section(c, 256, pages, 1), self.section(c, 16, pages, 1)
        c.done()
        return out

    def column(self, c, total, read):
        last, out = None, []
        while len(out) < total:
            value, n = read(), c.varint()
            if value == last or not 1 <= n <= total - len(out):
                raise c.bad('run is empty, too long or equal to its neighbour')
            out += [value] * n
            last = value
        return out

    def section(self, c, count, allowed, frames_each):
        def kind():
            k = c.u8()
            if k not in allowed:
                raise c.bad(f'kind {k} is not allowed here')
            return k, c.u8() if k == FILL else 0
        kinds = self.column(c, count, kind)
        framed = sum(k in FRAMED for k, _ in kinds)
        if any(not 1 <= g <= self.rec.generation for g in self.column(c, framed, c.varint)):
            raise c.bad('birth generation')
        lengths = [c.varint(2**32 - 1) for _ in range(framed * frames_each)]
        frames, expected = [], HEAD
        for n in lengths:
            offset = expected + 16 * c.zigzag()
            expected = align(offset + 32 + n)
            if offset < HEAD or expected > self.end:
                raise c.bad(f'frame at {offset}, storedLen {n}')
            frames.append((offset, n))
        it = iter(frames)
        return [(k, b, next(it), next(it) if frames_each == 2 else None) if k in FRAMED else (k, b, None, None) for k, b in kinds]

    @lru_cache(64)
    def data(self, ptr):
        return self.frame(ptr, DATA).ljust(TILE, b'\0')

    def pieces(self, a, b, ptr=None, height=None, base=0):
        """(kind, start, end, bytes or None) covering [a, b); what has no frame, and is not FILL, in one piece without bytes."""
        if ptr is None:
            ptr, height = self.rec.node, self.rec.height
        span = TILE * 256**(height - 1)
        items = self.node(ptr, height)[0]
        for i in range((a - base) // span, min(256, -(-(b - base) // span))):
            kind, byte, p, _ = items[i]
            lo = base + i * span
            x, y = max(a, lo), min(b, lo + span)
            if kind in FRAMED and height > 1:
                yield from self.pieces(x, y, p, height - 1, lo)
            elif kind in FRAMED:
                yield kind, x, y, self.data(p)[x - lo:y - lo]
            else:
                yield kind, x, y, bytes([byte]) * (y - x) if kind == FILL else None

    # ------------------------------------------------ maps (section 8)

    def items(self, which):
        """(key, record, offset of its page) of a map, keys ascending."""
        ptr, count, digest = self.rec.maps[which]
        last, n = None, 0
        for key, record, offset in self.beneath(which, ptr, digest, None) if ptr else ():
            if last is not None and key <= last:
                raise Bad('page', offset, 'keys do not ascend from page to page')
            last, n = key, n + 1
            yield key, record, offset
        if n != count:
            raise Bad('page', ptr[0], f'{MAPS[which]}: {n} items, the root says {count}')

    def beneath(self, which, ptr, digest, parent_level):
        level, items = self.page(which, ptr, digest, parent_level)
        for key, value in items:
            if level == 0:
                yield key, self.record(value), ptr[0]
            else:
                child, count, child_digest, _ = value
                n = last = 0
                for item in self.beneath(which, child, child_digest, level):
                    n, last = n + 1, item[0]
                    yield item
                if (n, last) != (count, key):
                    raise Bad('page', child[0], f'{MAPS[which]}: count or last key is not as the index page at {ptr[0]} says')

    def record(self, value):
        """The record of a leaf item: its bytes, or those of the frame that it names."""
        if isinstance(value, bytes):
            return value
        ptr, digest = value
        record = self.frame(ptr, PAGES)
        if not 2048 < len(record) <= 1048576 or sha(record) != digest:
            raise Bad('page', ptr[0], 'long record: length or hash')
        return record

    def page(self, which, ptr, digest, parent_level):
        """(level, [(key, value)]): a value is a record or its (pointer, hash), or (child, count, page hash, the two tree hashes)."""
        raw = self.frame(ptr, PAGES)
        if sha(raw) != digest:
            raise Bad('page', ptr[0], f'{MAPS[which]}: page hash')
        c = Cursor(raw, 'page', ptr[0])
        if c.u8() != which:
            raise c.bad(f'not a page of {MAPS[which]}')
        level, count = c.u8(), c.varint()
        if level > 15 or parent_level is not None and level != parent_level - 1:
            raise c.bad(f'level {level}')
        if not 1 <= count <= 256:
            raise Bad('shape', ptr[0], f'page of {count} items')
        items = []
        while len(items) < count:
            key = c.key(items[-1][0] if items else None)
            if level:
                child, (n, birth) = c.place(), c.pair()
                if not n or not 1 <= birth <= self.rec.generation:
                    raise c.bad('count 0 or birth generation')
                value = child, n, c.take(32), (c.take(32), c.take(32)) if which == ENTRIES else None
            else:
                n = c.varint()
                if n % 2 and n != 1 or n > 4096:
                    raise c.bad(f'record length {n}')
                value = (c.place(), c.take(32)) if n == 1 else c.take(n // 2)
            items.append((key, value))
        c.done()
        return level, items


# ---------------------------------------------------------------- entries (sections 8.1 and 9)

NUMBER, TIME, RUNS, BYTES, TEXT = Cursor.varint, Cursor.time, Cursor.runs, Cursor.rest, Cursor.text
HASH, U64 = lambda c: c.take(32), lambda c: int.from_bytes(c.take(8), 'little')
FIELDS = {
    1: ('kind', NUMBER), 2: ('size', NUMBER), 3: ('contentId', HASH), 4: ('target', BYTES), 5: ('rdev', U64), 6: ('link', BYTES),
    7: ('mode', NUMBER), 8: ('uid', NUMBER), 9: ('gid', NUMBER), 10: ('user', TEXT), 11: ('group', TEXT), 12: ('mtime', TIME),
    13: ('extents', RUNS), 14: ('xattrs', Cursor.xattrs), 15: ('xattrsLeftOut', lambda c: True), 16: ('ctime', TIME),
    17: ('ino', U64), 18: ('dev', U64), 19: ('nlink', NUMBER), 20: ('slot', Cursor.pair), 21: ('flags', NUMBER),
    22: ('unreadable', TEXT), 23: ('unreadableRanges', RUNS), 24: ('sha256', HASH), 25: ('outgrown', NUMBER),
    26: ('mapping', Cursor.mapping)}
IN_ALL = {1, 7, 8, 9, 12, 16, 17, 18, 19}
OF_KIND = {t: (FILE,) for t in (2, 3, 6, 13, 20, 23, 24, 25, 26)} | {4: (SYMLINK,), 5: (CHAR, BLOCK)}


class Entry:
    """Fields by name, None where missing; `path` and `dir` from the key."""
    def __init__(self, key, record, offset):
        self.offset, self.path, self.dir = offset, b'', b''
        if key:
            self.dir, nul, base = key.partition(b'\0')
            self.path = self.dir + b'/' + base if self.dir else base
            if not nul or b'/' in base:
                raise Bad('path', offset, f'key {key!r}')
            check_path(self.path, offset)
        stored = {t: v for t, v, _ in fields(record, 'entry', offset)}
        for tag, (name, read) in FIELDS.items():
            setattr(self, name, decoded(stored[tag], read, 'entry', offset) if tag in stored else None)
        if self.link is not None:
            check_path(self.link, offset)
        wrong = self.wrong(stored, key)
        if wrong:
            raise Bad('entry', offset, f'{self.path!r}: {wrong}')

    def wrong(self, stored, key):
        kind, size, flags, runs = self.kind, self.size, self.flags or 0, (self.extents or []) + (self.unreadableRanges or [])
        if kind not in KINDS or not key and kind != DIRECTORY:
            return f'kind {kind}'
        if IN_ALL - stored.keys() or any(kind not in OF_KIND.get(t, (kind,)) for t in stored):
            return 'a field is missing, or is one of another kind'
        if kind == FILE and size is None or kind == SYMLINK and self.target is None or kind in (CHAR, BLOCK) and self.rdev is None:
            return 'size, target or rdev is missing'
        if self.mode > 0o7777 or any(end > size for _, end in runs):
            return 'mode, or a run beyond the size'
        if self.flags == 0 or self.outgrown == 0 or self.xattrs == []:
            return 'a 0 or a list of nothing that should be missing'
        if bool(flags & 4) != (22 in stored or 23 in stored) or bool(flags & 16) != (13 in stored):
            return f'flags {flags}'
        if kind == FILE and (20 in stored) != (size > 0 and self.link is None) or self.slot and self.slot[1] < size:
            return 'slot'
        if kind == FILE and not self.contentId and not flags & 4 or self.contentId and self.unreadableRanges:
            return 'content id'
        return self.mapping and self.wrong_mapping(size)

    def wrong_mapping(self, size):
        m = self.mapping
        letters = all(letter in two for letter, two in zip(m['permissions'], ('r-', 'w-', 'x-', 'sp')))
        fits = m['lead'] <= size and m['address'] + size + m['unread'] <= 2**64 and not (size and m['unread'])
        return None if letters and fits else f'mapping {m}'

    def owned(self):
        """The runs of the content that are neither hole nor unreadable."""
        if self.unreadable is not None and self.unreadableRanges is None and not self.contentId:
            return
        gaps = iter((self.unreadableRanges or []) + [(self.size, self.size)])
        x, y = next(gaps)
        for a, b in [(0, self.size)] if self.extents is None else self.extents:
            while y < b:
                if a < x:
                    yield a, x
                a = max(a, y)
                x, y = next(gaps)
            if a < min(b, x):
                yield a, min(b, x)

    def json(self):
        out = {}
        for name in 'path', *(name for name, _ in FIELDS.values()):
            value = getattr(self, name)
            if name == 'kind':
                value = KINDS[value]
            elif name in ('extents', 'unreadableRanges') and value is not None:
                value = [(a, b - a) for a, b in value]
            elif name == 'xattrs' and value:
                value = [(n.decode('latin-1'), v.hex()) for n, v in value]
            elif isinstance(value, bytes):
                name, value = as_text(name, value)
            if value is not None:
                out[name] = value
        return out


# ---------------------------------------------------------------- regions (section 8.3)

def region_attributes(c):
    value = read_json(c.rest(), c.offset)
    if not value:
        raise c.bad('an empty object')
    return value


REGION_FIELDS = {
    1: ('length', lambda c: c.varint(2**47)), 2: ('class', lambda c: c.short_text(64)), 3: ('flags', NUMBER), 4: ('name', lambda c: c.short_text(4096)),
    5: ('attributes', region_attributes), 6: ('severity', lambda c: c.choice(SEVERITIES)), 7: ('rule', lambda c: c.short_text(256)),
    8: ('evidence', Cursor.evidence), 9: ('origin', lambda c: c.choice(ORIGINS)), 10: ('confidence', lambda c: c.varint(1000)),
    11: ('detector', lambda c: c.short_text(128)), 12: ('check', lambda c: c.short_text(1024)), 13: ('weakness', lambda c: c.short_text(32))}


class Region:
    def __init__(self, key, record, offset):
        self.offset = offset
        if len(key) != 12:
            raise Bad('regions', offset, f'key {key.hex()}')
        self.size_class, self.start, self.layer, self.ordinal = struct.unpack('>BQBH', key)
        stored = {t: v for t, v, _ in fields(record, 'regions', offset)}
        self.fields = {name: decoded(stored[t], read, 'regions', offset) for t, (name, read) in REGION_FIELDS.items() if t in stored}
        found = stored.keys() & {6, 7, 8, 9, 10, 12, 13}
        if not {1, 2} <= stored.keys() or found and not {6, 7, 9, 10} <= found or self.fields.get('flags') == 0:
            raise Bad('regions', offset, f'fields {sorted(stored)}')
        self.length = self.fields['length']
        if self.size_class != next(c for c in range(12) if self.length <= 256 * 16**c):
            raise Bad('regions', offset, f'{self.length} bytes in the size class {self.size_class}')

    def json(self):
        return {'start': self.start, 'layer': self.layer, **self.fields}


def as_text(name, value):
    """Hashes, and what is not UTF-8, in hex."""
    if name not in ('contentId', 'sha256'):
        try:
            return name, value.decode('utf-8')
        except UnicodeDecodeError:
            name += 'Hex'
    return name, value.hex()


def check_path(path, offset):
    if len(path) > 4096 or any(p in (b'', b'.', b'..') or b'\0' in p or len(p) > 255 for p in path.split(b'/')):
        raise Bad('path', offset, f'{path!r}')


def is_retention(value):
    counts = [value.get(name) for name in ('last', 'hourly', 'daily')] if isinstance(value, dict) else [None]
    return all(type(n) is int and 0 <= n <= 10000 for n in counts) and counts[0] >= 1


def as_list(value):
    return value if isinstance(value, list) else [value]


def path_of(item, offset):
    """The bytes of {path} or {pathHex}."""
    try:
        path = item['path'].encode() if 'path' in item else bytes.fromhex(item['pathHex'])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Bad('meta', offset, 'a forgotten path')
    check_path(path, offset)
    return path


def key_of(path):
    directory, _, base = path.rpartition(b'/')
    return directory + b'\0' + base if path else b''


def tree_faults(entries, one_file):
    """What is wrong between entries: a dictionary by key."""
    if one_file and (len(entries) != 1 or any(e.kind != FILE or e.dir for e in entries.values())):
        yield Bad('entry', None, 'a one-file brick has exactly one entry, a file, and no directory')
    for key, e in entries.items():
        parent = entries.get(key_of(e.dir))
        if key and not one_file and (not parent or parent.kind != DIRECTORY):
            yield Bad('path', e.offset, f'{e.path!r}: its dirname is not a directory of the brick')
        if e.link is not None:
            to = entries.get(key_of(e.link))
            if not to or to.kind != FILE or to.link is not None:
                yield Bad('path', e.offset, f'{e.path!r}: hard link to what is not a regular file of the brick, or is a link')
            elif key_of(e.link) > key or (e.size, e.contentId) != (to.size, to.contentId):
                yield Bad('entry', e.offset, f'{e.path!r}: not the size, content id or smallest key of the entry it links to')


# ---------------------------------------------------------------- commands

def emit(value):
    sys.stdout.write(json.dumps(value) + '\n')


def show(brick):
    r = brick.rec
    return {'uuid': str(uuid.UUID(bytes=r.uuid)), 'generation': r.generation, 'time': [r.seconds, r.nanos], 'N': r.n, 'height': r.height,
            'fileEnd': r.end, 'liveBytes': r.live, 'contentRoot': r.content.hex(), 'treeHash': r.tree.hex(), 'metaHash': r.metahash.hex(),
            'commitId': r.id.hex(), 'parentId': r.parent_id.hex(), 'entries': r.maps[ENTRIES][1], 'epoch': r.epoch.hex()}


def ls(brick):
    return (Entry(*item).json() for item in brick.items(ENTRIES))


def regions(brick):
    return (r.json() for r in brick.regions())


def run(a):
    """Does what the command line says; True where all is well."""
    path = os.fsencode(a.brick)
    if a.command == 'verify':
        import verifier
        verdict = verifier.verdict(path, a.generation, not a.no_overviews)
        emit(verdict)
        return verdict['ok']
    brick = Brick(path, a.generation)
    if a.command == 'extract':
        import extract
        return extract.Extract(brick, os.fsencode(a.dest), a.force).run() == 0
    for line in [show(brick)] if a.command == 'show' else ls(brick) if a.command == 'ls' else regions(brick):
        emit(line)
    return True


def main():
    ap = argparse.ArgumentParser(description='Independent reader of V2 Spatial Bricks')
    ap.add_argument('command', choices=('show', 'ls', 'regions', 'extract', 'verify'))
    ap.add_argument('brick')
    ap.add_argument('dest', nargs='?')
    ap.add_argument('--generation', type=int)
    ap.add_argument('--no-overviews', action='store_true')
    ap.add_argument('--force', action='store_true')
    a = ap.parse_intermixed_args()
    if (a.command == 'extract') != (a.dest is not None):
        ap.error('extract wants DEST, and only extract')
    try:
        return 0 if run(a) else 1
    except Bad as e:
        error = e.json()
    except OSError as e:
        error = {'rule': 'io', 'offset': None, 'detail': str(e)}
    print(json.dumps({'error': error}), file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.modules['reader'] = sys.modules['__main__']      # what extract and verifier import is this module
    sys.exit(main())
