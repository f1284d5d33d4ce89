/** A process of its own that watches a tree: for limits, mounts and stops that the test itself must not have. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { after } from 'node:test'

export interface Told {
  /** `path`, or `path/...` for a subtree; sorted, each once. */
  readonly hints: readonly string[]
  /** `CODE path`, `recovered CODE path`. */
  readonly reports: readonly string[]
  /** Text of the problems. */
  readonly messages: readonly string[]
  readonly overflows: number
  readonly stats: { readonly watches: number; readonly marks: number; readonly roots: readonly { backend: string }[] }
}

export interface WatchChild {
  readonly process: ChildProcess
  /** What the addition of the root led to, then the answer to each command. Undefined where the process ended. */
  readonly answer: () => Promise<Told | undefined>
  /** Runs a shell command in the process's namespaces, flushes, and tells what was told since the last answer. */
  readonly run: (command: string) => Promise<Told>
  /** Answers once there was that report, without flushing: it may be able to do nothing else. */
  readonly until: (report: string) => Promise<Told>
  /** Runs a command, and waits for that report before it answers. */
  readonly runUntil: (report: string, command: string) => Promise<Told>
  /** Ends it; its exit code. */
  readonly end: () => Promise<number | null>
}

export interface ChildOptions {
  readonly root: string
  readonly cookies: string
  readonly backend: 'auto' | 'inotify' | 'fanotify'
  readonly crossFilesystems?: 'no' | 'yes'
  /** A shell command line that runs first, in new namespaces of these flags of unshare(1). */
  readonly within?: { readonly flags: string; readonly prepare: string }
}

const underway = new Set<ChildProcess>()
after(() => {
  for (const child of underway) child.kill('SIGKILL')
})

/** The process's errors go to this one's standard error, unless `within` may be refused. */
export function spawnChild(options: ChildOptions): WatchChild {
  const node = [process.execPath, '--input-type=module', '-e', script(options)]
  const { within } = options
  const command =
    within === undefined
      ? node
      : ['unshare', within.flags, 'sh', '-c', `{ ${within.prepare} ; } >&2 && exec "$@"`, 'sh', ...node]
  const [file = '', ...rest] = command
  const child = spawn(file, rest, { stdio: ['pipe', 'pipe', within === undefined ? 'inherit' : 'ignore'] })
  underway.add(child)
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      underway.delete(child)
      resolve(code)
    })
  })
  child.stdin.on('error', () => {})
  const next = readLines(child.stdout)
  const answer = async (): Promise<Told | undefined> => {
    const line = await next()
    return line === undefined ? undefined : JSON.parse(line)
  }
  const ask = async (order: object): Promise<Told> => {
    child.stdin.write(`${JSON.stringify(order)}\n`)
    return (await answer()) ?? assert.fail('the watching process ended')
  }
  return {
    process: child,
    answer,
    run: (shell) => ask({ shell }),
    until: (report) => ask({ shell: '', report, isBare: true }),
    runUntil: (report, shell) => ask({ shell, report }),
    end: () => {
      child.stdin.end()
      return exited
    },
  }
}

/** Answers each line on standard input with what it was told since the last. */
function script({ root, cookies, backend, crossFilesystems = 'no' }: ChildOptions): string {
  return `
    import { execSync } from 'node:child_process'
    import { createInterface } from 'node:readline'
    import { startWatcher } from ${JSON.stringify(new URL('../watch.ts', import.meta.url).href)}
    let overflows = 0, hints = [], reports = [], messages = [], wake = () => {}
    const report = (text) => { reports.push(text); wake() }
    const text = (bytes) => Buffer.from(bytes).toString()
    const sink = {
      hints: (batch) => { for (const h of batch) hints.push(text(h.path) + (h.scope === 'subtree' ? '/...' : '')) },
      overflow: () => { overflows++ },
      problem: ({ code, path, message }) => { messages.push(message); report(code + ' ' + text(path)) },
      recovered: ({ code, path }) => report('recovered ' + code + ' ' + text(path)),
    }
    const cookieFolder = Buffer.from(${JSON.stringify(cookies)})
    const watcher = await startWatcher(sink, { cookieFolder, backend: ${JSON.stringify(backend)} })
    const path = Buffer.from(${JSON.stringify(root)})
    const answer = async (isBare) => {
      if (!isBare) await watcher.flush()
      const stats = await watcher.stats()
      console.log(JSON.stringify({ overflows, hints: [...new Set(hints)].sort(), reports, messages, stats }))
      hints = []; reports = []; messages = []
    }
    await watcher.addRoot({ index: 0, kind: 'tree', path, crossFilesystems: ${JSON.stringify(crossFilesystems)} })
    await answer()
    for await (const line of createInterface({ input: process.stdin })) {
      const order = JSON.parse(line)
      if (order.shell === 'exit') process.exit(7)
      if (order.shell !== '') execSync(order.shell)
      while (order.report && !reports.includes(order.report)) await new Promise((resolve) => { wake = resolve })
      await answer(order.isBare)
    }
    await watcher.close()`
}

function readLines(stream: NodeJS.ReadableStream): () => Promise<string | undefined> {
  let text = ''
  const chunks = stream[Symbol.asyncIterator]()
  return async () => {
    while (!text.includes('\n')) {
      const { done, value } = await chunks.next()
      if (done === true) return undefined
      text += value
    }
    const line = text.slice(0, text.indexOf('\n'))
    text = text.slice(line.length + 1)
    return line
  }
}
