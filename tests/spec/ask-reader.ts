/** The independent reader's answers about many bricks, from one process. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface ReaderAnswer {
  readonly verdict: {
    readonly ok: boolean
    readonly damaged: readonly { readonly rule: string; readonly detail: string }[]
  }
  /** The commit, its entries and its regions; missing where the brick is refused. */
  readonly show?: Readonly<Record<string, unknown>>
  readonly ls?: readonly unknown[]
  readonly regions?: readonly unknown[]
  /** The rule by which it is refused. */
  readonly refused?: string
}

export async function askReader(
  questions: readonly { readonly path: string; readonly generation?: number }[],
): Promise<readonly ReaderAnswer[]> {
  const child = spawn('python3', ['-B', join(import.meta.dirname, 'ask.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(questions))
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
  const answers: readonly ReaderAnswer[] = JSON.parse(Buffer.concat(chunks).toString())
  assert.equal(answers.length, questions.length)
  return answers
}
