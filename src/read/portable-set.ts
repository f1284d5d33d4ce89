/** A portable set as a reader has it: its manifest, and each brick at the very commit that the manifest names. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { toHex, utf8, utf8Text } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { byFile, readManifest, type SetBrick, type SetManifest } from '../store/set-manifest.ts'
import { viewBehind } from './at.ts'

export interface PortableSet {
  readonly folder: string
  readonly manifest: SetManifest & { readonly setHash: string }
}

/** Errors: BRICK_MISSING where the folder has no manifest, BRICK_VERSION_NEWER, BRICK_DAMAGED. */
export function openSet(folder: string): PortableSet {
  return { folder, manifest: readManifest(folder) }
}

/** Calls `use` with the commit that the manifest names. Errors: BRICK_*, COMMIT_MISSING; BRICK_DAMAGED where it is another brick. */
export async function withSetBrick<T>(
  { folder }: PortableSet,
  brick: SetBrick,
  use: (view: BrickView) => Promise<T>,
): Promise<T> {
  const file = BrickFile.open(utf8(join(folder, brick.file)))
  try {
    const newest = new BrickView(file, await file.readHead())
    const view = viewBehind(newest, { kind: 'generation', generation: brick.generation })
    const what = differenceOf(view, brick)
    if (what !== undefined) {
      throw new FoundryError('BRICK_DAMAGED', `${brick.file} is not the brick of this set: its ${what} is another.`)
    }
    return await use(view)
  } finally {
    file.close()
  }
}

/** Whether its entries are files of the system, with a place of their own in its tree. */
export function hasPlace({ kind, place }: SetBrick): boolean {
  return (kind === 'tree' || kind === 'file') && place.startsWith('/')
}

/** Bricks that lie in the folder and that the manifest does not name. */
export function strangersOf({ folder, manifest }: PortableSet): readonly string[] {
  const known = new Set(manifest.bricks.map(({ file }) => file))
  const files = readdirSync(folder).filter((name) => name.endsWith('.brick') && !known.has(name))
  return byFile(files.map((file) => ({ file }))).map(({ file }) => file)
}

function differenceOf(view: BrickView, brick: SetBrick): string | undefined {
  const { record, meta } = view
  const said = {
    uuid: brick.uuid,
    commit: brick.commit,
    'tree hash': brick.treeHash,
    'content root': brick.contentRoot,
    kind: brick.kind,
  }
  const found: Record<keyof typeof said, string> = {
    uuid: toHex(record.uuid),
    commit: toHex(record.id),
    'tree hash': toHex(record.treeHash),
    'content root': toHex(record.contentRoot),
    kind: meta.kind,
  }
  const fields = Object.keys(said) as (keyof typeof said)[]
  return fields.find((field) => said[field] !== found[field]) ?? placeDifference(meta, brick)
}

/** Where files belong is what the brick says of its source, behind the folder in which the system lay. */
function placeDifference({ source }: { readonly source: Uint8Array }, brick: SetBrick): string | undefined {
  if (!hasPlace(brick) || brick.place === '/') return undefined
  return utf8Text(source)?.endsWith(brick.place) === true ? undefined : 'place'
}
