/** Numbers of one entry over the retained commits: /b/:uuid/series. */
import type { Context } from 'hono'
import { toHex } from '../base/bytes.ts'
import type { NumberSeries, SeriesReader } from '../read/series.ts'
import { type SeriesAnswer, seriesMax, seriesNamesMax, seriesTimesMax } from '../wire/api.ts'
import type { AnswerCache } from './answer-cache.ts'
import { newestOf } from './brick-route.ts'
import { timeText } from './entry-text.ts'
import type { Foundry } from './foundry.ts'
import { entryPath } from './params.ts'
import { invalid } from './refusal.ts'

const nameLengthMax = 256

export interface SeriesRoute {
  readonly foundry: Foundry
  readonly answers: AnswerCache
  readonly series: SeriesReader
}

export async function seriesAnswer({ foundry, answers, series }: SeriesRoute, c: Context): Promise<Response> {
  const newest = newestOf(foundry, c.req.param('uuid') ?? '')
  const query = (name: string): string | undefined => c.req.query(name)
  const path = entryPath(query)
  const names = namesIn(c.req.queries('name'))
  const question = { path, names, namesMax: seriesMax, timesMax: seriesTimesMax }
  const asked = `${toHex(newest.record.uuid)} ${toHex(newest.record.id)} ${toHex(path)} ${names?.join('\0') ?? ''}`
  const numbers = await answers.of(`series ${asked}`, () => series.read(newest, question))
  return c.json(answerOf(numbers))
}

function namesIn(names: readonly string[] | undefined): readonly string[] | undefined {
  if (names === undefined || names.length === 0) return undefined
  if (names.length > seriesMax || names.some((name) => name.length > nameLengthMax)) {
    throw invalid(`name must be given at most ${seriesMax} times, with at most ${nameLengthMax} characters.`)
  }
  return names
}

function answerOf({ times, names, series, isThinned }: NumberSeries): SeriesAnswer {
  return {
    names: names.slice(0, seriesNamesMax),
    times: times.map(timeText),
    series,
    truncated: isThinned || names.length > seriesNamesMax,
  }
}
