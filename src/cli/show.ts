/** `sfd show BRICK`: what a brick says of itself. */
import { toHex } from '../base/bytes.ts'
import type { BrickMeta } from '../brick/meta.ts'
import { cutText } from '../brick/region-record.ts'
import type { BrickView } from '../store/brick-view.ts'
import { type AtOptions, atOption, type BrickAt, type Call, runs, type Shell, withBrickAt } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { counted, grouped, iec, pairs, pathFields, rfc3339, shortTime, shownPath, shownText } from './text.ts'

const example = `
Example:
  sfd show etc.brick`

export function addShow(shell: Shell): void {
  const command = shell.program
    .command('show')
    .description("print a brick's superblock, hashes, sizes and counts")
    .argument('<brick>', 'path or name of a brick')
    .option(...atOption)
    .addHelpText('after', example)
  runs<AtOptions>(shell, command, (call, { args, options }) => show(call, { brick: args[0] as string, at: options.at }))
}

async function show(call: Call, brick: BrickAt): Promise<ExitCode> {
  await withBrickAt(call, brick, async (view, newest) => {
    if (call.json) await call.output.json(jsonOf(view, newest))
    else await call.output.text(textOf(view, newest))
  })
  return exitCode.ok
}

/** Bytes of content for each byte that the current commit takes on disk; null where it holds none. */
function ratioOf({ record, extras }: BrickView): number | null {
  const { bytes } = extras.counts
  return bytes === 0 || record.liveBytes === 0 ? null : Math.round((bytes / record.liveBytes) * 1000) / 1000
}

function jsonOf(view: BrickView, newest: BrickView): Record<string, unknown> {
  const { record, meta, extras, file } = view
  const brick = pathFields(file.path)
  const source = pathFields(meta.source)
  return {
    brick: brick.path,
    ...(brick.pathHex !== undefined && { brickHex: brick.pathHex }),
    uuid: toHex(record.uuid),
    format: '2.0',
    kind: meta.kind,
    name: meta.name,
    source: source.path,
    ...(source.pathHex !== undefined && { sourceHex: source.pathHex }),
    exclude: meta.exclude,
    worldReadable: meta.worldReadable,
    tool: meta.tool,
    district: meta.district,
    generation: record.generation,
    commit: toHex(record.id),
    parent: record.generation === 1 ? null : toHex(record.parentId),
    time: rfc3339(record.time),
    reason: extras.reason,
    commits: newest.record.history.count + 1,
    contentRoot: toHex(record.contentRoot),
    treeHash: toHex(record.treeHash),
    metaHash: toHex(record.metaHash),
    entries: extras.counts.entries,
    bytes: extras.counts.bytes,
    unreadable: extras.counts.unreadable,
    torn: extras.counts.torn,
    slots: record.slots.count,
    regions: record.regions.count,
    ...(meta.about !== undefined && { about: meta.about }),
    ...(meta.ended !== undefined && { ended: meta.ended }),
    length: record.length,
    tiles: view.tileCount,
    height: record.height,
    fileBytes: file.size,
    fileEnd: record.fileEnd,
    liveBytes: record.liveBytes,
    ratio: ratioOf(view),
  }
}

function textOf(view: BrickView, newest: BrickView): string {
  const { record, meta, extras, file } = view
  const { entries, bytes, unreadable, torn } = extras.counts
  const ratio = ratioOf(view)
  return pairs([
    ['brick', shownPath(file.path)],
    ['name', shownText(meta.name)],
    ['source', `${shownPath(meta.source)} (${meta.kind})`],
    ['uuid', toHex(record.uuid)],
    ...aboutRows(meta),
    ['', ''],
    ['commit', `${toHex(record.id).slice(0, 12)}, generation ${record.generation}, ${shortTime(record.time)} UTC`],
    ['reason', shownText(extras.reason)],
    ['kept', `${newest.record.history.count + 1} commits`],
    ['', ''],
    ['tree hash', toHex(record.treeHash)],
    ['meta hash', toHex(record.metaHash)],
    ['content root', toHex(record.contentRoot)],
    ['', ''],
    [
      'content',
      `${iec(bytes)} in ${grouped(entries)} entries, ${grouped(unreadable)} unreadable, ${grouped(torn)} torn`,
    ],
    ['meaning', counted(record.regions.count, { one: 'region', many: 'regions' })],
    [
      'space',
      `${iec(record.length)} = ${counted(view.tileCount, { one: 'tile', many: 'tiles' })}, directory of height ${record.height}`,
    ],
    ['on disk', `${iec(file.size)}, of which ${iec(record.liveBytes)} belong to this commit`],
    ['ratio', ratio === null ? '-' : `${ratio.toFixed(2)} bytes of content for each on disk`],
  ]).replace(/^ +$/gm, '')
}

function aboutRows({ about, ended }: BrickMeta): [name: string, value: string][] {
  // What is no plain value is for the program that goes on from it.
  const plain = Object.entries(about ?? {}).filter(([, value]) => typeof value !== 'object')
  const facts = plain.map(([key, value]) => {
    return `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`
  })
  return [
    ...(about === undefined ? [] : [['about', shownText(cutText(facts.join(' '), aboutBytesMax))] as [string, string]]),
    ...(ended === undefined ? [] : [['ended', shownText(ended)] as [string, string]]),
  ]
}

const aboutBytesMax = 400
