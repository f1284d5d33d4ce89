/** The bricks that a command over several means: those named, else all of the state. */
import { join } from 'node:path'
import { utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { StoredBricks } from '../daemon/stored-bricks.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { hiddenBrick, lookAt } from '../store/look-at.ts'
import type { Call } from './command.ts'
import { brickPath } from './state.ts'

export interface OpenBrick {
  /** As it was named; of all, the name in the state. */
  readonly name: string
  /** Of the newest commit. */
  readonly view: BrickView
}

/** The caller closes their files. Errors: BRICK_*, USAGE where there is none, BRICK_MISSING where the state may not be read. */
export async function openBricks(call: Call, names: readonly string[]): Promise<OpenBrick[]> {
  if (names.length === 0) {
    const folder = join(call.state, 'bricks')
    const look = lookAt(utf8(folder))
    if (look.kind === 'hidden') throw hiddenBrick(utf8(folder), look.code)
    const all = look.kind === 'there' ? allIn(folder, call) : []
    if (all.length > 0) return all
    throw new FoundryError('USAGE', `There are no bricks in ${folder}: name some, or make one with \`sfd fold\`.`)
  }
  const bricks: OpenBrick[] = []
  try {
    for (const name of names) {
      const file = BrickFile.open(brickPath(name, call.state))
      bricks.push({ name, view: new BrickView(file, await file.readHead()) })
    }
    return bricks
  } catch (error) {
    for (const { view } of bricks) view.file.close()
    throw error
  }
}

function allIn(folder: string, call: Call): OpenBrick[] {
  try {
    return [...new StoredBricks(folder, call.warn).open()]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw code === 'EACCES' ? hiddenBrick(utf8(folder), code) : error
  }
}
