import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notableIn } from './notable-strings.ts'
import { stringsAnalyzer } from './strings-analyzer.ts'
import { latin1, regionsOf } from './testing/contents.ts'

const allMarks = 127

function check(text: string, expected: string | undefined): void {
  const found = notableIn(text, allMarks)
  assert.equal(found && `${found.kind} ${found.text}`, expected, text)
  if (found !== undefined) assert.ok(found.start >= 0 && found.start + found.length <= text.length)
}

test('addresses on the network, paths, commands and versions are notable', () => {
  check('see https://foundry.test/a/b for more', 'url https://foundry.test/a/b')
  check('http://[::1]:8080/x', 'url http://[::1]:8080/x')
  check('/etc/ssl/openssl.cnf', 'path /etc/ssl/openssl.cnf')
  check('/proc/%d/status', 'path /proc/%d/status')
  check('sh -c "%s"', 'command sh -c "%s"')
  check('/bin/mount -o remount,ro /', 'command /bin/mount -o remount,ro /')
  check('connect to 203.0.113.9:443', 'address 203.0.113.9')
  check('GNU bash, version 5.2.15(1)-release', 'version GNU bash, version 5.2.15(1)-release')
  check('OpenSSL 3.0.19 27 Jan 2026', 'version OpenSSL 3.0.19 27 Jan 2026')
})

test('a command that downloads and runs is shown whole, without credentials, and not as its address', () => {
  check('curl -fsSL http://get.test.org/x | sh', 'command curl -fsSL http://get.test.org/x | sh')
  check(
    'cd /tmp && wget -qO- https://u:pw@a.test.org/y|sudo -E bash -s',
    'command cd /tmp && wget -qO- https://***@a.test.org/y|sudo -E bash -s',
  )
  check(
    'curl -u me:pw -H "Authorization: Bearer abc" a.test.org/x | /bin/sh',
    'command curl -u *** -H "Authorization: Bearer ***" a.test.org/x | /bin/sh',
  )
  check('curl http://get.test.org/x | shasum', 'url http://get.test.org/x')
  check('curl http://get.test.org/x || sh', 'url http://get.test.org/x')
  const long = `${'a '.repeat(200)}; curl http://get.test.org/x | sh`
  assert.deepEqual(notableIn(long, allMarks), {
    ...{ kind: 'command', start: 402, length: 31, text: 'curl http://get.test.org/x | sh', rank: 0 },
  })
})

test('formats, usage texts, numbers and loose words are not', () => {
  for (const text of [
    'http://%s/',
    'kill [-s SIGNAL] PID ...',
    'and/or',
    '/n/a',
    '1.3.6.1',
    '127.0.0.1',
    '300.1.1.1',
    '4.2.0.1',
  ]) {
    check(text, undefined)
  }
  for (const text of [
    '5.2.3.21',
    '0.0.0.0',
    '/dev/fd/H',
    'mount %s failed: %m',
    'https://www.gnu.org/gethelp/',
    '/lib64/ld-linux-x86-64.so.2',
  ]) {
    check(text, undefined)
  }
  check('needs version 4.0 or later', undefined)
  check('rm a file', undefined)
  check('%s version %d.%d', undefined)
})

test('credentials in addresses and commands are never kept', () => {
  check('https://bob:hunter22@foundry.test/x?token=abcdef', 'url https://***@foundry.test/x?…')
  check('curl -u x https://u:p4ss@foundry.test/', 'url https://***@foundry.test/')
  check('mount -o user=x,password=s3cr3t //srv/share /mnt', 'command mount -o user=x,password=*** //srv/share /mnt')
})

test('a binary keeps a bounded number of each kind: the telling ones, each once, in order of place', async () => {
  const plain = Array.from({ length: 40 }, (_, index) => `/usr/share/thing/${index}`)
  const vivid = Array.from({ length: 30 }, (_, index) => `https://c2-${index}.foundry.test/`)
  const bytes = latin1([...plain, ...vivid, ...vivid, '/etc/passwd'].map((text) => `\x01${text}\0`).join(''))
  const { regions, problems } = await regionsOf(stringsAnalyzer, bytes)
  assert.deepEqual(problems, [])
  const urls = regions.filter(({ attributes }) => attributes?.['kind'] === 'url')
  assert.deepEqual(
    urls.map(({ name }) => name),
    vivid.slice(0, 24),
  )
  for (const { offset, length, name } of regions) {
    assert.equal(Buffer.from(bytes.subarray(offset, offset + length)).toString('latin1'), name)
  }
  assert.deepEqual(regions.at(-1)?.name, '/etc/passwd')
})

test('text has no string regions: it is read as it is', async () => {
  assert.deepEqual((await regionsOf(stringsAnalyzer, 'https://foundry.test/\n')).regions, [])
})
