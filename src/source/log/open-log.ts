/** `log:PATH` as a source: the folder without links, the name as it was typed. What lies there may be another file soon. */
import fs from 'node:fs'
import { displayPath, utf8 } from '../../base/bytes.ts'
import { FoundryError } from '../../base/errors.ts'
import type { Source } from '../open.ts'
import { explained, notAFile } from './log-failures.ts'

/** Relative paths start at the working directory. Errors: SOURCE_MISSING, SOURCE_UNREADABLE, SOURCE_KIND. */
export function openLog(path: Uint8Array): Source {
  if (path.length === 0)
    throw new FoundryError('SOURCE_MISSING', 'log: names no file. Name a log, such as log:/var/log/syslog.')
  const given = Buffer.from(path)
  try {
    if (!fs.statSync(given).isFile()) throw notAFile(path)
    fs.accessSync(given, fs.constants.R_OK)
    const slash = given.lastIndexOf('/')
    const folder = slash < 0 ? Buffer.from('.') : given.subarray(0, Math.max(slash, 1))
    const root = fs.realpathSync.native(folder, { encoding: 'buffer' })
    return { kind: 'log', root: Uint8Array.from(root), path: Uint8Array.from(given.subarray(slash + 1)) }
  } catch (failed) {
    throw failed instanceof FoundryError ? failed : explained(path, failed as NodeJS.ErrnoException)
  }
}

/** `journal:` or `journal:UNIT`. Error: SOURCE_KIND where that is no name of a unit. */
export function openJournal(unit: Uint8Array): Source {
  const text = Buffer.from(unit).toString('latin1')
  if (!/^[\w.@:\\-]{0,255}$/.test(text)) {
    const shown = displayPath(unit)
    throw new FoundryError('SOURCE_KIND', `${shown} is no name of a unit. Name one, such as journal:ssh.service.`)
  }
  const path = utf8(text === '' ? 'journal' : text)
  return { kind: 'log', root: utf8(journalFolder()), path, name: utf8(`journal:${text}`) }
}

/** Where journald keeps it: on disk, or in memory until the next start. */
function journalFolder(): string {
  return fs.existsSync('/var/log/journal') ? '/var/log/journal' : '/run/log/journal'
}
