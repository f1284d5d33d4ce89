/**
 * All devices that the kernel tells of, each as facts: `class/CLASS/NAME`, `bus/BUS/NAME`, `dev/NODE`.
 *
 * Nothing is opened but directories and attributes that cost nothing: no device is touched, woken or asked.
 */
import fs from 'node:fs'
import { modeText } from '../../base/entry-text.ts'
import type { Clock } from '../../base/ports.ts'
import type { DeviceFacts } from './device-facts.ts'
import { parseUevent } from './device-facts.ts'
import { DeviceDirectory, linkName, namesIn } from './sysfs.ts'

export interface Device {
  /** Of its entry; one character a byte. */
  readonly path: string
  /** Its identity: another one under the same name has another. */
  readonly ino: bigint
  readonly facts: DeviceFacts
}

export interface DevicePlaces {
  /** `/sys` and `/dev`, unless a test has others. */
  readonly sys: string
  readonly dev: string
  readonly clock: Pick<Clock, 'monotonicMs'>
}

/** At most so many; a machine has some hundreds, large ones some ten thousand. */
export const devicesMax = 50_000
const nodeDepthMax = 4

export function* listDevices(places: DevicePlaces): Generator<Device> {
  let count = 0
  for (const device of everyDevice(places)) {
    if (++count > devicesMax) return
    yield device
  }
}

function* everyDevice(places: DevicePlaces): Generator<Device> {
  const { sys } = places
  for (const name of namesIn(`${sys}/bus`)) {
    yield* among(places, { folder: `${sys}/bus/${name}/devices`, path: `bus/${name}`, subsystem: name })
  }
  for (const name of namesIn(`${sys}/class`)) {
    yield* among(places, { folder: `${sys}/class/${name}`, path: `class/${name}`, subsystem: name })
  }
  const top = statOf(places.dev)
  if (top !== undefined) yield* nodes(places, { folder: '', depth: 0, dev: top.dev })
}

function* among(
  { clock }: DevicePlaces,
  { folder, path, subsystem }: { folder: string; path: string; subsystem: string },
): Generator<Device> {
  for (const name of namesIn(folder)) {
    const directory = DeviceDirectory.open(`${folder}/${name}`, clock)
    if (directory === undefined) continue
    try {
      yield { path: `${path}/${name}`, ino: directory.ino, facts: factsIn(directory, { name, subsystem }) }
    } finally {
      directory.close()
    }
  }
}

/** Attributes that say how a device is, by name: all that are there are told. */
const stateNames = ['operstate', 'state', 'online', 'power/runtime_status'] as const

function factsIn(directory: DeviceDirectory, known: Pick<DeviceFacts, 'name' | 'subsystem'>): DeviceFacts {
  const own = parseUevent(directory.attribute('uevent') ?? '')
  const driver = own.get('DRIVER') ?? directory.link('driver') ?? directory.link('device/driver')
  const module = directory.link('driver/module') ?? directory.link('device/driver/module')
  const parent = directory.link('device')
  const [major, minor] = [own.get('MAJOR'), own.get('MINOR')]
  const node = own.get('DEVNAME')
  const modalias = own.get('MODALIAS')
  return {
    ...known,
    ...(driver !== undefined && { driver }),
    ...(module !== undefined && { module }),
    states: statesOf(directory),
    ...(major !== undefined && minor !== undefined && { number: `${major}:${minor}` }),
    ...(node !== undefined && { node }),
    ...(parent !== undefined && { parent }),
    ...(modalias !== undefined && { modalias }),
  }
}

function statesOf(directory: DeviceDirectory): DeviceFacts['states'] {
  return stateNames.flatMap((name) => {
    const value = stateOf(directory, name)
    const isSaid = value !== undefined && value !== '' && value !== 'unsupported' && value.length < 64
    return isSaid ? [[name.slice(name.lastIndexOf('/') + 1), value] as const] : []
  })
}

function stateOf(directory: DeviceDirectory, name: (typeof stateNames)[number]): string | undefined {
  if (!name.includes('/')) return directory.attribute(name)
  const power = directory.beneath('power')
  try {
    return power?.attribute('runtime_status')
  } finally {
    power?.close()
  }
}

/** What is mounted beneath /dev (terminals, shared memory) holds no devices that anybody plugs in. */
function* nodes(places: DevicePlaces, at: { folder: string; depth: number; dev: bigint }): Generator<Device> {
  for (const name of namesIn(`${places.dev}/${at.folder}`)) {
    const path = at.folder === '' ? name : `${at.folder}/${name}`
    const stat = statOf(`${places.dev}/${path}`)
    if (stat === undefined || stat.dev !== at.dev) continue
    if (stat.isDirectory() && at.depth < nodeDepthMax) {
      yield* nodes(places, { ...at, folder: path, depth: at.depth + 1 })
    }
    if (!stat.isCharacterDevice() && !stat.isBlockDevice()) continue
    const kind = stat.isBlockDevice() ? 'block' : 'char'
    const number = `${deviceMajor(stat.rdev)}:${deviceMinor(stat.rdev)}`
    yield { path: `dev/${path}`, ino: stat.ino, facts: nodeFacts(places, { path, kind, number, stat }) }
  }
}

function statOf(path: string): fs.BigIntStats | undefined {
  try {
    return fs.lstatSync(Buffer.from(path, 'latin1'), { bigint: true })
  } catch {
    return undefined
  }
}

function nodeFacts(
  { sys }: DevicePlaces,
  node: { path: string; kind: 'block' | 'char'; number: string; stat: fs.BigIntStats },
): DeviceFacts {
  const { path, kind, number, stat } = node
  const place = `${sys}/dev/${kind}/${number}`
  const subsystem = linkName(`${place}/subsystem`)
  const driver = linkName(`${place}/device/driver`)
  const module = linkName(`${place}/device/driver/module`)
  const name = linkName(place)
  return {
    name: name ?? path.slice(path.lastIndexOf('/') + 1),
    ...(subsystem !== undefined && { subsystem }),
    ...(driver !== undefined && { driver }),
    ...(module !== undefined && { module }),
    states: [],
    number: `${kind} ${number}`,
    node: path,
    access: `${modeText({ kind, mode: Number(stat.mode) & 0o7777 })} ${stat.uid}:${stat.gid}`,
  }
}

/** As glibc takes them out of a dev_t. */
function deviceMajor(rdev: bigint): bigint {
  return ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)
}

function deviceMinor(rdev: bigint): bigint {
  return (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)
}
