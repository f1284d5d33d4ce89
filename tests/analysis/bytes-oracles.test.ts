/** File types, strings and YARA matches against file(1), strings(1) and yara(1) on the files of this machine. */
import assert from 'node:assert/strict'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { rules, rulesText } from '../../src/analysis/bytes/embedded-rules.ts'
import { fileTypeOf } from '../../src/analysis/bytes/file-type.ts'
import { stringsOf } from '../../src/analysis/bytes/strings-of.ts'
import { loadYara } from '../../src/analysis/bytes/yara.ts'
import type { Content } from '../../src/analysis/subject.ts'
import { debianTool } from './debian-tool.ts'
import { differenceOf } from './file-differences.ts'

const isLong = process.env['SFD_TEST_LONG'] !== undefined
const folder = mkdtempSync(join(tmpdir(), 'sfd-oracles-'))
after(() => rmSync(folder, { recursive: true, force: true }))
/** The short lane looks at the same files each time. */
const seed = Number(process.env['SFD_TEST_SEED'] ?? (isLong ? Math.floor(Math.random() * 2 ** 31) : 5))

const places = [
  '/usr/bin',
  '/usr/sbin',
  '/etc',
  '/usr/share/misc',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/include',
  '/usr/lib/python3',
]

/** `count` files of each place, chosen by the seed; links are not followed. */
function sampleOf(
  folders: readonly string[],
  { count, bytesMax }: { count: number; bytesMax: number },
): readonly string[] {
  let state = seed
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >>> 8) % below
  }
  return folders.flatMap((top) => {
    const all = filesIn(top).filter((path) => lstatSync(path).size <= bytesMax)
    return Array.from({ length: Math.min(count, all.length) }, () => all.splice(next(all.length), 1)[0] as string)
  })
}

function filesIn(top: string, depth = 3): string[] {
  let listed: ReturnType<typeof readDirectory>
  try {
    listed = readDirectory(top)
  } catch {
    return []
  }
  return listed.flatMap((entry) => {
    const path = join(top, entry.name)
    if (entry.isFile()) return readable(path) ? [path] : []
    return entry.isDirectory() && depth > 0 ? filesIn(path, depth - 1) : []
  })
}

function readDirectory(path: string) {
  return readdirSync(path, { withFileTypes: true })
}

/** Names that a list of files, one a line, can hold. */
function readable(path: string): boolean {
  return !/[\n\ufffd]/.test(path)
}

function contentAt(path: string): Content & { readonly bytes: Buffer } {
  const bytes = readFileSync(path)
  return { bytes, size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}

test('file types are those of file(1), and every difference has a reason', async (t) => {
  const file = debianTool({
    program: 'file',
    packages: ['file', 'libmagic1', 'libmagic-mgc'],
    folder: isLong ? folder : undefined,
  })
  if (file === undefined) return t.skip('no file(1) here')
  const paths = sampleOf(places, { count: isLong ? 300 : 8, bytesMax: 2 ** 23 })
  const list = join(folder, 'list')
  writeFileSync(list, paths.join('\n'))
  const theirs = Buffer.from(file(['-b', '-e', 'csv', '--files-from', list]), 'latin1')
    .toString()
    .split('\n')
  const counts = new Map<string, number>()
  for (const [index, path] of paths.entries()) {
    const ours = await fileTypeOf(contentAt(path))
    const difference = differenceOf({ ours, theirs: theirs[index] ?? '' })
    assert.ok(difference !== undefined, `${path} (seed ${seed}): ours ${JSON.stringify(ours)}, theirs ${theirs[index]}`)
    counts.set(difference, (counts.get(difference) ?? 0) + 1)
  }
  assert.ok(paths.length > 10, `${paths.length} files`)
  for (const [reason, count] of counts) t.diagnostic(`${count} of ${paths.length}: ${reason}`)
})

test('strings and their offsets are those of strings(1), in ASCII and UTF-16', (t) => {
  const strings = debianTool({
    program: 'strings',
    packages: ['binutils', 'libbinutils'],
    folder: isLong ? folder : undefined,
  })
  if (strings === undefined) return t.skip('no strings(1) here')
  const paths = sampleOf(['/usr/bin', '/usr/lib/x86_64-linux-gnu'], {
    count: isLong ? 150 : 4,
    bytesMax: isLong ? 2 ** 27 : 2 ** 20,
  })
  let count = 0
  for (const path of paths) {
    const content = contentAt(path)
    for (const [encoding, letter] of [
      ['ascii', 's'],
      ['utf-16le', 'l'],
      ['utf-16be', 'b'],
    ] as const) {
      const theirs = strings(['-a', '-n', '6', '-t', 'd', '-e', letter, path]).split('\n').slice(0, -1)
      let at = 0
      for (let from: number | undefined = 0; from !== undefined; ) {
        const page = stringsOf(content, { encoding, from, limit: 100_000 })
        for (const { offset, length, text } of page.strings) {
          const theirLine = theirs[at++] ?? ''
          const [, theirOffset, theirText = ''] = /^ *(\d+) (.*)$/s.exec(theirLine) ?? []
          const shown = text.length < length && encoding === 'ascii' ? theirText.slice(0, text.length) : theirText
          if (Number(theirOffset) !== offset || (text.length < 2_048 && shown !== text)) {
            assert.fail(
              `${path} ${encoding} (seed ${seed}): ours ${offset} ${JSON.stringify(text)}, theirs ${theirLine}`,
            )
          }
        }
        count += page.strings.length
        from = page.next
      }
      assert.equal(at, theirs.length, `${path} ${encoding} (seed ${seed})`)
    }
  }
  t.diagnostic(`${count} strings of ${paths.length} files are equal`)
})

test('our YARA rules match where yara(1) says they do', async (t) => {
  const tool = debianTool({ program: 'yara', packages: ['yara', 'libyara9'], folder: isLong ? folder : undefined })
  if (tool === undefined) return t.skip('no yara(1) here')
  const file = join(folder, 'rules.yar')
  writeFileSync(file, rulesText())
  const yara = await loadYara(rulesText())
  const paths = sampleOf(['/usr/bin', '/usr/lib/x86_64-linux-gnu'], {
    count: isLong ? 150 : 4,
    bytesMax: isLong ? 2 ** 24 : 2 ** 20,
  })
  const known = new Set(rules.map(({ name }) => name))
  let count = 0
  for (const path of paths) {
    const theirs = new Set<string>()
    let rule = ''
    for (const line of tool(['-s', '-w', file, path]).split('\n')) {
      const [, name] = /^(\w+) \//.exec(line) ?? []
      if (name !== undefined && known.has(name)) rule = name
      const [, offset] = /^0x([\da-f]+):\$p\d+:/.exec(line) ?? []
      if (offset !== undefined) theirs.add(`${rule} ${Number.parseInt(offset, 16)}`)
    }
    const ours = new Set((yara.scan(readFileSync(path)) ?? []).map((match) => `${match.rule} ${match.offset}`))
    assert.deepEqual([...ours].toSorted(), [...theirs].toSorted(), `${path} (seed ${seed})`)
    count += ours.size
  }
  t.diagnostic(`${count} matches in ${paths.length} files are equal`)
})
