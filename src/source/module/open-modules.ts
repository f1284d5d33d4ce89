/** `modules:` and `modules:FOLDER`: a folder of kernel modules as a source. */
import { utf8 } from '../../base/bytes.ts'
import { FoundryError } from '../../base/errors.ts'
import type { Source } from '../open.ts'

/** Where the running system has its modules. */
const modulesFolder = utf8('/lib/modules')
const scheme = utf8('modules:')

/** The folder that such a name means; undefined of any other name. */
export function namedModulesFolder(name: Uint8Array): Uint8Array | undefined {
  if (scheme.some((byte, at) => name[at] !== byte)) return undefined
  return name.length === scheme.length ? modulesFolder : name.subarray(scheme.length)
}

/** `folder` as it was opened. Errors: SOURCE_KIND where it is no folder. */
export function asModules(folder: Source): Source {
  if (folder.kind === 'tree') return { ...folder, kind: 'modules' }
  throw new FoundryError(
    'SOURCE_KIND',
    'modules: wants a folder of kernel modules. Name one, or fold a single module as the file that it is.',
  )
}
