/**
 * dist/map: the browser's page, one bundle, one bundle for each worker, the style and the fonts that it names.
 *
 * Everything the page loads lies in this folder under a plain name: the server serves it as it is, and the content
 * security policy can forbid all else.
 */

import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { build } from 'esbuild'
import { movedUrls } from './moved-urls.ts'
import { packagesOf, publish } from './output.ts'

const fontPackages = ['@fontsource/inter', '@fontsource/jetbrains-mono']

interface MapBuild {
  /** Folders of the npm packages that are part of the result, from the root. */
  readonly packages: readonly string[]
}

/** What the last build was made of: unchanged inputs and workers, and outputs that are still there, need no new one. */
interface Stamp extends MapBuild {
  readonly workers: readonly string[]
  /** Path from the root -> SHA-256. */
  readonly inputs: Readonly<Record<string, string>>
  readonly outputs: readonly string[]
}

export async function buildMap(root: string, when: 'when-changed' | 'always'): Promise<MapBuild> {
  const stampFile = join(root, '.cache/map-stamp.json')
  const outputFolder = join(root, 'dist/map')
  const workers = globSync('src/map/**/*-worker.ts', { cwd: root }).sort()
  const last = stampOf(stampFile)
  if (when === 'when-changed' && last !== undefined && isCurrent({ root, outputFolder, workers, stamp: last }))
    return last

  const entries = ['src/map/main.ts', ...workers]
  const result = await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => ({ in: entry, out: basename(entry, '.ts') })),
    outdir: outputFolder,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    plugins: [movedUrls(root, (target) => (workers.includes(target) ? `./${basename(target, '.ts')}.js` : undefined))],
  })
  const style = await build({
    absWorkingDir: root,
    entryPoints: ['src/map/style.css'],
    outdir: outputFolder,
    bundle: true,
    minify: true,
    external: ['*.woff2'],
    metafile: true,
    write: false,
  })
  const files = new Map<string, Uint8Array>()
  for (const file of [...result.outputFiles, ...style.outputFiles]) {
    files.set(relative(outputFolder, file.path), file.contents)
  }
  files.set('index.html', readFileSync(join(root, 'src/map/index.html')))
  for (const [name, bytes] of fonts(root, files)) files.set(name, bytes)
  publish(outputFolder, files)

  const bundled = [...Object.keys(result.metafile.inputs), ...Object.keys(style.metafile.inputs)]
  const own = bundled.filter((path) => !path.startsWith('node_modules/'))
  const tools = globSync('scripts/build/*.ts', { cwd: root })
  const inputs = [...own, 'src/map/index.html', 'package-lock.json', ...tools]
  const stamp: Stamp = {
    packages: packagesOf([...bundled, ...fontPackages.map((name) => `node_modules/${name}/package.json`)]),
    workers,
    inputs: Object.fromEntries(inputs.sort().map((path) => [path, hashOf(join(root, path))])),
    outputs: [...files.keys()].sort(),
  }
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, JSON.stringify(stamp))
  process.stdout.write(`built dist/map: ${files.size} files, ${Math.round(sizeOf(files) / 1024)} KiB\n`)
  return stamp
}

/** The fonts that the style names as fonts/NAME.woff2, from the packages that are installed for it. */
function fonts(root: string, files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const style = new TextDecoder().decode(files.get('style.css'))
  const found = new Map<string, Uint8Array>()
  for (const [, name = ''] of style.matchAll(/fonts\/([\w-]+\.woff2)/g)) {
    const candidates = fontPackages.map((part) => join(root, 'node_modules', part, 'files', name))
    const file = candidates.find((candidate) => existsSync(candidate))
    if (file === undefined) throw new Error(`src/map/style.css names the font ${name}; none of ${fontPackages} has it`)
    found.set(`fonts/${name}`, readFileSync(file))
  }
  return found
}

function isCurrent(last: { root: string; outputFolder: string; workers: readonly string[]; stamp: Stamp }): boolean {
  const { root, outputFolder, workers, stamp } = last
  return (
    workers.join() === stamp.workers.join() &&
    stamp.outputs.every((name) => existsSync(join(outputFolder, name))) &&
    Object.entries(stamp.inputs).every(([path, hash]) => hashOf(join(root, path)) === hash)
  )
}

function stampOf(file: string): Stamp | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Stamp
  } catch {
    return undefined
  }
}

/** Lower-case hex, or 'absent'. */
function hashOf(file: string): string {
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : 'absent'
}

function sizeOf(files: ReadonlyMap<string, Uint8Array>): number {
  return [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0)
}
