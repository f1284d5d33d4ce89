/** The independent reader, `spec/reader.py`: what it says of a brick, and what it takes out of one. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** As an option of a test: without python3 there is no witness. */
export const witness = {
  skip: process.env['SFD_NO_PYTHON'] === '1' ? 'no witness: python3 is not installed' : false,
}

export interface Verdict {
  readonly ok: boolean
  readonly damaged: readonly { readonly rule: string; readonly offset: number | null; readonly detail: string }[]
}

/** `overviews: 'presence'` does not recompute what the pages say, which is slow in Python. */
export async function verdictOf(
  brick: string,
  { overviews = 'recomputed' }: { overviews?: 'recomputed' | 'presence' } = {},
): Promise<Verdict> {
  const options = overviews === 'presence' ? ['--no-overviews'] : []
  const { stdout, stderr } = await reader(['verify', brick, ...options])
  assert.notEqual(stdout, '', `the reader said nothing, but: ${stderr}`)
  return JSON.parse(stdout)
}

export async function assertWitnessed(
  brick: string,
  how: { overviews?: 'recomputed' | 'presence' } = {},
): Promise<void> {
  const { damaged } = await verdictOf(brick, how)
  assert.deepEqual(damaged, [])
}

/** Lines that the reader wrote to stderr: what it could not extract. */
export async function witnessExtract(brick: string, destination: string): Promise<string[]> {
  const { status, stderr } = await reader(['extract', brick, destination])
  const lines = stderr.split('\n').filter((line) => line !== '')
  assert.ok(status === 0 || lines.length > 0, `the reader ended with ${status}`)
  return lines
}

const script = join(import.meta.dirname, '../../spec/reader.py')

async function reader(args: readonly string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn('python3', ['-B', script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, status] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve)),
  ])
  return { status, stdout, stderr }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
