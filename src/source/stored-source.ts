/** The source that a brick says it is of. Nothing is looked up: it may be gone, or not there for the moment. */
import { displayPath, utf8, utf8Text } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { openDevices } from './device/open-devices.ts'
import { openJournal } from './log/open-log.ts'
import type { Source, SourceKind } from './open.ts'
import { parseProcessName, processRoot } from './process/process-name.ts'

/** `meta.source`: a path, or the name that the source has instead. Errors: SOURCE_KIND of a name that is none. */
export function storedSource({ kind, source }: { readonly kind: SourceKind; readonly source: Uint8Array }): Source {
  if (source[0] !== slash) return namedSource(kind, source)
  const isFolder = kind === 'tree' || kind === 'modules'
  if (isFolder) return { kind, root: source, path: noBytes }
  const at = Buffer.from(source).lastIndexOf('/')
  return { kind, root: source.slice(0, Math.max(1, at)), path: source.slice(at + 1) }
}

function namedSource(kind: SourceKind, name: Uint8Array): Source {
  const text = utf8Text(name) ?? ''
  if (kind === 'devices') return openDevices()
  if (kind === 'log' && text.startsWith(journalScheme)) return openJournal(utf8(text.slice(journalScheme.length)))
  const identity = kind === 'process' ? parseProcessName(name) : undefined
  if (identity !== undefined) return { kind, root: processRoot(identity.pid), path: noBytes, name }
  throw new FoundryError('SOURCE_KIND', `${displayPath(name)} is no source of the kind ${kind}.`)
}

const journalScheme = 'journal:'
const slash = 0x2f
const noBytes = new Uint8Array(0)
