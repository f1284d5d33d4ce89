/**
 * The way to the server that the client library is given: `fetch` with what we want to know of the answer and what we do
 * not allow: it follows no redirect (what is described would go elsewhere), sends no header but ours, and reads no more
 * than `bytesMax`.
 *
 * An answer that is no event stream is kept as text and given on as an empty stream: what it means is for chat.ts.
 */
import { bearer, boundedText } from './http-json.ts'

export class TappedFetch {
  readonly #token: string | undefined
  /** Of the answer as it came, for the log; cut at `keptMax`. */
  #kept = ''
  #size = 0
  status: number | undefined
  /** The body of an answer that is no stream of events. */
  plain: string | undefined
  /** It was longer than anybody asked for. */
  isTooMuch = false
  isRedirect = false

  constructor(token: string | undefined) {
    this.#token = token
  }

  /** What came, for the log. */
  get text(): string {
    return this.#kept
  }

  /** The server has said that this was all. */
  get isDone(): boolean {
    return /(^|\n)data: ?\[DONE\]/.test(this.#tail)
  }

  #tail = ''

  readonly fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const response = await fetch(url, {
      method: init?.method ?? 'POST',
      body: init?.body ?? null,
      signal: init?.signal ?? null,
      headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...bearer(this.#token) },
      redirect: 'manual',
    })
    this.status = response.status
    this.isRedirect = response.status >= 300 && response.status < 400
    const isStream = /^text\/event-stream/i.test(response.headers.get('content-type') ?? '')
    if (response.ok && isStream && response.body !== null) return this.#tapped(response.body)
    const text = this.isRedirect ? '' : await boundedText(response, bytesMax)
    this.isTooMuch = text === undefined
    this.plain = text ?? ''
    this.#keep(this.plain)
    if (this.isRedirect) await response.body?.cancel()
    return new Response('', { headers: eventStream })
  }

  #tapped(body: ReadableStream<Uint8Array>): Response {
    const decoder = new TextDecoder()
    const tap = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        this.#size += chunk.length
        this.#keep(decoder.decode(chunk, { stream: true }))
        if (this.#size <= bytesMax) controller.enqueue(chunk)
        else {
          this.isTooMuch = true
          controller.error(new Error('the answer is too long'))
        }
      },
    })
    return new Response(body.pipeThrough(tap), { headers: eventStream })
  }

  #keep(text: string): void {
    if (this.#kept.length < keptMax) this.#kept += text.slice(0, keptMax - this.#kept.length)
    this.#tail = (this.#tail + text).slice(-tailLength)
  }
}

const eventStream = { 'content-type': 'text/event-stream' }
/** Some hundred words, each in an envelope of some hundred bytes. */
const bytesMax = 2 * 2 ** 20
const keptMax = 64 * 1024
const tailLength = 256
