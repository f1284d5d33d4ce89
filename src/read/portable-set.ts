/** A portable set as a reader has it: its manifest, and each brick at the very commit that the manifest names. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { displayPath, toHex, utf8, utf8Text } from '../base/bytes.ts'
import { rfc3339 } from '../base/entry-text.ts'
import { FoundryError } from '../base/errors.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { byFile, isBeingMade, readManifest, type SetBrick, type SetManifest } from '../store/set-manifest.ts'
import { viewBehind } from './at.ts'

export interface PortableSet {
  readonly folder: string
  readonly manifest: SetManifest & { readonly setHash: string }
  /** Whether a new run into the folder is under way or was interrupted; the set is the one before it. */
  readonly next: 'begun' | 'none'
}

/** Errors: BRICK_MISSING where the folder has no manifest, BRICK_VERSION_NEWER, BRICK_DAMAGED. */
export function openSet(folder: string): PortableSet {
  return { folder, manifest: readManifest(folder), next: isBeingMade(folder) ? 'begun' : 'none' }
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

/** What the manifest says of a brick beside what makes it this brick, and the brick itself does not. */
export function falseFact({ record, meta, extras }: BrickView, brick: SetBrick): string | undefined {
  const { counts } = extras
  const hasOwnPlace = hasPlace(brick) || brick.kind === 'modules'
  const facts: readonly (readonly [name: string, said: unknown, found: unknown])[] = [
    ['time', brick.time, rfc3339(record.time)],
    ['count of entries', brick.entries, counts.entries],
    ['count of bytes', brick.bytes, counts.bytes],
    ['size in the file', brick.fileBytes, record.fileEnd],
    ['count of what was unreadable', brick.unreadable, counts.unreadable],
    ['count of what was torn', brick.torn, counts.torn],
    ['exclude', JSON.stringify(brick.exclude), JSON.stringify(meta.exclude)],
    ['place', brick.place, hasOwnPlace ? brick.place : displayPath(meta.source)],
  ]
  return facts.find(([, said, found]) => said !== found)?.[0]
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
