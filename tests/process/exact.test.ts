/** The bytes of a brick of a process against an independent reading of the same process while it stands still. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { witness } from '../fold/witness.ts'
import { bytesOfMappings, type FoldedMapping, foldProcess } from './brick.ts'
import { hold, independentPages, rssBytes, Subject, start, withCompiler } from './subject.ts'

const never = { skip: withCompiler.skip === false ? witness.skip : withCompiler.skip }

test(
  'every present page of a C program is in its brick as /proc/PID/mem has it, and nothing is mapped into it',
  never,
  async (t) => {
    const subject = await Subject.start(t)
    const { areas, pid } = subject
    const mappings = await sameAsIndependent(t, pid)
    const found = (address: number): FoldedMapping | undefined =>
      mappings.find(({ start, end }) => start <= address && address < end)
    for (const area of ['large', 'shared', 'memory_file', 'heap', 'stack', 'moving'] as const) {
      const mapping = found(areas[area])
      assert.ok(mapping, area)
      const at = areas[area] - mapping.start
      const page = mapping.pages.get(areas[area])
      assert.ok(page, `${area}: its first page, ${at} bytes from the mapping's beginning, is not there`)
      const seeds = { large: 1, shared: 3, memory_file: 4, stack: 9, moving: 7, heap: 8 } as const
      assert.deepEqual(Buffer.from(page), patternOf(areas[area], seeds[area]), area)
    }
    const sparse = found(areas.sparse)
    assert.equal(sparse?.pages.size, Math.ceil(64 / 3), 'only pages that were touched')
    assert.equal(found(areas.guarded)?.unreadable, 'PROT_NONE')
    assert.equal(found(areas.kept_out)?.unreadable, 'DONTDUMP')
  },
)

test('every present page of a Node.js process is in its brick as /proc/PID/mem has it', never, async (t) => {
  const child = start(t, process.execPath, [
    '-e',
    'const a=[]; for (let i=0;i<5e4;i++) a.push({i, s: String(i)}); console.log(1); setInterval(()=>a.length, 1e6)',
  ])
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  await sameAsIndependent(t, child.pid as number)
})

test('every present page of sleep is in its brick as /proc/PID/mem has it', { skip: witness.skip }, async (t) => {
  const child = start(t, 'sleep', ['1000'])
  const isAsleep = (): boolean => /\(sleep\) S /.test(readFileSync(`/proc/${child.pid}/stat`, 'latin1'))
  while (!isAsleep()) await new Promise<void>((resolve) => setImmediate(resolve))
  await sameAsIndependent(t, child.pid as number)
})

/** Holds it still, reads it both ways, compares pages and mappings, and that the process did not grow. */
async function sameAsIndependent(t: TestContext, pid: number): Promise<FoldedMapping[]> {
  hold(t, pid)
  const before = rssBytes(pid)
  const brick = await foldProcess(t, pid)
  assert.equal(rssBytes(pid), before, 'the process grew by being read')
  const expected = await independentPages(pid)
  const mappings = bytesOfMappings(t, brick)
  assert.deepEqual(
    mappings.map(({ line }) => line),
    expected.maps.map(withoutSpaces),
    'mappings',
  )
  assert.equal(expected.maps.join('\n'), readFileSync(`/proc/${pid}/maps`, 'latin1').trimEnd())
  const left = new Map(Object.entries(expected.pages))
  let pages = 0
  for (const { start, end, unreadable, pages: folded } of mappings) {
    for (const [address, bytes] of folded) {
      const name = address.toString(16)
      assert.equal(createHash('sha256').update(bytes).digest('hex'), left.get(name), `page ${name}`)
      left.delete(name)
      pages++
    }
    if (unreadable !== undefined) {
      for (const name of left.keys())
        if (start <= Number.parseInt(name, 16) && Number.parseInt(name, 16) < end) left.delete(name)
    }
  }
  assert.deepEqual([...left.keys()], [], 'pages that are present and not in the brick, nor told to be unreadable')
  assert.ok(pages > 100, `only ${pages} pages were compared`)
  return mappings
}

function withoutSpaces(line: string): string {
  return line.replaceAll(/ +/g, ' ').trimEnd()
}

/** As programs/subject.c fills a page. */
function patternOf(address: number, seed: number): Buffer {
  const page = Buffer.alloc(4_096)
  let value = BigInt(address) ^ BigInt(seed)
  for (let at = 0; at < page.length; at += 8) {
    page.writeBigUInt64LE(value, at)
    value = BigInt.asUintN(64, value * 6364136223846793005n + 1442695040888963407n)
  }
  return page
}
