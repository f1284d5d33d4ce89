/**
 * A model server on a real port that behaves as a test says, and timers that a test lets run out by hand. What it sends is
 * what LM Studio, Ollama, llama.cpp and vLLM were seen or reported to send.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { Timers } from '../../src/analysis/model/timers.ts'
import type { Clock, Random } from '../../src/base/ports.ts'

export interface Asked {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Body
}

export interface Body {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  readonly stream: boolean
  readonly temperature: number
  readonly max_tokens: number
  readonly response_format: {
    readonly json_schema: { readonly schema: { readonly properties: Record<string, unknown> } }
  }
}

export type Behaviour = (answer: ServerResponse, asked: Asked) => void

export class Stand {
  readonly #server: Server
  readonly asked: Asked[] = []
  readonly #waiting: (() => void)[] = []
  /** Of `/v1/chat/completions`. */
  chat: Behaviour
  /** JSON by path of a GET; anything else is 404. */
  pages: Readonly<Record<string, unknown>>
  /** Of pages that are there. */
  pageStatus = 200
  /** Accepts and never answers. */
  isMute = false
  readonly #looking: (() => void)[] = []
  /** Connections of questions that were closed before they were answered. */
  readonly closed: Promise<unknown>[] = []

  private constructor(server: Server, chat: Behaviour) {
    this.#server = server
    this.chat = chat
    this.pages = { '/v1/models': { object: 'list', data: [{ id: modelId, object: 'model' }] } }
  }

  static async open(t: TestContext, chat: Behaviour): Promise<Stand> {
    const server = createServer((request, answer) => {
      stand.#take(request, answer).catch(() => answer.destroy())
    })
    const stand = new Stand(server, chat)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    return stand
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Resolves when the next question has come whole. */
  nextQuestion(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when the next page is asked for. */
  nextLook(): Promise<void> {
    return new Promise((resolve) => this.#looking.push(resolve))
  }

  async #take(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    if (request.method === 'GET') {
      for (const resolve of this.#looking.splice(0)) resolve()
      if (this.isMute) return
      const page = this.pages[path]
      answer.writeHead(page === undefined ? 404 : this.pageStatus, { 'content-type': 'application/json' })
      answer.end(JSON.stringify(page ?? { error: 'not found' }))
      return
    }
    const asked = { path, headers: request.headers, body: JSON.parse(await text(request)) as Body }
    this.asked.push(asked)
    this.closed.push(once(answer, 'close'))
    for (const resolve of this.#waiting.splice(0)) resolve()
    this.chat(answer, asked)
  }
}

export const modelId = 'qwen2.5-coder-7b-instruct'

export const goodAnswer = {
  summary: 'A program that lists the contents of directories.',
  title: 'Directory lister',
  role: 'io',
  risk: 'none',
  risk_reason: '',
  evidence_ids: ['E1'],
  confidence: 'high',
  mentions_instructions_in_data: false,
}

/** A stream of events as servers send it. */
export class Events {
  readonly #answer: ServerResponse
  readonly #model: string

  constructor(answer: ServerResponse, model = modelId) {
    this.#answer = answer
    this.#model = model
    answer.writeHead(200, { 'content-type': 'text/event-stream' })
    answer.flushHeaders()
  }

  raw(text: string): this {
    this.#answer.write(text)
    return this
  }

  chunk(choice: Record<string, unknown>, more: Record<string, unknown> = {}): this {
    const { delta = {}, finish_reason = null } = choice
    const chunk = { id: 'c', object: 'chat.completion.chunk', model: this.#model, ...more }
    return this.raw(`data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta, finish_reason }] })}\n\n`)
  }

  words(text: string, field = 'content'): this {
    for (let at = 0; at < text.length; at += 24) this.chunk({ delta: { [field]: text.slice(at, at + 24) } })
    return this
  }

  finish(reason = 'stop'): this {
    this.chunk({ finish_reason: reason })
    const usage = { prompt_tokens: 900, completion_tokens: 80 }
    return this.raw(`data: ${JSON.stringify({ model: this.#model, choices: [], usage })}\n\n`)
  }

  done(): void {
    this.#answer.end('data: [DONE]\n\n')
  }
}

/** The whole of a good stream with that text. */
export function says(text: string, { model = modelId, finish = 'stop', field = 'content' } = {}): Behaviour {
  return (answer) => {
    new Events(answer, model)
      .chunk({ delta: { role: 'assistant', content: '' } })
      .words(text, field)
      .finish(finish)
      .done()
  }
}

export function describes(more: Partial<Record<keyof typeof goodAnswer, unknown>> = {}): Behaviour {
  return says(JSON.stringify({ ...goodAnswer, ...more }))
}

export function replies(status: number, body: string, type = 'application/json'): Behaviour {
  return (answer) => {
    answer.writeHead(status, { 'content-type': type })
    answer.end(body)
  }
}

/** The test decides when time has passed. */
export class HandTimers implements Timers {
  readonly #set = new Set<{ readonly delayMs: number; readonly run: () => void }>()

  after(delayMs: number, run: () => void): () => void {
    const timer = { delayMs, run }
    this.#set.add(timer)
    return () => this.#set.delete(timer)
  }

  /** How many of that delay run. */
  count(delayMs: number): number {
    return [...this.#set].filter((timer) => timer.delayMs === delayMs).length
  }

  /** Lets all of that delay run out. */
  fire(delayMs: number): void {
    for (const timer of [...this.#set]) {
      if (timer.delayMs !== delayMs) continue
      this.#set.delete(timer)
      timer.run()
    }
  }
}

/** Stands still but where a test moves it. */
export class HandClock implements Clock {
  ms = 1_000_000
  day = Date.UTC(2026, 10, 22, 12)

  nowNs(): bigint {
    return BigInt(this.day + this.ms) * 1_000_000n
  }

  monotonicMs(): number {
    return this.ms
  }
}

/** Counts up: every draw is another one. */
export function countingRandom(): Random {
  let drawn = 0
  return { bytes: (count) => Uint8Array.from({ length: count }, (_, at) => (drawn++ + at) & 0xff) }
}
