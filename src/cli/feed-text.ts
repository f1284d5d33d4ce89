/** A message of the feed as a line for a person. What comes from files and users is escaped. */
import type { BrickInfo, FeedMessage } from '../wire/api.ts'
import { counted, shownText } from './text.ts'

type Shown = Exclude<FeedMessage, { kind: 'progress' }>

export function feedLine(message: Shown): string {
  if (message.kind === 'hello') return `${helloText(message)}\n`
  if (message.kind === 'gap') return `${numbers(message)} not kept any more\n`
  const time = message.time.slice(0, 19).replace('T', ' ')
  return `${String(message.sequence).padStart(8)}  ${time}  ${message.kind.padEnd(7)}  ${whatHappened(message)}\n`
}

function helloText({ epoch, sequence, oldest, fresh }: Extract<FeedMessage, { kind: 'hello' }>): string {
  const kept = sequence < oldest ? 'no messages yet' : `messages ${oldest} to ${sequence} are kept`
  return `epoch ${epoch}: ${kept}${fresh ? '; what came before cannot be continued' : ''}`
}

function numbers({ from, to }: { readonly from: number; readonly to: number }): string {
  return from === to ? `message ${from} is` : `messages ${from} to ${to} are`
}

function whatHappened(message: Exclude<Shown, { kind: 'hello' | 'gap' }>): string {
  switch (message.kind) {
    case 'brick':
      return `${shownText(message.brick.name)} is ${stateOf(message.brick)}`
    case 'commit': {
      const { brick, fromGeneration, dirtyTiles, tag } = message
      const tiles = dirtyTiles?.reduce((sum, [, length]) => sum + length, 0)
      const how = tiles === undefined ? 'many tiles' : counted(tiles, { one: 'tile', many: 'tiles' })
      const tagged = tag === undefined ? '' : `, tagged ${shownText(tag)}`
      return `${shownText(brick.name)} is at generation ${brick.generation} (from ${fromGeneration}, ${how}${tagged})`
    }
    case 'removed':
      return `brick ${message.uuid} was removed`
    case 'loss': {
      const { uuid, cause, lostCount } = message
      const whose = uuid === null ? 'hints' : `hints for ${uuid}`
      return `${whose} were lost (${shownText(cause)}${lostCount === null ? '' : `, ${lostCount}`}); all is looked at`
    }
    case 'task': {
      const { task_id: task, file, conditions } = message.status
      const on = conditions.filter(({ status }) => status === 'True').map(({ type, reason }) => `${type} (${reason})`)
      return `${shownText(task ?? file)}: ${on.join(', ') || 'not ready'}`
    }
    case 'hook': {
      const { task, key, outcome, code, seconds, attempts, output } = message
      const lastLine = output?.trimEnd().split('\n').at(-1) ?? ''
      const how = outcome === 'ok' ? `ok after ${seconds} s` : `${outcome}${code === null ? '' : ` (${code})`}`
      return `${shownText(task)} for ${key}: ${how}${attempts > 1 ? `, attempt ${attempts}` : ''}${lastLine && ': '}${shownText(lastLine)}`
    }
  }
}

function stateOf({ state, message }: BrickInfo): string {
  return message === null ? state : `${state}: ${shownText(message)}`
}
