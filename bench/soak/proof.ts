/** After a soak: every brick checks, and what the brick says of the load's folder is what lies there. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

interface Proven {
  readonly sfd: string
  readonly state: string
  readonly sources: readonly string[]
  /** The load's folder, which holds still now; the sources around it may not. */
  readonly loaded: string
  readonly say: (text: string) => void
}

interface Verified {
  readonly damaged: readonly unknown[]
  readonly differs?: readonly { readonly path?: string; readonly what: string; readonly detail: string }[]
}

const differencesShown = 10
const outputBytesMax = 64 * 2 ** 20

/** Says what it finds; false where anything is damaged, differs, or could not be checked. */
export function proveAll({ sfd, state, sources, loaded, say }: Proven): boolean {
  const bricks = readdirSync(join(state, 'bricks')).filter((name) => name.endsWith('.brick'))
  if (bricks.length < sources.length) say(`${bricks.length} bricks of ${sources.length} sources`)
  let isTrue = bricks.length >= sources.length
  for (const name of bricks) {
    const { found, why } = verify(sfd, [join(state, 'bricks', name)])
    const isWhole = found !== undefined && found.damaged.length === 0
    say(`verify ${name}: ${isWhole ? 'ok' : why}`)
    isTrue &&= isWhole
  }
  const source = sources.filter((each) => loaded === each || loaded.startsWith(`${each}/`)).at(-1)
  if (source === undefined) return isTrue
  const beneath = relative(source, loaded)
  const brick = join(state, 'bricks', `${source.replace(/^\/+/, '').replaceAll('/', '-') || 'root'}.brick`)
  const { found, why } = verify(sfd, [brick, '--against', source])
  const differs = found?.differs?.filter(({ path }) => beneath === '' || path?.startsWith(`${beneath}/`))
  say(`${loaded} against its brick: ${differs === undefined ? why : `${differs.length} differences`}`)
  for (const { path, what, detail } of differs?.slice(0, differencesShown) ?? []) say(`  ${path}: ${what}, ${detail}`)
  return isTrue && differs?.length === 0
}

function verify(sfd: string, args: readonly string[]): { found: Verified | undefined; why: string } {
  const options = { encoding: 'utf8', maxBuffer: outputBytesMax } as const
  const { status, stdout, stderr } = spawnSync(sfd, ['verify', ...args, '--json'], options)
  try {
    return { found: JSON.parse(stdout) as Verified, why: `exit ${status}` }
  } catch {
    return { found: undefined, why: `exit ${status}: ${stderr.trim().slice(0, 500)}` }
  }
}
