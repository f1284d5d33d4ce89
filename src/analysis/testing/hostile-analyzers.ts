/** Analyzers that do what none may: they are told by the content how. Only for tests of the engine. */
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import type { Subject } from '../subject.ts'

/** (module (func (export "f") unreachable)) */
const trapModule = Buffer.from('0061736d0100000001040160000003020100070501016600000a05010300000b', 'hex')

/** Its types are those of browsers. */
const { WebAssembly: wasm } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object
    readonly Instance: new (module: object) => { readonly exports: { readonly f: () => void } }
  }
}

/** What a content begins with, and what happens then. */
const misdeeds: Readonly<Record<string, (subject: Subject, report: Report) => void>> = {
  HANG() {
    for (;;) Math.imul(3, 5)
  },
  EAT() {
    const kept: number[][] = []
    for (;;) kept.push(Array.from({ length: 100_000 }, (_, index) => index + 0.5))
  },
  EXIT() {
    process.exit(3)
  },
  THROW() {
    throw new Error('thrown by an analyzer')
  },
  TRAP() {
    const { Instance, Module } = wasm
    new Instance(new Module(trapModule)).exports.f()
  },
  OUTSIDE({ content }, report) {
    const place = { layer: 16, class: 'test', name: 'outside' }
    for (const offset of [-1, 0.5, content.size + 1, Number.NaN]) report.region({ ...place, offset, length: 0 })
    report.region({ ...place, offset: 0, length: content.size + 1 })
    report.region({ ...place, offset: content.size, length: 0 })
  },
  MANY(_subject, report) {
    for (let index = 0; index < 100_000; index++) {
      report.region({ offset: 0, length: 1, layer: 16, class: 'test', name: `region ${index}` })
      const finding = { severity: 'low', rule: 'test', evidence: ['x'.repeat(100_000)], confidence: 1 } as const
      report.finding({ offset: 0, length: 1, name: 'y'.repeat(1_000) }, finding)
      report.problem('z'.repeat(10_000))
    }
  },
}

export const hostileAnalyzers: readonly ContentAnalyzer[] = [
  {
    name: 'before',
    version: 1,
    takes: () => true,
    analyze: ({ content }, report) =>
      report.region({ offset: 0, length: content.size, layer: 0, class: 'test', name: 'before' }),
  },
  {
    name: 'hostile',
    version: 1,
    takes: () => true,
    analyze(subject, report) {
      const text = new TextDecoder('latin1').decode(subject.content.read(0, 16))
      for (const [word, act] of Object.entries(misdeeds)) if (text.startsWith(word)) act(subject, report)
    },
  },
  {
    name: 'unprepared',
    version: 1,
    prepare: () => Promise.reject(new Error('it cannot be prepared')),
    takes: ({ content }) => new TextDecoder('latin1').decode(content.read(0, 16)).startsWith('PREPARE'),
    analyze() {},
  },
  {
    name: 'after',
    version: 1,
    takes: () => true,
    analyze: ({ content }, report) =>
      report.region({ offset: 0, length: content.size, layer: 0, class: 'test', name: 'after' }),
  },
]
