"""What is in memory of a process that stands still, by this script's own reading of proc(5): nothing of the project is used.

Prints one JSON object: maps (the lines as they are) and pages (address in hex -> SHA-256 of 4,096 bytes) of every page that
is present, wherever it can be read.
"""
import hashlib
import json
import struct
import sys

PAGE = 4096
process = '/proc/' + sys.argv[1]
with open(process + '/maps', 'rb') as file:
    lines = file.read().decode('latin-1').splitlines()
pages = {}
with open(process + '/pagemap', 'rb') as pagemap, open(process + '/mem', 'rb', buffering=0) as memory:
    for line in lines:
        start, end = (int(part, 16) for part in line.split(' ', 1)[0].split('-'))
        if start >= 2 ** 47:
            continue
        for first in range(start, end, 4096 * PAGE):
            count = min(4096, (end - first) // PAGE)
            pagemap.seek(first // PAGE * 8)
            words = struct.unpack('<%dQ' % count, pagemap.read(count * 8))
            for page, word in enumerate(words):
                if not word >> 63:
                    continue
                address = first + page * PAGE
                try:
                    memory.seek(address)
                    data = memory.read(PAGE)
                except OSError:
                    continue
                pages['%x' % address] = hashlib.sha256(data).hexdigest()
json.dump({'maps': lines, 'pages': pages}, sys.stdout)
