import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capabilitiesOf } from './capabilities.ts'
import { programCapabilities } from './capability-table.ts'
import { moduleCapabilities } from './module-capability-table.ts'

test('every capability has its own name, a title and a reason, and no function stands for two of them', () => {
  for (const table of [programCapabilities, moduleCapabilities]) {
    const names = table.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    const symbols = table.flatMap((row) => row.symbols)
    const twice = symbols.filter((symbol, index) => symbols.indexOf(symbol) !== index)
    assert.deepEqual(twice, [])
    assert.ok(table.every(({ title, why, name }) => title !== '' && why !== '' && /^[a-z-]+$/.test(name)))
    assert.ok(
      symbols.every((symbol) => /^\w+\*?$/.test(symbol)),
      'a symbol is written wrongly',
    )
  }
})

test('imports give capabilities in the table’s order, with what shows them', () => {
  const imports = ['connect', 'memcpy', 'system', 'execve', 'archive_read_open_fd', 'constructor', 'popen']
  const found = capabilitiesOf(imports, programCapabilities)
  assert.deepEqual(
    found.map(({ capability, symbols }) => [capability.name, ...symbols]),
    [
      ['run-programs', 'execve'],
      ['run-shell', 'system', 'popen'],
      ['connect', 'connect'],
      ['compress', 'archive_read_open_fd'],
    ],
  )
  assert.deepEqual(capabilitiesOf([], programCapabilities), [])
})
