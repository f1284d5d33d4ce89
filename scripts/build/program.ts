/**
 * dist/: the command and its workers as plain JavaScript, for the published package (Node.js does not run TypeScript
 * below node_modules).
 *
 * Our own packages are bundled; koffi stays a dependency because it holds native code. Every output lies exactly one
 * folder deep (dist/cli/main.js, dist/chunks/...), so one relative URL is right from all of them.
 */

import { globSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { build } from 'esbuild'
import { movedUrls } from './moved-urls.ts'
import { licenceFile, packagesOf, publish } from './output.ts'

const main = 'src/cli/main.ts'
/** Bundled CommonJS packages call require for Node.js' own modules; an ES module has none by itself. */
const requireBanner =
  "import { createRequire as sfdRequire } from 'node:module'; const require = sfdRequire(import.meta.url);"

/** `mapPackages`: what dist/map, which must be there already, was made of. */
export async function buildProgram(root: string, mapPackages: readonly string[]): Promise<void> {
  const outputFolder = join(root, 'dist')
  const workers = globSync('src/**/*-worker.ts', { cwd: root, exclude: (path) => path.startsWith('src/map') }).sort()
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const result = await build({
    absWorkingDir: root,
    entryPoints: [main, ...workers].map((entry) => ({ in: entry, out: placeInDist(entry) })),
    outdir: outputFolder,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: Object.keys(dependencies),
    banner: { js: requireBanner },
    legalComments: 'none',
    metafile: true,
    write: false,
    plugins: [movedUrls(root, (target) => placeFromChunk(target, workers))],
  })
  const files = new Map<string, Uint8Array>()
  for (const file of result.outputFiles) files.set(relative(outputFolder, file.path), file.contents)
  const packages = [...packagesOf(Object.keys(result.metafile.inputs)), ...mapPackages]
  files.set('THIRD-PARTY-LICENSES.txt', new TextEncoder().encode(licences(root, packages)))
  publish(outputFolder, files, ['map'])
  process.stdout.write(`built dist: ${files.size} files, ${workers.length} workers\n`)
}

/** src/fold/deep/tile-worker.ts -> fold/tile-worker */
function placeInDist(entry: string): string {
  return `${entry.split('/')[1]}/${basename(entry, '.ts')}`
}

/** From any output of dist/ to `target`: a worker, something of dist/, or a file of the package's root. */
function placeFromChunk(target: string, workers: readonly string[]): string | undefined {
  if (workers.includes(target)) return `../${placeInDist(target)}.js`
  if (target.startsWith('dist/')) return `../${target.slice('dist/'.length)}`
  return target.startsWith('src/') || target.startsWith('..') ? undefined : `../../${target}`
}

function licences(root: string, packages: readonly string[]): string {
  const texts = [...new Set(packages)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const file = licenceFile(join(root, folder))
    const text = file === undefined ? `Licence: ${license}` : readFileSync(join(root, folder, file), 'utf8').trim()
    return `${name} ${version}\n\n${text}\n`
  })
  return `dist/ contains these packages, unchanged except for bundling.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`
}
