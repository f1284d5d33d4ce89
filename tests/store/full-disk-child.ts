/**
 * Runs in a mount namespace of its own, with a small file system of its own at the folder that is its first argument: what a
 * full disk, and one that is read-only for a while, does to first folds, updates and compactions. Fails by throwing.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { BrickFile } from '../../src/store/brick-file.ts'
import { fold } from '../fold/lab.ts'
import { readDeep } from './deep-read.ts'
import { compact } from './states.ts'

/** Bytes left free when the update begins: each lets it come a little further. */
const roomsBytes = [0, 4096, 12_288, 40_960, 200_704, 401_408]

async function firstFoldOnFullDisk(disk: string, source: string): Promise<void> {
  for (const workers of [0, 2]) {
    await assert.rejects(fold({ source, brick: join(disk, 'first.brick') }, { workers }), { code: 'DISK_FULL' })
    assert.deepEqual(fs.readdirSync(disk), [], 'nothing is left of it')
  }
}

async function updateOnFullDisk(disk: string, source: string): Promise<void> {
  const brick = join(disk, 'x.brick')
  fs.writeFileSync(join(source, 'a'), randomBytes(100_000))
  await fold({ source, brick })
  let expected = 1
  for (const room of roomsBytes) {
    fs.writeFileSync(join(source, 'b'), randomBytes(500_000))
    fill(disk, room)
    await assert.rejects(fold({ source, brick }), { code: 'DISK_FULL' }, `${room} bytes free`)
    assert.equal(generationOf(brick), expected)
    assert.deepEqual(fs.readdirSync(disk).sort(), ['filler', 'x.brick'])
    fs.rmSync(join(disk, 'filler'))
    fs.writeFileSync(join(source, 'b'), randomBytes(1000 + room))
    await fold({ source, brick })
    assert.equal(generationOf(brick), ++expected)
  }
}

/** Room for a copy, then less and less of it: by the look before, or by the write that fails. */
async function compactOnFullDisk(disk: string): Promise<void> {
  const brick = join(disk, 'x.brick')
  const before = fs.readFileSync(brick)
  for (const room of [0, before.length / 4, before.length / 2]) {
    fill(disk, room)
    await assert.rejects(compact(brick), { code: 'DISK_FULL' }, `${room} bytes free`)
    assert.deepEqual(fs.readFileSync(brick), before)
    assert.deepEqual(fs.readdirSync(disk).sort(), ['filler', 'x.brick'])
    fs.rmSync(join(disk, 'filler'))
  }
  const used = (): Promise<void> => Promise.resolve(void (!fs.existsSync(join(disk, 'filler')) && fill(disk, 4096)))
  await assert.rejects(compact(brick, { pause: used }), { code: 'DISK_FULL' }, 'the room was taken after the look')
  fs.rmSync(join(disk, 'filler'))
  const generation = generationOf(brick)
  await compact(brick)
  assert.equal(generationOf(brick), generation)
}

/** The disk becomes read-only under an open brick, and writable again. */
async function commitOnReadOnlyDisk(disk: string, source: string): Promise<void> {
  const brick = join(disk, 'x.brick')
  const generation = generationOf(brick)
  remount(disk, 'ro')
  await assert.rejects(fold({ source, brick }), { code: 'BRICK_READ_ONLY' })
  await assert.rejects(compact(brick), { code: 'BRICK_READ_ONLY' })
  assert.equal(generationOf(brick), generation, 'reading works')
  remount(disk, 'rw')
  await fold({ source, brick })
  assert.equal(generationOf(brick), generation + 1)
}

function remount(disk: string, mode: 'ro' | 'rw'): void {
  execFileSync('/bin/sh', ['-c', 'mount -o "remount,$1" "$0"', disk, mode])
}

/** Its newest commit, everything in it read. */
function generationOf(brick: string): number {
  const file = BrickFile.open(Buffer.from(brick))
  const head = file.readHeadOnce()
  readDeep(file, head)
  file.close()
  return head.record.generation
}

function fill(disk: string, room: number): void {
  const { bavail, bsize } = fs.statfsSync(disk)
  fs.writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize - room))
}

if (import.meta.main) {
  const [disk, large, small, remounts] = process.argv.slice(2) as [string, string, string, string]
  await firstFoldOnFullDisk(disk, large)
  await updateOnFullDisk(disk, small)
  await compactOnFullDisk(disk)
  if (remounts === 'may-remount') await commitOnReadOnlyDisk(disk, small)
}
