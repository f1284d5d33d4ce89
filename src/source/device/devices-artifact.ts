/**
 * What the kernel says of its devices as a source: one small text for each device and each node of /dev, looked at every so
 * often. A device that is plugged in is a new entry, one that is pulled is gone, a driver that is bound is a changed line.
 *
 * Times: none is known, all are 0. Reads nothing but the device model; see list-devices.ts.
 */
import { bytesKey, equalBytes } from '../../base/bytes.ts'
import type { EntryMeta } from '../../base/entry.ts'
import type { Clock } from '../../base/ports.ts'
import { regionLayers } from '../../base/region.ts'
import { type ByteText, bytesOf } from '../../linux/libc.ts'
import type { Artifact, EntryRegions, Lister } from '../artifact.ts'
import type { Listed } from '../describe.ts'
import { type DeviceFacts, factLines } from './device-facts.ts'
import { type Device, listDevices } from './list-devices.ts'

export interface DevicesOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly sys?: string
  readonly dev?: string
}

export function devicesArtifact({ clock, sys = '/sys', dev = '/dev' }: DevicesOptions): Artifact {
  let seen: Look | undefined
  let settled: Look | undefined
  const look = (): Look => {
    seen = lookAt(listDevices({ sys, dev, clock }))
    return seen
  }
  const lister: Lister = {
    stat: (path) => (seen ?? look()).entries.get(bytesKey(path)),
    walk: (path) => beneath(seen ?? look(), path),
  }
  return {
    lister,
    reader: 'files',
    async look(signal) {
      signal.throwIfAborted()
      return look().signature === settled?.signature ? 'same' : 'looked'
    },
    about: () => (seen ?? look()).about,
    regions: () => regionsOf(seen ?? look(), settled),
    settled() {
      settled = seen
    },
    unsettled() {
      settled = undefined
      seen = undefined
    },
  }
}

interface Look {
  /** By path, parents before children. */
  readonly entries: ReadonlyMap<string, Listed>
  /** By path. */
  readonly facts: ReadonlyMap<string, DeviceFacts>
  readonly signature: string
  readonly about: { readonly devices: number; readonly nodes: number; readonly drivers: number }
}

function lookAt(devices: Iterable<Device>): Look {
  const entries = new Map<string, Listed>()
  const drivers = new Set<string>()
  const known = new Map<string, DeviceFacts>()
  const signature: string[] = []
  let nodeCount = 0
  addFolder(entries, '')
  for (const { path, ino, facts } of devices) {
    const folder = path.slice(0, path.lastIndexOf('/'))
    for (const at of foldersOf(folder)) if (!entries.has(at)) addFolder(entries, at)
    const text = factLines(facts)
    const content = bytesOf(text as ByteText)
    entries.set(path, { meta: { ...plain(path, 'file'), mode: 0o444, size: content.length, ino }, content })
    signature.push(path, String(ino), text)
    known.set(path, facts)
    if (path.startsWith('dev/')) nodeCount++
    if (facts.driver !== undefined) drivers.add(facts.driver)
  }
  const devicesCount = signature.length / 3 - nodeCount
  return {
    entries,
    facts: known,
    signature: signature.join('\n'),
    about: { devices: devicesCount, nodes: nodeCount, drivers: drivers.size },
  }
}

/** Of each device that is new or says something else than before: its facts as one region over its text. */
function* regionsOf(now: Look, before: Look | undefined): Generator<EntryRegions> {
  for (const [path, facts] of now.facts) {
    const [listed, known] = [now.entries.get(path), before?.entries.get(path)]
    const isKnown = known?.content !== undefined && equalBytes(known.content, listed?.content ?? noBytes)
    if (listed === undefined || isKnown) continue
    const { name, states, ...rest } = facts
    const attributes = { ...rest, ...Object.fromEntries(states) }
    const region = { offset: 0, length: listed.meta.size, layer: regionLayers.whole, class: 'device', name, attributes }
    yield { path: listed.meta.path, regions: [region] }
  }
}

/** `a/b` -> a, a/b. */
function foldersOf(folder: string): string[] {
  const parts = folder.split('/')
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
}

function addFolder(entries: Map<string, Listed>, path: string): void {
  entries.set(path, { meta: { ...plain(path, 'dir'), mode: 0o555 } })
}

const noBytes = new Uint8Array(0)
const never = { seconds: 0, nanoseconds: 0 }

function plain(path: string, kind: 'file' | 'dir'): EntryMeta {
  return {
    path: bytesOf(path as ByteText),
    kind,
    mode: 0,
    uid: 0,
    gid: 0,
    userName: 'root',
    groupName: 'root',
    size: 0,
    mtime: never,
    ctime: never,
    ino: 0n,
    dev: 0n,
    rdev: 0n,
    nlink: 1,
    xattrs: [],
  }
}

function* beneath({ entries }: Look, path: Uint8Array): Generator<Listed> {
  const root = bytesKey(path)
  for (const [key, listed] of entries) {
    if (root === '' || key === root || key.startsWith(`${root}/`)) yield listed
  }
}
