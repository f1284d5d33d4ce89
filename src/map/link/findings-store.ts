/**
 * What should be looked at, over all bricks, as the server tells it: of their newest commits in one answer, of a past instant
 * brick by brick. Asked again, not too often, when a brick shows another commit; what was known stays until the new answer is
 * there, so a commit that only says more of the same bytes changes the list and nothing else.
 */
import { gravityOf, type Severity, severityRank } from '../../base/region.ts'
import type { AnalysedBrick, FindingJson, FindingsAnswer } from '../../wire/api.ts'
import { nowMs, timeLimit } from '../clock.ts'
import { visibleText } from '../view/format.ts'
import { type Fracture, fractureOf } from '../view/fractures.ts'
import { ruleWords } from '../view/severity.ts'
import type { WorldBrick } from '../world.ts'
import { getBrickFindings, getFindings } from './api-client.ts'

/** Of one answer. */
export const findingsKeptMax = 500
const askMsMax = 10_000
/** Answers of all bricks are at least so far apart. */
const pauseMs = 1_200
const retryMs = 4_000
/** Bricks that are asked at once about their past. */
const pastAsksMax = 2
const pastKeptMax = 64

/** What is known, at one instant. */
export interface FoundList {
  /** The gravest first. */
  readonly findings: readonly FindingJson[]
  readonly counts: FindingsAnswer['counts']
  readonly total: number
  readonly acceptedCount: number
  readonly rules: FindingsAnswer['rules']
  readonly bricks: readonly AnalysedBrick[]
}

type Answered = Pick<FindingsAnswer, keyof FoundList>

export class FindingsStore {
  /** Undefined until there is a first answer. */
  list: FoundList | undefined
  /** Of `list`: those that lie on bytes, the mildest first, so that the gravest are drawn last. */
  fractures: readonly Fracture[] = []
  /** Of these what is medium or graver. */
  urgent: readonly Fracture[] = []
  /** Raised with every new list. */
  revision = 0
  readonly #changed: () => void
  /** The mildest that is asked for. */
  #mildest: Severity = 'low'
  #shownKey = ''
  #askedKey = ''
  #asking = false
  #againAtMs = 0
  readonly #past = new Map<string, Answered>()
  readonly #byKey = new Map<string, FindingJson>()

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get mildest(): Severity {
    return this.#mildest
  }

  setMildest(severity: Severity): void {
    if (this.#mildest === severity) return
    this.#mildest = severity
    this.#againAtMs = 0
    this.#changed()
  }

  byKey(key: string): FindingJson | undefined {
    return this.#byKey.get(key)
  }

  /** What it is called, for people; empty where it is not known. */
  titleOf(key: string): string {
    const found = this.#byKey.get(key)
    return found === undefined ? '' : visibleText(found.name === '' ? ruleWords(found.finding.rule) : found.name)
  }

  /** The command that checks the finding of a rule at a place, with the path in it. */
  commandAt(place: { readonly uuid: string; readonly start: number; readonly rule: string }): string | undefined {
    const { uuid, start, rule } = place
    const isSame = (one: FindingJson) => one.uuid === uuid && one.start === start && one.finding.rule === rule
    return this.list?.findings.find(isSame)?.command
  }

  /** Findings on these bytes that are not about the byte `except`. */
  within(
    run: { readonly uuid: string; readonly start: number; readonly length: number },
    except: number,
  ): readonly FindingJson[] {
    return (this.list?.findings ?? []).filter(({ uuid, start, length }) => {
      if (uuid !== run.uuid || start === null || start < run.start || start >= run.start + run.length) return false
      return except < start || except >= start + Math.max(1, length)
    })
  }

  /** Once a frame: asks for what is missing. Returns when it wants another frame. */
  frame({ bricks, now }: { bricks: Iterable<WorldBrick>; now: number }): number {
    const shown = [...bricks].filter(({ info }) => info.commit !== '')
    const key = `${this.#mildest} ${shown.map(({ info }) => info.commit).join(' ')}`
    if (key === this.#shownKey || shown.length === 0) return Number.POSITIVE_INFINITY
    if (this.#asking) return Number.POSITIVE_INFINITY
    if (now < this.#againAtMs) return this.#againAtMs
    this.#asking = true
    this.#askedKey = key
    void this.#ask(shown).finally(() => {
      this.#asking = false
      this.#changed()
    })
    return Number.POSITIVE_INFINITY
  }

  async #ask(shown: readonly WorldBrick[]): Promise<void> {
    const isNow = shown.every(({ era }) => era === 'now')
    const list = isNow ? await this.#askNow() : await this.#askPast(shown)
    this.#againAtMs = nowMs() + (list === undefined ? retryMs : pauseMs)
    if (list === undefined) return
    this.#shownKey = this.#askedKey
    this.list = list
    this.revision++
    this.#byKey.clear()
    for (const finding of list.findings) this.#byKey.set(findingKey(finding), finding)
    this.fractures = list.findings.flatMap(fractureFrom).reverse()
    this.urgent = this.fractures.filter(({ weight }) => weight >= severityRank('medium'))
  }

  async #askNow(): Promise<Answered | undefined> {
    const answer = await getFindings({ severity: this.#mildest, limit: findingsKeptMax }, timeLimit(askMsMax))
    return answer.kind === 'ok' ? answer.value : undefined
  }

  /** Undefined where a brick gave no answer. */
  async #askPast(shown: readonly WorldBrick[]): Promise<Answered | undefined> {
    const severity = this.#mildest
    const open = [...shown]
    const answers: Answered[] = []
    let failed = false
    const work = async (): Promise<void> => {
      for (let brick = open.shift(); brick !== undefined; brick = open.shift()) {
        const { uuid, commit } = brick.info
        const key = `${severity} ${uuid} ${commit}`
        let held = this.#past.get(key)
        if (held === undefined) {
          const asked = { uuid, commit, severity, limit: findingsKeptMax }
          const answer = await getBrickFindings(asked, timeLimit(askMsMax))
          if (answer.kind === 'gone') continue
          if (answer.kind !== 'ok') failed = true
          else held = answer.value
        }
        if (held === undefined) continue
        this.#keepPast(key, held)
        answers.push(held)
      }
    }
    await Promise.all(Array.from({ length: pastAsksMax }, work))
    return failed ? undefined : together(answers)
  }

  #keepPast(key: string, answer: Answered): void {
    this.#past.delete(key)
    this.#past.set(key, answer)
    for (const oldest of this.#past.keys()) {
      if (this.#past.size <= pastKeptMax) break
      this.#past.delete(oldest)
    }
  }
}

/** Tells findings apart, over commits as well. */
export function findingKey({ uuid, fingerprint, start }: FindingJson): string {
  return `${uuid} ${fingerprint} ${start}`
}

/** Answers of several bricks as one; pure. */
export function together(answers: readonly Answered[]): FoundList {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 }
  const rules = new Map<string, FoundList['rules'][number]>()
  for (const answer of answers) {
    for (const severity of Object.keys(counts) as Severity[]) counts[severity] += answer.counts[severity]
    for (const { rule, severity, count } of answer.rules) {
      rules.set(rule, { rule, severity, count: count + (rules.get(rule)?.count ?? 0) })
    }
  }
  const findings = answers.flatMap((answer) => answer.findings)
  findings.sort((a, b) => gravityOf(b.finding) - gravityOf(a.finding))
  return {
    findings: findings.slice(0, findingsKeptMax),
    counts,
    total: answers.reduce((sum, { total }) => sum + total, 0),
    acceptedCount: answers.reduce((sum, { acceptedCount }) => sum + acceptedCount, 0),
    rules: [...rules.values()].sort((a, b) => b.count - a.count),
    bricks: answers.flatMap(({ bricks }) => bricks),
  }
}

function fractureFrom(found: FindingJson): Fracture[] {
  const { uuid, start, length, finding } = found
  if (start === null) return []
  return [fractureOf({ key: findingKey(found), uuid, severity: finding.severity, start, length })]
}
