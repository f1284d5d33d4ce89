import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
// @ts-expect-error: a build script in plain JavaScript, without declarations.
import { buildWasmModule } from './wasm/build.mjs'

test('the committed WASM module is what its AssemblyScript sources compile to', async () => {
  const committed = await readFile(new URL('./wasm-bytes.ts', import.meta.url), 'utf8')
  assert.equal(committed, await buildWasmModule())
})
