/** An answer of one JSON value a line, as it comes. A failure is the last line; nothing is thrown. */
export type JsonLine =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly message: string }

/** Longer lines are none of ours. */
const lineCharactersMax = 32 * 1024 * 1024

/** Ends early, and silently, where `signal` says so. */
export async function* jsonLines(url: string, signal: AbortSignal): AsyncGenerator<JsonLine> {
  try {
    const response = await fetch(url, { signal })
    if (!response.ok || response.body === null) {
      yield { kind: 'failed', message: await refusalOf(response) }
      return
    }
    let rest = ''
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') yield { kind: 'value', value: JSON.parse(line) }
      if (rest.length > lineCharactersMax) throw new Error('the answer is none of ours')
    }
    if (rest !== '') yield { kind: 'value', value: JSON.parse(rest) }
  } catch (cause) {
    if (!signal.aborted) yield { kind: 'failed', message: cause instanceof Error ? cause.message : String(cause) }
  }
}

async function refusalOf(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as { error: { message: string } }
    return error.message
  } catch {
    return `HTTP ${response.status}`
  }
}
