import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { utf8 } from '../../base/bytes.ts'
import { makeElf } from '../../binary/testing/make-elf.ts'
import { fileTypeOf } from './file-type.ts'
import { fileTypeAnalyzer } from './file-type-analyzer.ts'
import { kindOfMime } from './magic-kind.ts'
import { contentOfBytes, latin1, lentContent, regionsOf } from './testing/contents.ts'

async function check(content: string | Uint8Array, expected: Record<string, string | undefined>): Promise<void> {
  const bytes = typeof content === 'string' ? latin1(content) : content
  const type = await fileTypeOf(lentContent(bytes))
  const got = Object.fromEntries(Object.keys(expected).map((key) => [key, type[key as keyof typeof type]]))
  assert.deepEqual(got, expected, JSON.stringify(type))
}

test('a script is told by its first line, with its interpreter as that line names it', async () => {
  await check('#!/bin/sh\necho\n', {
    kind: 'script',
    description: 'POSIX shell script, ASCII text executable',
    interpreter: '/bin/sh',
  })
  await check('#! /usr/bin/env -S LANG=C python3 -u\n', {
    kind: 'script',
    interpreter: '/usr/bin/env -S LANG=C python3 -u',
  })
  await check('#!/usr/bin/env -S LANG=C python3.11 -u\n', { description: 'Python script, ASCII text executable' })
  await check('#!/opt/x/run\n', { description: 'a /opt/x/run script, ASCII text executable' })
  await check('#!/bin/sh\nexit 0\n\0\x01\x02binary', { kind: 'script', encoding: undefined })
  await check('#!/bin/\x1b[31msh\n', { interpreter: '/bin/?[31msh' })
})

test('text that only looks like a first line is text', async () => {
  await check('#!\n', { kind: 'text', interpreter: undefined })
  await check('#![allow(dead_code)]\nfn main() {}\n', { kind: 'text' })
})

test('texts of known formats are named', async () => {
  await check('{"a": [1, 2]}\n', {
    kind: 'text',
    description: 'JSON text data, ASCII text',
    mimeType: 'application/json',
  })
  await check('{"a": [1, 2}\n', { description: 'ASCII text' })
  await check('-----BEGIN CERTIFICATE-----\nMII\n', { description: 'PEM certificate, ASCII text' })
  await check('-----BEGIN OPENSSH PRIVATE KEY-----\nb3\n', { description: 'OpenSSH private key, ASCII text' })
  await check('-----BEGIN RSA PRIVATE KEY-----\nMII\n', { description: 'PEM private key, ASCII text' })
  await check('<?xml version="1.0"?>\n<a/>\n', { mimeType: 'text/xml' })
  await check('<?xml version="1.0"?>\n<svg xmlns="x">\n', { mimeType: 'image/svg+xml', kind: 'text' })
  await check('<!-- x -->\n<!DOCTYPE html>\n', { mimeType: 'text/html' })
  await check('%PDF-1.7\n1 0 obj\n', { kind: 'document', mimeType: 'application/pdf' })
  await check('#include <stdio.h>\nint main(void)\n{\n}\n', { mimeType: 'text/x-c' })
  await check('import os\n\ndef run(x):\n    pass\n', { mimeType: 'text/x-script.python' })
  await check('We import only what we need.\nclass of 1998\n', { mimeType: 'text/plain' })
  await check('key = value\n', { kind: 'text', description: 'ASCII text', encoding: 'ascii' })
})

test('an ELF file is described in the words of file(1); what only begins like one is data', async () => {
  const parts = { type: 3, machine: 62, sections: [] }
  await check(makeElf({ bits: 64, byteOrder: 'little', ...parts }), {
    kind: 'elf',
    description: 'ELF 64-bit LSB shared object, x86-64, statically linked, stripped',
  })
  await check(makeElf({ bits: 32, byteOrder: 'big', type: 1, machine: 8, sections: [] }), {
    description: 'ELF 32-bit MSB relocatable, MIPS, stripped',
  })
  await check('\x7fELF\x09\x09', { kind: 'data' })
})

test('what own rules do not know is asked of libmagic', async () => {
  await check(gzipSync('x'), { kind: 'compressed', mimeType: 'application/gzip' })
  await check('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0', {
    kind: 'image',
    mimeType: 'image/png',
  })
  await check('!<arch>\n', { kind: 'archive' })
  await check('\0\x01\x02\x03\x04', { kind: 'data', mimeType: 'application/octet-stream' })
  await check('', { kind: 'empty' })
})

test('every MIME type has a kind, the unknown ones are data', () => {
  const kinds = ['application/x-tar', 'video/mp4', 'application/vnd.sqlite3', 'font/sfnt', 'application/x-strange'].map(
    kindOfMime,
  )
  assert.deepEqual(kinds, ['archive', 'audio', 'database', 'document', 'data'])
})

test('the region says the type and lies over the whole content, and no name of a file can steer a terminal', async () => {
  const { regions } = await regionsOf(fileTypeAnalyzer, utf8('#!/bin/sh\n'))
  assert.deepEqual(regions, [
    {
      ...{ offset: 0, length: 10, layer: 0, class: 'file-type', detector: 'file-type/1' },
      name: 'POSIX shell script, ASCII text executable',
      attributes: { kind: 'script', mimeType: 'text/x-shellscript', interpreter: '/bin/sh', encoding: 'ascii' },
    },
  ])
  const named = gzipSync('x')
  // FNAME with an escape sequence in it: libmagic quotes it.
  const bytes = Buffer.concat([
    named.subarray(0, 3),
    Buffer.of(8),
    named.subarray(4, 10),
    Buffer.from('\x1b[2Jname\0'),
    named.subarray(10),
  ])
  const { description } = await fileTypeOf(contentOfBytes(bytes))
  assert.match(description, /^gzip compressed data/)
  assert.doesNotMatch(description, /\p{Cc}/u)
})
