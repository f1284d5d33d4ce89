#!/usr/bin/env python3
"""Whether all of a brick fits together: every rule of brick-v2.md that reading alone does not check. `reader.py verify` and

  verifier.py BRICK [--generation G] [--no-overviews]
  verifier.py constants

Everything wrong is listed, as rule, offset and detail; what hangs on it is left out rather than listed again.
"""
import argparse, hashlib, json, os, struct, sys
from bisect import bisect_right
from collections import Counter
from decimal import Decimal, getcontext
from functools import lru_cache
from reader import (ABSENT, ENTRIES, FILE, FILL, FRAMED, HASHES, HEAD, HISTORY, HOLE, IDENT, MAPS, ONE_FILE, OVERVIEW, PAD, PRUNED, REGIONS,
                    SHARED, SLOTS, STORED, TILE, TYPES, UNREADABLE, Bad, Brick, Cursor, Entry, Region, align, decoded, fields,
                    height_of, sha, tree_faults)

DAMAGE_MAX = 1000
CACHED_TILES = 1000
UNKNOWN, DAMAGED = 'unknown', 'damaged'


# ---------------------------------------------------------------- hashes (section 6)

def leaf_hash(tile):
    return sha(b'\0', tile)


def node_hash(height, children):
    return sha(b'\1', bytes([height]), children)


def tower(leaf):
    """Hashes of height 0 to 4 over leaves that are all alike."""
    out = [leaf]
    for h in range(1, 5):
        out.append(node_hash(h, out[-1] * 256))
    return out


Z = tower(leaf_hash(bytes(TILE)))
U = tower(sha(b'\3'))


@lru_cache
def fill_hash(byte):
    return leaf_hash(bytes([byte]) * TILE)


def content_root(n, root):
    return sha(b'\2', struct.pack('<QB', n, 16), root)


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


# ---------------------------------------------------------------- curve, cuts and slots (sections 2 and 8)

def hilbert(d, order):
    x = y = 0
    for s in (1 << i for i in range(order)):
        rx = 1 & d >> 1
        ry = 1 & (d ^ rx)
        if ry == 0:
            if rx == 1:
                x, y = s - 1 - x, s - 1 - y
            x, y = y, x
        x, y, d = x + s * rx, y + s * ry, d >> 2
    return x, y


def page_sizes(hashes):
    """The pages of a level, by number of items; hashes are h(level, key) of its items."""
    out, start = [], 0
    for i, h in enumerate(hashes):
        if i + 1 == len(hashes) or h[0] < 4:
            todo = [(start, i + 1)]
            while todo:
                a, b = todo.pop()
                if b - a <= 256:
                    out.append(b - a)
                else:
                    cut = min(range(a, b - 1), key=hashes.__getitem__) + 1
                    todo += [(cut, b), (a, cut)]
            start = i + 1
    return out


def is_slot(start, length, size):
    """A square, domino or L of at least 8 x 8 cells; of whole tiles where the content is larger than one."""
    k = ((length & -length).bit_length() - 1) // 2 if length else 0
    c = length >> 2 * k
    return (k >= 3 and c in (1, 2, 3) and start % 4**k == 0 and (start >> 2 * k) % 4 + c <= 4 and length >= size
            and (size <= TILE or k >= 8))


# ---------------------------------------------------------------- overviews (section 5)

def entropy_table():
    getcontext().prec = 60
    log2 = lambda c: c.bit_length() - 1 if c & c - 1 == 0 else Decimal(c).ln() / Decimal(2).ln()
    return [0] + [int(65536 * c * log2(c) + Decimal('0.5')) for c in range(1, 257)]


T = entropy_table()
ZERO_CLASS, PRINT_CLASS, HIGH_CLASS = 1, 2, 3
CLASS = bytes(1 if b == 0 else 2 if 0x20 <= b <= 0x7E or 9 <= b <= 13 else 3 if b >= 0x80 else 0 for b in range(256))


def share(count, n, top):
    return (2 * top * count + n) // (2 * n)


def overview_of_tile(data, mask):
    """Level-2 page, and the six planes of its 256 texels of level 4; mask is 1 for each owned byte, None where all are."""
    planes, fine = [bytearray(256) for _ in range(6)], [bytearray(4096) for _ in range(6)]
    for block in range(256):
        own = owned_bytes(data, mask, 256 * block, 256)
        n = len(own)
        if n == 0:
            continue
        s = max(0, T[n] - sum(T[c] for c in Counter(own).values()))
        ent = min(255, (255 * s + 262144 * n) // (524288 * n))
        classes = own.translate(CLASS)
        texel = ent, (2 * sum(own) + n) // (2 * n), *(share(classes.count(k), n, 255) for k in (1, 2, 3)), max(1, (510 * n + 256) // 512)
        for plane, value in zip(planes, texel):
            plane[block] = value
        for i in range(16 * block, 16 * block + 16):
            own = owned_bytes(data, mask, 16 * i, 16)
            n = len(own)
            if n:
                classes = own.translate(CLASS)
                texel = (30 * ent + 255) // 510, (30 * sum(own) + 255 * n) // (510 * n), *(share(classes.count(k), n, 3) for k in (1, 2, 3)), 1
                for plane, value in zip(fine, texel):
                    plane[i] = value
    return b''.join(map(packed, fine, (4, 4, 2, 2, 2, 1))), [bytes(p) for p in planes]


def owned_bytes(data, mask, at, n):
    block = data[at:at + n]
    if mask is None or mask.count(1, at, at + n) == n:
        return block
    return bytes(v for v, own in zip(block, mask[at:at + n]) if own)


def packed(plane, bits):
    per = 8 // bits
    return bytes(sum(plane[i + k] << bits * k for k in range(per)) for i in range(0, len(plane), per))


def reduced(planes):
    """Six planes of 16 n texels of level L to six planes of n texels of level L + 2."""
    n = len(planes[5]) // 16
    out = [bytearray(n) for _ in range(6)]
    for i in range(n):
        cov = planes[5][16 * i:16 * i + 16]
        w = sum(cov)
        if w:
            for k in range(5):
                out[k][i] = (sum(c * v for c, v in zip(cov, planes[k][16 * i:16 * i + 16])) + w // 2) // w
            out[5][i] = max(1, w + 8 >> 4)
    return [bytes(p) for p in out]


# ---------------------------------------------------------------- verification

class Verifier:
    def __init__(self, path, generation, overviews):
        self.brick, self.overviews, self.damage, self.notes = Brick(path, generation), overviews, {}, Counter()
        self.rec, self.end = self.brick.rec, self.brick.end
        self.entries, self.are_entries_known, self.one_file, self.by_slot = {}, False, None, []
        self.hash_budget = 2**28 + 8 * self.end      # bytes: a file of FILL tiles can say that it is of any size

    def run(self):
        for step in (self.check_slots_of_head, self.check_commit, self.check_frames, self.check_nodes, self.check_meta, self.check_entries,
                     self.check_slots, self.check_contents, self.check_overviews, self.check_history, self.check_regions):
            try:
                step()
            except Bad as e:
                self.report(e)
        return {'ok': not self.damage, 'damaged': [e.json() for e in self.damage.values()], **self.notes}

    def report(self, e):
        if len(self.damage) < DAMAGE_MAX:
            self.damage.setdefault((e.rule, e.offset, e.detail), e)

    def fault(self, rule, offset, detail):
        self.report(Bad(rule, offset, detail))

    def tried(self, read, *args):
        """What `read` returns, or None where that is damaged and now reported."""
        try:
            return read(*args)
        except Bad as e:
            self.report(e)
            return None

    # ------------------------------------------------ commit and frames

    def check_slots_of_head(self):
        for e in self.brick.slot_errors:
            self.report(e)
        if len({s.rec.uuid for s in self.brick.slots}) > 1:
            self.fault('record', 0, 'the slots name different bricks')

    def check_commit(self):
        rec, brick = self.rec, self.brick
        said, extras = brick.read_commit(brick.commit)
        if said.raw != rec.raw:
            self.fault('commit', brick.commit[0], 'record is not that of the slot')
        self.check_extras(extras, brick.commit[0])
        inline = brick.slot.inline
        if inline and rec is brick.slot.rec and inline != os.pread(brick.fd, 32 + rec.node[1], rec.node[0]):
            self.fault('slot-inline', rec.offset, 'not a copy of the root NODE frame')
        if rec.parent:
            parent, _ = brick.read_commit(rec.parent)
            if parent.id != rec.parent_id or parent.generation != rec.generation - 1:
                self.fault('commit', rec.parent[0], 'not the parent that the record names')

    def check_extras(self, extras, offset):
        dirty, end = extras.get('dirty', []), 0
        if not isinstance(dirty, list) or len(dirty) > 4096:
            raise Bad('commit', offset, 'dirty is not a list of at most 4,096 runs')
        for run in dirty:
            if not isinstance(run, list) or len(run) != 2 or not all(type(v) is int for v in run) or run[0] < end or run[1] < 1:
                raise Bad('commit', offset, 'dirty does not ascend')
            end = sum(run)

    def check_frames(self):
        """All frames below fileEnd, those that no commit needs too."""
        brick, offset, committed = self.brick, HEAD, False
        while offset < self.end:
            header = brick.header(offset, self.end)
            kind = header[0]
            if (kind == IDENT) != (offset == HEAD):
                self.fault('frame', offset, 'IDENT is the first frame and only that')
            if committed and kind != PAD:
                self.fault('frame', offset, f'{TYPES[kind]} after the COMMIT frame')
            committed = committed or offset == brick.commit[0]
            payload = self.tried(brick.payload, offset, header)
            if payload is not None and kind == PAD and any(payload):
                self.fault('frame', offset, 'PAD is not zeros')
            if payload is not None and kind == IDENT and payload != self.rec.uuid + self.rec.epoch:
                self.fault('ident', offset, 'uuid and epoch are not those of the record')
            offset += align(32 + header[2])
        if not committed:
            self.fault('frame', brick.commit[0], 'the COMMIT frame is not among the frames')

    # ------------------------------------------------ directory

    def check_nodes(self):
        self.seen_nodes, self.seen_tiles = {}, {}
        root = self.check_node(self.rec.node, self.rec.hashes, self.rec.height, -(-self.rec.n // TILE))
        if root and content_root(self.rec.n, root) != self.rec.content:
            self.fault('content-root', self.rec.offset, 'content root')

    def check_node(self, ptr, hashes_ptr, height, inside):
        """The hash, from the tiles up, of a node of which `inside` tiles lie below N; None where it cannot be told."""
        key = ptr, hashes_ptr, height, inside
        if key not in self.seen_nodes:
            self.seen_nodes[key] = None
            said = self.tried(self.hashes, hashes_ptr)
            sections = self.tried(self.brick.node, ptr, height)
            got = [None] * 256
            if sections:
                got = [self.check_item(ptr, i, item, height, inside, said) for i, item in enumerate(sections[0])]
                for i in range(256):
                    if said and got[i] and got[i] != said[i]:
                        at = sections[0][i][2] or hashes_ptr
                        self.fault('hash', at[0], f'item {i} of the node of height {height} at {ptr[0]}')
            best = said or got
            self.seen_nodes[key] = node_hash(height, b''.join(best)) if all(best) else None
        return self.seen_nodes[key]

    def check_item(self, ptr, i, item, height, inside, said):
        kind, byte, child, child_hashes = item
        span = 256**(height - 1)
        rest = min(span, inside - i * span)
        if (kind == ABSENT) != (rest <= 0):
            self.fault('node', ptr[0], f'item {i} of section A is {"" if kind == ABSENT else "not "}ABSENT')
        if kind in (ABSENT, HOLE):
            return Z[height - 1]
        if kind == UNREADABLE:
            return U[height - 1]
        if kind == FILL:
            return fill_hash(byte)
        if kind == PRUNED:
            self.notes['pruned'] += 1
            return said and said[i]
        return self.check_node(child, child_hashes, height - 1, rest) if height > 1 else self.check_tile(child)

    def check_tile(self, ptr):
        if ptr not in self.seen_tiles:
            data = self.tried(self.brick.data, ptr)
            self.seen_tiles[ptr] = data and leaf_hash(data)
        return self.seen_tiles[ptr]

    @lru_cache(256)
    def hashes(self, ptr):
        b = self.brick.frame(ptr, HASHES)
        if len(b) != 8192:
            raise Bad('hashes', ptr[0], f'{len(b)} bytes')
        return [b[i:i + 32] for i in range(0, 8192, 32)]

    def hash_at(self, height, index):
        """The hash recorded for the subtree `index` of a height below the root's; None beneath PRUNED."""
        ptr, hashes_ptr, k = self.rec.node, self.rec.hashes, self.rec.height
        while True:
            i = index >> 8 * (k - 1 - height) & 255
            kind, _, child, child_hashes = self.brick.node(ptr, k)[0][i]
            if kind in (ABSENT, HOLE, UNREADABLE):
                return (U if kind == UNREADABLE else Z)[height]
            k -= 1
            if k == height:
                return self.hashes(hashes_ptr)[i]
            if kind == PRUNED:
                return None
            ptr, hashes_ptr = child, child_hashes

    # ------------------------------------------------ maps

    def map_items(self, which):
        """(key, record, offset of its page) of all that can be read of a map; its shape and hashes are checked."""
        self.levels, out, before = {}, [], len(self.damage)
        ptr, count, digest = self.rec.maps[which]
        top = self.map_page(which, ptr, digest, None, out) if ptr else None
        if any(a[0] >= b[0] for a, b in zip(out, out[1:])):
            self.fault('page', ptr[0], f'{MAPS[which]}: keys do not ascend from page to page')
        if len(self.damage) > before:
            return out
        if top and top[0] != count:
            self.fault('page', ptr[0], f'{MAPS[which]}: {top[0]} items, the root says {count}')
        for level, pages in sorted(self.levels.items()):
            if [len(p) for p in pages] != page_sizes([h for p in pages for h in p]) or (len(pages) == 1) != (level == max(self.levels)):
                self.fault('shape', ptr[0], f'{MAPS[which]}: pages of level {level}')
        if which == ENTRIES:
            tree, meta = top[2:] if top else (sha(b'\4'), sha(b'\x08'))
            if tree != self.rec.tree:
                self.fault('tree-hash', self.rec.offset, 'tree hash')
            if meta != self.rec.metahash:
                self.fault('meta-hash', self.rec.offset, 'meta hash')
        return out

    def map_page(self, which, ptr, digest, parent_level, out):
        """(items beneath, last key, tree hash, meta hash), or None where something beneath is damaged."""
        got = self.tried(self.brick.page, which, ptr, digest, parent_level)
        if not got:
            return None
        level, items = got
        self.levels.setdefault(level, []).append([sha(bytes([level]), key) for key, _ in items])
        if level:
            count, trees, metas = self.index_items(which, ptr, level, items, out)
        else:
            count, trees, metas = self.leaf_items(which, ptr, items, out)
        if count is None:
            return None
        if which != ENTRIES:
            return count, items[-1][0], None, None
        tag = lambda leaf, index: bytes([index, level]) if level else bytes([leaf])
        return count, items[-1][0], sha(tag(4, 5), *trees), sha(tag(8, 9), *metas)

    def leaf_items(self, which, ptr, items, out):
        count, trees, metas = len(items), [], []
        for key, value in items:
            try:
                record = self.brick.record(value)
                out.append((key, record, ptr[0]))
                if which == ENTRIES:
                    stored = fields(record, 'entry', ptr[0])
                    for part, last in (trees, 5), (metas, 15):
                        hashed = b''.join(field for tag, _, field in stored if 1 <= tag <= last)
                        part.append(varint(len(key)) + key + varint(len(hashed)) + hashed)
            except Bad as e:
                self.report(e)
                count = None
        return count, trees, metas

    def index_items(self, which, ptr, level, items, out):
        count, trees, metas = 0, [], []
        for key, (child, said, digest, hashes) in items:
            got = self.map_page(which, child, digest, level, out)
            if got and got != (said, key, *(hashes or (None, None))):
                self.fault('page', child[0], f'{MAPS[which]}: count, last key, tree or meta hash is not as the index page at {ptr[0]} says')
                got = None
            count = count + said if got and count is not None else None
            if hashes:
                trees.append(hashes[0])
                metas.append(hashes[1])
        return count, trees, metas

    def check_meta(self):
        self.one_file = self.brick.meta()['kind'] in ONE_FILE

    def check_entries(self):
        before = len(self.damage)
        for key, record, offset in self.map_items(ENTRIES):
            self.entries[key] = self.tried(Entry, key, record, offset)
        self.are_entries_known = len(self.damage) == before
        self.entries = {key: e for key, e in self.entries.items() if e}
        self.by_slot = sorted((e for e in self.entries.values() if e.slot), key=lambda e: e.slot)
        if self.are_entries_known and self.one_file is not None:
            for fault in tree_faults(self.entries, self.one_file):
                self.report(fault)

    def check_slots(self):
        before, end, seen = len(self.damage), 0, 0
        for key, record, offset in self.map_items(SLOTS):
            c, start = Cursor(record, 'slots', offset), int.from_bytes(key, 'big')
            n = self.tried(c.varint) or 0
            e = self.entries.get(c.rest())
            is_its = e and e.slot == (start, n)
            wrong = ('key' if len(key) != 8 else 'overlaps the one before' if start < end else 'reaches beyond N' if start + n > self.rec.n
                     else 'is not a square, domino or L, or too small' if not is_slot(start, n, e.size if is_its else 0)
                     else 'is not the slot of its entry' if not is_its and self.are_entries_known else None)
            if wrong:
                self.fault('slots', offset, f'slot {key.hex()}, length {n}: {wrong}')
            end, seen = max(end, start + n), seen + 1
        if self.are_entries_known and len(self.damage) == before and len(self.by_slot) != seen:
            self.fault('slots', None, f'{seen} slots, {len(self.by_slot)} entries with a slot')

    def check_history(self):
        tags = set()
        if self.map_items(HISTORY):
            for g, f, offset in self.brick.history():
                tag = decoded(f.get(5, b''), Cursor.text, 'history', offset)
                if tag and (tag in tags or len(tag) > 100):
                    self.fault('history', offset, f'generation {g}: tag {tag!r} is there twice, or is too long')
                tags.add(tag)
                commit = self.tried(self.brick.read_commit, f[2])
                if commit:
                    r = commit[0]
                    when = decoded(f[3], Cursor.time, 'history', offset) if 3 in f else (r.seconds, r.nanos)
                    end = decoded(f[4], Cursor.varint, 'history', offset) if 4 in f else r.end
                    if g >= self.rec.generation or (r.generation, r.id, r.seconds, r.nanos, r.end) != (g, f[1], *when, end):
                        self.fault('history', offset, f'generation {g}: not what its COMMIT frame says')

    def check_regions(self):
        starts = [e.slot[0] for e in self.by_slot]
        for item in self.map_items(REGIONS):
            r = self.tried(Region, *item)
            if r and self.are_entries_known:
                i = bisect_right(starts, r.start) - 1
                end = starts[i] + self.by_slot[i].size if i >= 0 else 0
                if r.start >= end or r.start + r.length > end:
                    self.fault('regions', r.offset, f'region at {r.start}, {r.length} bytes: not inside the content of an entry')

    # ------------------------------------------------ contents

    def check_contents(self):
        for e in self.by_slot:
            if sum(e.slot) <= self.rec.n:
                self.tried(self.check_content, e)
        for e in self.entries.values():
            if e.kind == FILE and e.size == 0 and e.contentId not in (None, sha()):
                self.fault('content-id', e.offset, f'{e.path!r}: content id of the empty string')

    def check_content(self, e):
        if e.contentId:
            got = self.content_id(e)
            if got is None:
                self.notes['contentIdsBeneathPruned'] += 1
            elif got != e.contentId:
                self.fault('content-id', e.offset, f'{e.path!r}: content id')
        if e.sha256 and e.size <= self.hash_budget:
            self.hash_budget -= e.size
            if self.content_hash(e) not in (None, e.sha256):
                self.fault('content-id', e.offset, f'{e.path!r}: SHA-256 of the whole content')

    def content_id(self, e):
        """None where bytes that it takes are PRUNED."""
        start, size = e.slot[0], e.size
        if size <= TILE:
            return self.content_hash(e)
        h = height_of(size)
        span = TILE * 256**(h - 1)
        kids = [self.hash_at(h - 1, start // span + i) if i * span < size else Z[h - 1] for i in range(256)]
        return content_root(size, node_hash(h, b''.join(kids))) if all(kids) else None

    def content_hash(self, e):
        """SHA-256 of the bytes of an entry; None where some are PRUNED."""
        h, zeros = hashlib.sha256(), bytes(2**20)
        for kind, a, b, data in self.brick.pieces(e.slot[0], e.slot[0] + e.size):
            if kind == PRUNED:
                return None
            h.update(data or b'')
            for i in range(a, b if data is None else a, 2**20):
                h.update(zeros[:b - i])
        return h.digest()

    # ------------------------------------------------ ownership and overviews

    def check_overviews(self):
        if not self.are_entries_known:
            return
        runs = [(a + e.slot[0], b + e.slot[0]) for e in self.by_slot for a, b in e.owned()]
        self.own_from, self.own_to = [], []
        for a, b in sorted(runs):
            if self.own_to and a <= self.own_to[-1]:
                self.own_to[-1] = max(b, self.own_to[-1])
            else:
                self.own_from.append(a)
                self.own_to.append(b)
        self.seen_overviews, self.seen_tile_overviews = {}, {}
        page = self.overview_of_node(self.rec.node, self.rec.height, 0)
        top = (STORED, 0, self.rec.top, None) if self.rec.top else (ABSENT, 0, None, None)
        self.compare(top, page, 4 * self.rec.height + 2, self.rec.offset)

    def owned(self, a, b):
        """'all', 'none' or 'some' of [a, b) is owned by entries."""
        i = bisect_right(self.own_to, a)
        if i == len(self.own_from) or self.own_from[i] >= b:
            return 'none'
        return 'all' if self.own_from[i] <= a and self.own_to[i] >= b else 'some'

    def mask(self, a, b):
        """A byte 1 for each owned position of [a, b), else 0."""
        m, i = bytearray(b - a), bisect_right(self.own_to, a)
        while i < len(self.own_from) and self.own_from[i] < b:
            x, y = max(a, self.own_from[i]), min(b, self.own_to[i])
            m[x - a:y - a] = b'\1' * (y - x)
            i += 1
        return bytes(m)

    # A page is None where nothing beneath is owned, UNKNOWN where something is but what it says is not or cannot be told,
    # else its six planes.

    def overview_of_node(self, ptr, height, base):
        """The page of level 4 height + 2 over a node; sections B and C of all nodes beneath are checked."""
        span = TILE * 256**(height - 1)
        key = ptr, height, self.owned(base, base + 256 * span)
        if key in self.seen_overviews:
            return self.seen_overviews[key]
        sections = self.tried(self.brick.node, ptr, height)
        if not sections:
            return DAMAGED
        children = []
        for i, (kind, byte, child, _) in enumerate(sections[0]):
            at = base + i * span
            if height > 1 and kind in FRAMED:
                page = self.overview_of_node(child, height - 1, at)
                self.compare(sections[1][i], page, 4 * height - 2, ptr[0])
                children.append(reduced(page) if isinstance(page, list) else page)
            elif height > 1:
                self.compare(sections[1][i], None, 4 * height - 2, ptr[0])
                children.append(None)
            else:
                page, planes = self.overview_of_tile(kind, byte, child, at)
                self.compare(sections[1][i], page, 2, ptr[0])
                children.append(planes)
        quarters = []
        for g in range(16):
            page = joined(children[16 * g:16 * g + 16])
            self.compare(sections[2][g], page, 4 * height, ptr[0])
            quarters.append(reduced(page) if isinstance(page, list) else page)
        out = joined(quarters)
        if key[2] != 'some':
            self.seen_overviews[key] = out
        return out

    def overview_of_tile(self, kind, byte, ptr, at):
        """(level-2 page, six planes of its 256 texels of level 4), of the values that pages can have."""
        if kind not in (STORED, SHARED, FILL):
            return None, None
        state = self.owned(at, at + TILE)
        if kind == FILL and state != 'all':
            self.fault('fill', at, 'FILL tile (offset: its position) is not wholly owned')
        key = ptr or byte, state
        if key in self.seen_tile_overviews:
            return self.seen_tile_overviews[key]
        data = bytes([byte]) * TILE if kind == FILL else self.tried(self.brick.data, ptr)
        if data is None:
            return DAMAGED, DAMAGED
        mask = None if state == 'all' else self.mask(at, at + TILE)
        if mask and kind != FILL and any(v and not own for v, own in zip(data, mask)):
            self.fault('not-owned', ptr[0], f'tile {at // TILE}: a byte that no entry owns is not zero')
        out = (None, None) if state == 'none' else overview_of_tile(data, mask) if self.overviews else (UNKNOWN, UNKNOWN)
        if state != 'some':
            if len(self.seen_tile_overviews) >= CACHED_TILES:
                self.seen_tile_overviews.clear()
            self.seen_tile_overviews[key] = out
        return out

    def compare(self, item, page, level, offset):
        kind, _, ptr, _ = item
        if page is DAMAGED:
            return
        if (kind == ABSENT) != (page is None):
            self.fault('overview', offset, f'level {level} page is {"" if kind == ABSENT else "not "}ABSENT')
        elif page is not None:
            raw = self.tried(self.brick.frame, ptr, OVERVIEW)
            if raw is not None and len(raw) != (7680 if level == 2 else 24576):
                self.fault('overview', ptr[0], f'level {level} page of {len(raw)} bytes')
            elif raw is not None and page is not UNKNOWN and raw != (page if level == 2 else b''.join(page)):
                self.fault('overview', ptr[0], f'level {level} page is not what the bytes give')


def joined(parts):
    """Sixteen parts of 256 texels each as one page; of parts that are not planes, the worst or None where all are."""
    for state in DAMAGED, UNKNOWN:
        if any(p is state for p in parts):
            return state
    if all(p is None for p in parts):
        return None
    return [b''.join(bytes(256) if p is None else p[k] for p in parts) for k in range(6)]


# ---------------------------------------------------------------- commands

def verdict(path, generation=None, overviews=True):
    try:
        return Verifier(path, generation, overviews).run()
    except Bad as e:
        return {'ok': False, 'damaged': [e.json()]}
    except OSError as e:
        return {'ok': False, 'damaged': [Bad('io', None, str(e)).json()]}
    except (MemoryError, RecursionError) as e:
        return {'ok': False, 'damaged': [Bad('limit', None, type(e).__name__).json()]}


def constants():
    return {'curve': [hilbert(d, 2) for d in range(16)], 'curveOrder4': [hilbert(d, 4) for d in range(16)],
            'T': sha(b''.join(struct.pack('<I', c) for c in T)).hex()}


def main():
    ap = argparse.ArgumentParser(description='Verifier of V2 Spatial Bricks')
    ap.add_argument('brick', help='a brick, or the word constants')
    ap.add_argument('--generation', type=int)
    ap.add_argument('--no-overviews', action='store_true')
    a = ap.parse_args()
    out = constants() if a.brick == 'constants' else verdict(os.fsencode(a.brick), a.generation, not a.no_overviews)
    print(json.dumps(out))
    return 0 if out.get('ok', True) else 1


if __name__ == '__main__':
    sys.exit(main())
