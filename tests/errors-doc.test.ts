/** docs/errors.md explains exactly the codes that the program can report. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { errorCodes } from '../src/base/errors.ts'

const [, ...sections] = readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8').split(/^## /m)

test('docs/errors.md has one heading for each error code, in the order of src/base/errors.ts', () => {
  assert.deepEqual(
    sections.map((section) => section.split('\n')[0]),
    [...errorCodes],
  )
})

test('every error says what happened, why, and what to do', () => {
  for (const section of sections) {
    const paragraphs = section.trim().split('\n\n').slice(1)
    for (const [index, start] of ['**What happened.** ', '**Why.** ', '**What to do.** '].entries()) {
      const paragraph = paragraphs[index] ?? ''
      assert.ok(paragraph.startsWith(start) && paragraph.length > start.length, `${start}is missing in ${section}`)
    }
    assert.equal(paragraphs.length, 3, section)
  }
})
