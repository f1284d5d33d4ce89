/**
 * Compiles kernel.as.ts and writes ../wasm-bytes.ts: `node src/kernel/wasm/build.mjs`.
 *
 * The output depends only on the sources here and on the version of AssemblyScript, which package-lock.json fixes.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const lineLength = 116
const options = [
  'kernel.as.ts',
  '--outFile=kernel.wasm',
  '-O3',
  '--converge',
  '--noAssert',
  '--runtime=stub',
  '--enable=simd',
  '--initialMemory=3',
  // v128 in signatures: said of every exported function, also of those that only our own modules import.
  '--disableWarning=112',
]

/** The text of wasm-bytes.ts. */
export async function buildWasmModule() {
  const folder = fileURLToPath(new URL('.', import.meta.url))
  let wasm
  const { error, stderr } = await main([...options, `--baseDir=${folder}`], {
    writeFile: (name, contents) => {
      if (name === 'kernel.wasm') wasm = contents
    },
  })
  if (error !== null || wasm === undefined) throw new Error(`kernel.as.ts does not compile\n${stderr.toString()}`)
  const lines = Buffer.from(wasm)
    .toString('base64')
    .match(new RegExp(`.{1,${lineLength}}`, 'g'))
  return [
    '/** Generated from wasm/kernel.as.ts by wasm/build.mjs; do not edit. The WASM module in base64. */',
    'export const wasmBase64 = `',
    ...lines,
    '`',
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = new URL('../wasm-bytes.ts', import.meta.url)
  const text = await buildWasmModule()
  const unchanged = (await readFile(target, 'utf8').catch(() => '')) === text
  if (!unchanged) await writeFile(target, text)
  console.log(`wasm-bytes.ts ${unchanged ? 'is up to date' : 'written'}, ${text.length} characters`)
}
