/** Regions follow their entries: replaced where the artifact says something, kept, moved, cut and gone where it does not. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bytesKey, utf8 } from '../../src/base/bytes.ts'
import type { Region } from '../../src/base/region.ts'
import { sizeClassOf } from '../../src/brick/region-key.ts'
import { regionsOf } from '../../src/read/regions.ts'
import { verify } from '../../src/read/verify.ts'
import type { EntryRegions } from '../../src/source/artifact.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { compactBrick } from '../../src/store/compact.ts'
import { pastCommits } from '../../src/store/history.ts'
import { type Chance, chanceOf, seedsOf } from './chance.ts'
import { isLong, type Lab, makeLab, openView, random, Session } from './lab.ts'

type Known = ReadonlyMap<string, readonly Region[]>

/** Of every file of a commit what it should say. */
function knownOf(view: BrickView): Known {
  const found = new Map<string, readonly Region[]>()
  for (const entry of view.entries()) {
    const regions = [...regionsOf(view, entry)]
    if (regions.length > 0) found.set(bytesKey(entry.path), regions)
  }
  return found
}

function sorted(regions: readonly Region[]): readonly Region[] {
  const rank = ({ offset, layer, length }: Region): number[] => [offset, layer, -sizeClassOf(length)]
  return regions.toSorted((a, b) => {
    const [x, y] = [rank(a), rank(b)]
    return x.map((value, i) => value - (y[i] as number)).find((difference) => difference !== 0) ?? 0
  })
}

/** What lies in `size` bytes; what reaches beyond is cut. */
function clipped(regions: readonly Region[], size: number): Region[] {
  return regions
    .filter(({ offset }) => offset < size)
    .map((region) => ({ ...region, length: Math.min(region.length, size - region.offset) }))
}

function inside(regions: readonly Region[], size: number): Region[] {
  return regions.filter(({ offset, length }) => offset < size && offset + length <= size)
}

const words = ['main', 'größe', '', '<b>', 'x'.repeat(300), '🜂']

function someRegions(chance: Chance, size: number): Region[] {
  const count = chance.below(chance.happens(5) ? 400 : 12)
  return Array.from({ length: count }, () => ({
    offset: chance.below(size + 2),
    length: chance.pick([0, 1, 40, 256, 257, 5_000, 70_000, 2_000_000]),
    layer: chance.pick([0, 16, 48, 64, 255]),
    class: chance.pick(['symbol', 'line', 'section']),
    name: chance.pick(words),
    ...(chance.happens(20) && { attributes: { at: chance.below(9), deep: [{ a: chance.pick(words) }] } }),
    ...(chance.happens(3) && { attributes: { large: 'y'.repeat(3_000) } }),
    ...(chance.happens(10) && {
      finding: {
        severity: chance.pick(['info', 'low', 'critical'] as const),
        rule: 'a-rule',
        evidence: chance.pick([[], ['because'], ['one', 'two']]),
        origin: 'rule' as const,
        confidence: chance.below(1_001) / 1_000,
      },
    }),
  }))
}

/** A folder, what is known of its files, and how both change. */
class Story {
  readonly lab: Lab
  readonly session: Session
  known = new Map<string, Region[]>()
  #contents = 0
  readonly #chance: Chance
  readonly #names = Array.from({ length: 9 }, (_, i) => `f${i}`)

  constructor(t: TestContext, chance: Chance) {
    this.lab = makeLab(t)
    this.session = new Session(t, this.lab)
    this.#chance = chance
  }

  async commit(): Promise<BrickView> {
    const changes = this.#edit()
    fs.writeFileSync(this.#at('z'), this.#chance.bytes(8))
    const { lister } = this.session
    await this.session.reconcileAll({ artifact: { lister, reader: 'files', regions: () => changes } })
    return this.session.view
  }

  #at(name: string): string {
    return join(this.lab.source, name)
  }

  #size(name: string): number {
    return fs.existsSync(this.#at(name)) ? fs.statSync(this.#at(name)).size : 0
  }

  #edit(): EntryRegions[] {
    const chance = this.#chance
    const free = new Set(this.#names)
    const take = (): string | undefined => {
      const name = chance.pick([...free, undefined])
      if (name !== undefined) free.delete(name)
      return name
    }
    for (let edits = chance.below(5); edits > 0; edits--) {
      const name = take()
      if (name === undefined) continue
      if (chance.happens(20)) this.#remove(name)
      else if (chance.happens(25)) this.#rename(name, take())
      else this.#resize(name)
    }
    return this.#names.filter(() => chance.happens(30)).flatMap((name) => this.#say(name))
  }

  #remove(name: string): void {
    fs.rmSync(this.#at(name), { force: true })
    this.known.delete(name)
  }

  #rename(from: string, to: string | undefined): void {
    if (to === undefined || !fs.existsSync(this.#at(from)) || fs.existsSync(this.#at(to))) return
    fs.renameSync(this.#at(from), this.#at(to))
    this.#set(to, this.known.get(from) ?? [])
    this.known.delete(from)
  }

  #resize(name: string): void {
    const size = this.#chance.pick([0, 4, 900, 70_000, 300_000])
    // No two contents are alike: an inode that is used again must not look as if a file had got another name.
    if (this.#size(name) === 0) fs.writeFileSync(this.#at(name), Uint32Array.of(++this.#contents))
    fs.truncateSync(this.#at(name), size)
    this.#set(name, inside(this.known.get(name) ?? [], size))
  }

  #say(name: string): EntryRegions[] {
    const size = this.#size(name)
    const path = utf8(name)
    if (size === 0) return this.#chance.happens(50) ? [{ path, regions: someRegions(this.#chance, 10) }] : []
    const regions = someRegions(this.#chance, size)
    const before = this.known.get(name) ?? []
    if (this.#chance.happens(50)) {
      this.#set(name, clipped(regions, size))
      return [{ path, regions }]
    }
    const kept = { start: this.#chance.pick([0, 10]), length: Math.ceil(size / 2) }
    const end = kept.start + kept.length
    const beside = regions.filter(({ offset }) => offset < kept.start || offset >= end)
    const stays = before.filter(({ offset }) => offset >= kept.start && offset < end)
    this.#set(name, [...stays, ...clipped(beside, size)])
    return [{ path, regions: beside, kept }]
  }

  #set(name: string, regions: readonly Region[]): void {
    if (regions.length === 0) this.known.delete(name)
    else this.known.set(name, [...sorted(regions)])
  }
}

async function assertSound(view: BrickView): Promise<void> {
  const { damaged } = await verify({
    view,
    signal: new AbortController().signal,
    pause: async () => undefined,
    onProgress: () => undefined,
  })
  assert.deepEqual(
    damaged.map(({ detail }) => detail),
    [],
  )
}

for (const seed of seedsOf(isLong ? 150 : 6)) {
  test(`regions are where their entries are, in every commit, compacted or not (seed ${seed})`, async (t) => {
    const chance = chanceOf(seed)
    const story = new Story(t, chance)
    const expected: Known[] = []
    for (let commits = isLong ? 25 : 10; commits > 0; commits--) {
      if (chance.happens(20) && expected.length > 0) story.session.reopen()
      const view = await story.commit()
      assert.deepEqual(knownOf(view), story.known)
      expected.push(structuredClone(story.known))
    }
    await assertSound(story.session.view)
    story.session.close()
    assertPast(t, story.lab, expected)
    const parts = { random, signal: new AbortController().signal, pause: async () => undefined }
    await compactBrick({ ...parts, path: utf8(story.lab.brick), onProgress: () => undefined })
    const view = assertPast(t, story.lab, expected)
    await assertSound(view)
  })
}

/** Every retained commit, the newest included. */
function assertPast(t: TestContext, lab: Lab, expected: readonly Known[]): BrickView {
  const view = openView(t, lab.brick)
  for (const { generation, commit } of pastCommits(view)) {
    const past = new BrickView(view.file, { commit, record: view.file.commit(commit, view.record).record })
    assert.deepEqual(knownOf(past), expected[generation - 1], `commit ${generation}`)
  }
  assert.deepEqual(knownOf(view), expected.at(-1))
  return view
}
