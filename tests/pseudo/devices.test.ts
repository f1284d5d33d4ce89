/** Devices as a source: what the kernel says of each, live when one comes and goes. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bytesKey, displayPath, utf8 } from '../../src/base/bytes.ts'
import type { Artifact } from '../../src/source/artifact.ts'
import { devicesArtifact } from '../../src/source/device/devices-artifact.ts'
import { openSource, sourceName } from '../../src/source/open.ts'

const clock = { monotonicMs: (): number => performance.now() }
const signal = new AbortController().signal
const root = new Uint8Array(0)

/** Path -> its facts by name. */
function facts(artifact: Artifact): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>()
  for (const { meta, content } of artifact.lister.walk(root)) {
    if (meta.kind !== 'file') continue
    assert.equal(meta.size, content?.length)
    const lines = Buffer.from(content ?? [])
      .toString('latin1')
      .split('\n')
      .slice(0, -1)
    found.set(displayPath(meta.path), Object.fromEntries(lines.map((line) => line.split(/ +(.*)/).slice(0, 2))))
  }
  return found
}

function sizeOf(artifact: Artifact, path: string): number | undefined {
  return artifact.lister.stat(utf8(path))?.meta.size
}

async function looked(artifact: Artifact): Promise<string> {
  return (await artifact.look?.(signal)) ?? 'looked'
}

test('devices: names the one source of its kind', () => {
  const source = openSource(utf8('devices:'))
  assert.deepEqual([source.kind, displayPath(sourceName(source))], ['devices', 'devices:'])
})

test('every network, block and bus device is there with what the kernel says of it', async () => {
  const artifact = devicesArtifact({ clock })
  await looked(artifact)
  const devices = facts(artifact)
  const among = (folder: string): string[] => (fs.existsSync(folder) ? fs.readdirSync(folder) : [])
  for (const name of among('/sys/class/net').filter((name) => fs.existsSync(`/sys/class/net/${name}/operstate`))) {
    const device = devices.get(`class/net/${name}`)
    assert.equal(device?.['operstate'], fs.readFileSync(`/sys/class/net/${name}/operstate`, 'utf8').trim(), name)
    const driver = `/sys/class/net/${name}/device/driver`
    if (fs.existsSync(driver)) assert.equal(device?.['driver'], fs.realpathSync(driver).split('/').at(-1))
  }
  for (const name of among('/sys/class/block')) {
    const number = fs.readFileSync(`/sys/class/block/${name}/dev`, 'utf8').trim()
    assert.equal(devices.get(`class/block/${name}`)?.['dev'], number, name)
    if (fs.existsSync(`/dev/${name}`)) assert.equal(devices.get(`dev/${name}`)?.['dev'], `block ${number}`)
  }
  for (const bus of among('/sys/bus')) {
    for (const name of among(`/sys/bus/${bus}/devices`)) assert.equal(devices.get(`bus/${bus}/${name}`)?.['name'], name)
  }
  const about = artifact.about?.() ?? {}
  assert.equal(Number(about['devices']) + Number(about['nodes']), devices.size)
})

test('parents come before what is in them, and a look that sees nothing new says so', async (t) => {
  const tree = makeTree(t)
  const artifact = devicesArtifact({ clock, sys: tree, dev: join(tree, 'dev') })
  assert.equal(await looked(artifact), 'looked')
  const seen = new Set<string>()
  for (const { meta } of artifact.lister.walk(root)) {
    const path = displayPath(meta.path)
    const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
    assert.ok(path === '' || seen.has(parent), `${parent} before ${path}`)
    seen.add(path)
  }
  assert.equal(await looked(artifact), 'looked', 'nothing was settled')
  artifact.settled?.()
  assert.equal(await looked(artifact), 'same')
  fs.writeFileSync(join(tree, 'devices/card0/state'), 'gone\n')
  assert.equal(await looked(artifact), 'looked')
  artifact.settled?.()
  artifact.unsettled?.()
  assert.equal(await looked(artifact), 'looked', 'what the brick holds is not known')
})

test('a device tells name, subsystem, driver, module, state, number and node, and nothing that is not there', async (t) => {
  const tree = makeTree(t)
  const artifact = devicesArtifact({ clock, sys: tree, dev: join(tree, 'dev') })
  await looked(artifact)
  const devices = facts(artifact)
  assert.deepEqual(devices.get('class/gpu/card0'), {
    name: 'card0',
    subsystem: 'gpu',
    driver: 'fast',
    module: 'fast_mod',
    state: 'ready?now',
    runtime_status: 'active',
    dev: '226:0',
    node: '/dev/gpu/card0',
    modalias: 'pci:v1',
  })
  assert.deepEqual([...devices.keys()], ['class/gpu/card0'])
  const [said] = [...(artifact.regions?.() ?? [])]
  const [region] = said?.regions ?? []
  assert.deepEqual(
    [region?.class, region?.name, region?.length],
    ['device', 'card0', sizeOf(artifact, 'class/gpu/card0')],
  )
  assert.equal(region?.attributes?.['driver'], 'fast')
  artifact.settled?.()
  assert.deepEqual([...(artifact.regions?.() ?? [])], [], 'of what is settled the brick has the regions')
  assert.equal(artifact.lister.stat(utf8('class/gpu/card1')), undefined)
  assert.equal(artifact.lister.stat(utf8('class/gpu'))?.meta.kind, 'dir')
})

test('an interface that is plugged in is a new entry, one that is pulled is gone', async (t) => {
  const name = `sfd${process.pid}`.slice(0, 14)
  const added = plug(t, name)
  if (added === undefined) return t.skip('no interface may be made here')
  const artifact = devicesArtifact({ clock })
  added.unplug()
  await looked(artifact)
  artifact.settled?.()
  assert.ok(!facts(artifact).has(`class/net/${name}`))
  added.plug()
  assert.equal(await looked(artifact), 'looked')
  artifact.settled?.()
  const first = artifact.lister.stat(utf8(`class/net/${name}`))
  assert.equal(facts(artifact).get(`class/net/${name}`)?.['subsystem'], 'net')
  added.unplug()
  assert.equal(await looked(artifact), 'looked')
  artifact.settled?.()
  assert.equal(artifact.lister.stat(utf8(`class/net/${name}`)), undefined)
  added.plug()
  await looked(artifact)
  const second = artifact.lister.stat(utf8(`class/net/${name}`))
  assert.notEqual(first?.meta.ino, second?.meta.ino, 'another device under the same name')
  const keys = [...artifact.lister.walk(utf8(`class/net/${name}`))].map(({ meta }) => bytesKey(meta.path))
  assert.deepEqual(keys, [`class/net/${name}`])
})

/** An interface that comes and goes, of a kind that this machine allows; gone after the test. */
function plug(t: TestContext, name: string): { plug(): void; unplug(): void } | undefined {
  const ip = (...args: string[]): boolean => spawnSync('ip', ['link', ...args]).status === 0
  const type = ['dummy', 'bridge', 'ifb'].find((kind) => ip('add', 'name', name, 'type', kind))
  if (type === undefined) return undefined
  t.after(() => ip('del', name))
  return {
    plug: () => assert.ok(ip('add', 'name', name, 'type', type)),
    unplug: () => assert.ok(ip('del', name)),
  }
}

/** A device model with one class device, whose state has a control character in it. */
function makeTree(t: TestContext): string {
  const tree = fs.mkdtempSync(join(tmpdir(), 'sfd-devices-'))
  t.after(() => fs.rmSync(tree, { recursive: true }))
  for (const folder of ['class/gpu', 'devices/card0/power', 'drivers/fast', 'module/fast_mod', 'dev']) {
    fs.mkdirSync(join(tree, folder), { recursive: true })
  }
  fs.writeFileSync(
    join(tree, 'devices/card0/uevent'),
    'MAJOR=226\nMINOR=0\nDEVNAME=gpu/card0\nDRIVER=fast\nMODALIAS=pci:v1\n',
  )
  fs.writeFileSync(join(tree, 'devices/card0/state'), 'ready\u0007now\n')
  fs.writeFileSync(join(tree, 'devices/card0/power/runtime_status'), 'active\n')
  fs.symlinkSync('../../drivers/fast', join(tree, 'devices/card0/driver'))
  fs.symlinkSync('../../module/fast_mod', join(tree, 'drivers/fast/module'))
  fs.symlinkSync('../../devices/card0', join(tree, 'class/gpu/card0'))
  return tree
}
