/** `sfd analyze`: which of a brick, a file or a folder is meant. */
import { closeSync, openSync, readSync } from 'node:fs'
import { FoundryError } from '../base/errors.ts'
import { type Severity, severities } from '../base/region.ts'
import { headBytes } from '../brick/pointer.ts'
import { isBrickHead } from '../brick/slot.ts'
import { lookAt } from '../store/look-at.ts'
import { analyzeFiles } from './analyze-files.ts'
import { analyzeEntry, analyzeStored } from './analyze-stored.ts'
import { oneFileOnly, type Wish } from './analyze-wish.ts'
import { argumentBytes } from './arguments.ts'
import type { Call } from './command.ts'
import type { ExitCode } from './exit.ts'
import { brickPath } from './state.ts'
import { shownText } from './text.ts'

export interface AnalyzeOptions {
  /** False with --no-write. */
  readonly write?: boolean
  readonly severity?: string
  readonly model?: boolean
}

export interface AnalyzeTarget {
  readonly target: string
  readonly entry: string | undefined
}

export async function analyzeTarget(
  call: Call,
  { target, entry }: AnalyzeTarget,
  { write = true, severity = 'medium', model = false }: AnalyzeOptions,
): Promise<ExitCode> {
  const keep = write ? 'what is found' : 'nothing'
  const wish: Wish = { target, keep, least: severityOf(severity), model: model ? 'ask' : 'off' }
  if (isBrick(call, target) && model) throw oneFileOnly()
  if (isBrick(call, target)) return entry === undefined ? analyzeStored(call, wish) : analyzeEntry(call, wish, entry)
  if (entry === undefined) return analyzeFiles(call, wish)
  throw new FoundryError('USAGE', `${shownText(target)} is no brick, so it has no entries: name the file itself.`)
}

/** A path is what it says; a word is a brick where there is one of that name. Errors: BRICK_MISSING where it is hidden. */
function isBrick(call: Call, target: string): boolean {
  if (/^[a-z]+:/.test(target)) return false
  const path = argumentBytes(target)
  const found = lookAt(path)
  if (found.kind === 'there' && found.stat.isFile()) return beginsAsBrick(path)
  if (found.kind === 'there' && target.includes('/')) return false
  try {
    brickPath(target, call.state)
    return true
  } catch (error) {
    if (error instanceof FoundryError && error.code === 'BRICK_MISSING') return false
    throw error
  }
}

function beginsAsBrick(path: Uint8Array): boolean {
  let fd: number
  try {
    fd = openSync(Buffer.from(path), 'r')
  } catch {
    // Who reads it as a file says what is wrong.
    return false
  }
  try {
    const head = new Uint8Array(headBytes)
    return isBrickHead(head.subarray(0, readSync(fd, head, 0, head.length, 0)))
  } finally {
    closeSync(fd)
  }
}

function severityOf(text: string): Severity {
  const known = severities.find((one) => one === text)
  if (known !== undefined) return known
  throw new FoundryError('USAGE', `There is no severity ${shownText(text)}: ${severities.join(', ')}.`)
}
