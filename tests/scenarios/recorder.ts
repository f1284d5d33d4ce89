/**
 * A hook that writes down how it was called: `${recorder}` in a scenario. Arguments of its own come first and are not
 * written down: `--fail N` and `--hang N` (the first N calls exit with 1, or do not end), `--make FILE` (writes the
 * brick's path into a file), `--say FILE` (writes into a file of the source, once a call).
 */
import fs from 'node:fs'
import { join } from 'node:path'

export interface HookCall {
  readonly argv: readonly string[]
  readonly stdin: Readonly<Record<string, unknown>>
  /** SFD_* and what else there was. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

const callsName = 'calls'

/** Puts it into a folder and returns its path. */
export function installRecorder(folder: string): string {
  const path = join(folder, 'recorder')
  fs.mkdirSync(join(folder, callsName))
  fs.writeFileSync(path, `#!${process.execPath}\n${program}`, { mode: 0o755 })
  return path
}

/** In the order in which they began. */
export function recordedCalls(folder: string): HookCall[] {
  const names = fs.readdirSync(join(folder, callsName)).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => JSON.parse(fs.readFileSync(join(folder, callsName, name), 'utf8')) as HookCall)
}

/** A call that hangs ends by itself when the folder of its scenario is gone. */
const program = `
const fs = require('node:fs')
const path = require('node:path')
const folder = path.join(__dirname, '${callsName}')
const argv = process.argv.slice(2)
const own = {}
while (/^--(fail|hang|make|say)$/.test(argv[0])) own[argv.shift().slice(2)] = argv.shift()
const { PATH, HOME, LANG, NODE_COMPILE_CACHE, ...env } = process.env
const stdin = JSON.parse(fs.readFileSync(0, 'utf8'))
const count = fs.readdirSync(folder).filter((name) => name.endsWith('.json')).length + 1
const file = path.join(folder, String(count).padStart(4, '0'))
fs.writeFileSync(file + '.partial', JSON.stringify({ argv, stdin, env, cwd: process.cwd() }))
fs.renameSync(file + '.partial', file + '.json')
if (own.make !== undefined) fs.writeFileSync(own.make, argv.at(-1) + '\\n')
if (own.say !== undefined) fs.writeFileSync(own.say, 'call ' + count + '\\n')
if (count <= Number(own.fail ?? 0)) process.exit(1)
if (count <= Number(own.hang ?? 0)) setInterval(() => { if (!fs.existsSync(folder)) process.exit() }, 200)
`
