/** A server over a real brick of two commits, in a folder of its own; everything ends with the test. */
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Control, RunningServer } from '../../src/server/foundry.ts'
import { startServer } from '../../src/server/start.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import { BrickFoundry, fold, infoOf } from './brick-foundry.ts'
import { type Ask, ask, type Reply } from './client.ts'

export const strangeName = Buffer.from([0x62, 0xff, 0x0a, 0x63])

export interface Fixture {
  readonly folder: string
  readonly source: string
  readonly brick: string
  readonly foundry: BrickFoundry
  readonly server: RunningServer
  readonly view: BrickView
  /** /b/UUID/COMMIT */
  readonly at: string
  readonly uuid: string
  /** Errors that the server did not expect. */
  readonly reported: unknown[]
  /** With the token. */
  get(path: string, headers?: Record<string, string>): Promise<Reply>
  post(path: string, body: unknown, more?: Ask): Promise<Reply>
}

export async function fixture(
  t: TestContext,
  options: { control?: Control; mapFolder?: string } = {},
): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-server-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [source, brick] = [join(folder, 'source'), join(folder, 'x.brick')]
  makeTree(source)
  await fold(source, brick)
  const foundry = new BrickFoundry()
  const view = foundry.open(brick)
  t.after(() => foundry.close())
  const { mapFolder = join(folder, 'none'), control } = options
  const reported: unknown[] = []
  const server = await startServer(foundry, {
    port: 'any',
    portsTried: 1,
    mapFolder,
    ...(control && { control }),
    report: (error) => reported.push(error),
  })
  t.after(() => server.close())
  const { uuid, commit } = infoOf(view)
  const token = { Authorization: `Bearer ${foundry.token}` }
  return {
    folder,
    source,
    brick,
    foundry,
    server,
    view,
    uuid,
    reported,
    at: `/b/${uuid}/${commit}`,
    get: (path, headers) => ask(server, path, { headers: { ...token, ...headers } }),
    post: (path, body, more) =>
      ask(server, path, {
        method: 'POST',
        body: JSON.stringify(body),
        ...more,
        headers: { ...token, 'Content-Type': 'application/json', ...more?.headers },
      }),
  }
}

/** Every kind of tile that a fold makes, names that are no text, things without bytes. */
function makeTree(root: string): void {
  mkdirSync(join(root, 'sub/deep'), { recursive: true })
  writeFileSync(join(root, 'hello.txt'), 'hello, world\n')
  writeFileSync(join(root, 'sub/noise'), randomBytes(200_000))
  writeFileSync(join(root, 'sub/deep/text'), 'a line of text that packs well\n'.repeat(10_000))
  writeFileSync(join(root, 'sub/sevens'), Buffer.alloc(3 * 65_536, 7))
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), strangeName]), 'strange')
  writeFileSync(join(root, 'empty'), '')
  for (let i = 0; i < 40; i++) writeFileSync(join(root, `sub/deep/small-${i}`), `${i}`.repeat(1 + i * 7))
  linkSync(join(root, 'hello.txt'), join(root, 'sub/link'))
  symlinkSync('hello.txt', join(root, 'sub/symlink'))
  const sparse = join(root, 'sparse')
  const fd = openSync(sparse, 'w')
  writeSync(fd, 'begin', 0)
  writeSync(fd, 'end', 400_000)
  closeSync(fd)
  truncateSync(sparse, 600_000)
}

/** A second commit: something new, something gone, something changed. */
export async function foldChange({ source, brick, foundry }: Fixture): Promise<BrickView> {
  writeFileSync(join(source, 'sub/new'), 'new\n')
  rmSync(join(source, 'sub/deep/small-7'))
  appendFileSync(join(source, 'hello.txt'), 'more\n')
  await fold(source, brick)
  return foundry.open(brick)
}

/** Changes one bit of a file, 40 bytes behind the beginning of a frame: in its payload. */
export function damage(file: string, frameOffset: number): void {
  const fd = openSync(file, 'r+')
  const byte = new Uint8Array(1)
  readSync(fd, byte, 0, 1, frameOffset + 40)
  writeSync(fd, Uint8Array.of((byte[0] as number) ^ 1), 0, 1, frameOffset + 40)
  closeSync(fd)
}
