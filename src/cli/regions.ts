/** `sfd regions BRICK [PATH]`: what its bytes mean, as far as it is known: sections, symbols, lines, mappings, findings. */
import { hexText, mappingLabel } from '../base/mapping-text.ts'
import type { Region } from '../base/region.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { cutText } from '../brick/region-record.ts'
import { allRegions, type EntryRegion, regionsOf } from '../read/regions.ts'
import { entriesUnder, entryPath } from '../read/select.ts'
import type { BrickView } from '../store/brick-view.ts'
import { argumentBytes } from './arguments.ts'
import { type AtOptions, atOption, type BrickAt, type Call, runs, type Shell, withBrickAt } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { iec, pathFields, shownPath, shownText } from './text.ts'

interface RegionsOptions extends AtOptions {
  readonly findings?: boolean
}

const example = `
With PATH: of that entry and of everything beneath it. Of a process PATH may be a mapping's name or an address in it.
Places are offsets in the entry; of a mapping, the address is given, too.

Examples:
  sfd regions proc-812-nginx --findings
  sfd regions proc-812-nginx '[heap]' --at -5m
  sfd regions modules.brick kernel/fs/ext4/ext4.ko --json`

export function addRegions(shell: Shell): void {
  const command = shell.program
    .command('regions')
    .description('what the bytes of a brick mean: sections, symbols, lines, mappings, findings')
    .argument('<brick>', 'path or name of a brick')
    .argument('[path]', 'entry to begin at')
    .option('--findings', 'only what somebody should look at')
    .option(...atOption)
    .addHelpText('after', example)
  runs<RegionsOptions>(shell, command, (call, { args, options }) => {
    return regions(call, { brick: args[0] as string, at: options.at }, { path: args[1], ...options })
  })
}

interface Wanted {
  readonly path: string | undefined
  readonly findings?: boolean
}

async function regions(call: Call, brick: BrickAt, { path, findings = false }: Wanted): Promise<ExitCode> {
  await withBrickAt(call, brick, async (view) => {
    let entry: EntryRecord | undefined
    for (const found of chosen(view, path)) {
      if (findings && found.region.finding === undefined) continue
      if (call.json) await call.output.json(jsonOf(found))
      else {
        if (found.entry !== entry) await call.output.text(`${heading(found.entry)}\n`)
        await call.output.text(`${line(found.region)}\n`)
      }
      entry = found.entry
    }
  })
  return exitCode.ok
}

function* chosen(view: BrickView, path: string | undefined): Generator<EntryRegion> {
  // Of a process in the order of addresses; of others, which may have any number of entries, in that of the brick's space.
  if (path === undefined && view.meta.kind !== 'process') {
    yield* allRegions(view)
    return
  }
  const from = path === undefined ? new Uint8Array(0) : entryPath(view, argumentBytes(path))
  for (const entry of entriesUnder(view, from)) {
    for (const region of regionsOf(view, entry)) yield { entry, region }
  }
}

function jsonOf({ entry, region }: EntryRegion): Record<string, unknown> {
  const { offset, length, layer, class: kind, name, attributes, finding, detector } = region
  return {
    ...pathFields(entry.path),
    ...(entry.mapping && { address: hexText(entry.mapping.address + BigInt(offset)) }),
    offset,
    length,
    layer,
    class: kind,
    name,
    ...(attributes && { attributes }),
    ...(finding && { finding }),
    ...(detector !== undefined && { detector }),
  }
}

function heading({ path, mapping }: EntryRecord): string {
  return mapping === undefined ? shownPath(path) : `${shownPath(path)}  ${mappingLabel(mapping)}`
}

const offsetWidth = 12
const sizeWidth = 9
const classWidth = 10
const attributeBytesMax = 160

function line(region: Region): string {
  const { offset, length, class: kind, name } = region
  const place = `  ${hexText(offset).padStart(offsetWidth)}  ${iec(length).padStart(sizeWidth)}`
  const parts = [`${place}  ${shownText(kind).padEnd(classWidth)}  ${shownText(name)}`, known(region), found(region)]
  return parts
    .filter((part) => part !== '')
    .join('  ')
    .trimEnd()
}

function known({ attributes = {} }: Region): string {
  const pairs = Object.entries(attributes).map(([key, value]) => {
    return `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`
  })
  return shownText(cutText(pairs.join(' '), attributeBytesMax))
}

function found({ finding }: Region): string {
  if (finding === undefined) return ''
  const { severity, rule, evidence, confidence } = finding
  const why = evidence.length === 0 ? '' : `: ${evidence.map(shownText).join('; ')}`
  return `! ${severity} ${shownText(rule)} (${Math.round(100 * confidence)} %)${why}`
}
