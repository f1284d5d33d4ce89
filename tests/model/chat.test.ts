/** One question to a server that misbehaves in each way that was seen of real ones: what is said of it, and what is not believed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ask, type ChatParts, type ChatQuestion, type ChatResult } from '../../src/analysis/model/chat.ts'
import type { FailureCause } from '../../src/analysis/model/chat-failure.ts'
import { deadlinesDefault } from '../../src/analysis/model/model-settings.ts'
import { type Behaviour, Events, HandTimers, modelId, replies, Stand, says } from './stand.ts'

const question: ChatQuestion = {
  model: modelId,
  system: 'You describe.',
  user: 'What is this?',
  schemaName: 'description',
  schema: { type: 'object', properties: { summary: { type: 'string' } }, required: ['summary'] },
  maxTokens: 400,
  temperature: 0,
  seed: 7,
}
const { firstTokenMs, idleMs, totalMs } = deadlinesDefault

function parts(base: string, more: Partial<ChatParts> = {}): ChatParts {
  const timers = new HandTimers()
  const { signal } = new AbortController()
  return { base: `${base}/v1`, token: undefined, deadlines: deadlinesDefault, timers, signal, ...more }
}

async function asking(t: TestContext, chat: Behaviour, more: Partial<ChatParts> = {}): Promise<ChatResult> {
  const stand = await Stand.open(t, chat)
  return ask(question, parts(stand.url, more))
}

function check({ outcome }: ChatResult, cause: FailureCause, message: RegExp): void {
  assert.equal(outcome.kind, 'failed', JSON.stringify(outcome))
  assert.equal(outcome.kind === 'failed' && outcome.cause, cause, JSON.stringify(outcome))
  assert.match(outcome.kind === 'failed' ? outcome.message : '', message)
}

const fails = (name: string, chat: Behaviour, cause: FailureCause, message: RegExp): void => {
  test(name, async (t) => check(await asking(t, chat), cause, message))
}

test('what is sent is one streamed question with a schema, and no header or key of another service', async (t) => {
  const environment = {
    OPENAI_API_KEY: 'sk-of-another-service',
    OPENAI_CUSTOM_HEADERS: 'x-other: 1',
    OPENAI_ORG_ID: 'org',
  }
  Object.assign(process.env, environment)
  t.after(() => {
    for (const name of Object.keys(environment)) delete process.env[name]
  })
  const stand = await Stand.open(t, says('{"summary":"x"}'))
  const { outcome, tokensIn, tokensOut, raw } = await ask(question, parts(stand.url))
  assert.deepEqual(outcome, { kind: 'answered', text: '{"summary":"x"}', from: 'content', modelReported: modelId })
  assert.deepEqual([tokensIn, tokensOut], [900, 80])
  assert.match(raw, /\[DONE\]/)
  const [asked] = stand.asked
  assert.equal(asked?.path, '/v1/chat/completions')
  assert.deepEqual([asked?.body.stream, asked?.body.temperature, asked?.body.max_tokens], [true, 0, 400])
  assert.equal(asked?.headers.authorization, undefined)
  const names = Object.keys(asked?.headers ?? {}).filter((name) => /^x-|openai|organization/.test(name))
  assert.deepEqual(names, [])
})

test('a token that was given goes along', async (t) => {
  const stand = await Stand.open(t, says('{}'))
  await ask(question, parts(stand.url, { token: 'secret' }))
  assert.equal(stand.asked[0]?.headers.authorization, 'Bearer secret')
})

test('no server: it says so at once', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  check(await ask(question, parts(`http://127.0.0.1:${port}`)), 'unreachable', /connection refused/)
})

for (const [name, begin] of [
  ['accepts the question and says nothing at all', () => {}],
  ['sends the head of an answer and then nothing', (answer) => void new Events(answer)],
  [
    'sends signs of life and no word',
    (answer) => void new Events(answer).raw(': ping\n\n').chunk({ delta: { role: 'assistant', content: '' } }),
  ],
] as const satisfies readonly (readonly [string, Behaviour])[]) {
  test(`a server that ${name} is left when the time to the first word is up`, async (t) => {
    const stand = await Stand.open(t, begin)
    const timers = new HandTimers()
    const came = stand.nextQuestion()
    const result = ask(question, parts(stand.url, { timers }))
    await came
    timers.fire(firstTokenMs)
    check(await result, 'no-first-word', /nothing within 180 s/)
    await stand.closed[0]
    assert.deepEqual([timers.count(idleMs), timers.count(totalMs)], [0, 0])
  })
}

test('a server that falls silent in the middle is left, and the connection closed', async (t) => {
  const stand = await Stand.open(t, (answer) => void new Events(answer).words('{"summary":"'))
  const timers = new HandTimers()
  const { promise: heard, resolve } = Promise.withResolvers<void>()
  const result = ask(question, parts(stand.url, { timers, onText: () => resolve() }))
  await heard
  // The word is told before the clock of the next one is set.
  while (timers.count(idleMs) === 0) await new Promise(setImmediate)
  assert.equal(timers.count(firstTokenMs), 0)
  timers.fire(idleMs)
  check(await result, 'silent', /60 s in the middle/)
  await stand.closed[0]
})

test('a server that goes on and on, a word at a time, is left when the whole time is up', async (t) => {
  const stand = await Stand.open(t, (answer) => void new Events(answer).words('{"summary":"'))
  const timers = new HandTimers()
  const { promise: heard, resolve } = Promise.withResolvers<void>()
  const result = ask(question, parts(stand.url, { timers, onText: () => resolve() }))
  await heard
  timers.fire(totalMs)
  check(await result, 'too-slow', /did not finish within 240 s/)
})

test('a question that is called off closes its connection', async (t) => {
  const stand = await Stand.open(t, (answer) => void new Events(answer).words('{"summ'))
  const controller = new AbortController()
  const result = ask(question, parts(stand.url, { signal: controller.signal, onText: () => controller.abort() }))
  check(await result, 'cancelled', /called off/)
  await stand.closed[0]
  check(await ask(question, parts(stand.url, { signal: controller.signal })), 'cancelled', /called off/)
})

const flood =
  (text: string): Behaviour =>
  (answer) => {
    const events = new Events(answer)
    const more = (): void => {
      if (!answer.destroyed) answer.write(text, () => setImmediate(more))
    }
    events.raw('')
    more()
  }
fails(
  'a flood of words is cut off',
  flood(`data: ${JSON.stringify({ choices: [{ delta: { content: 'la '.repeat(99) } }] })}\n\n`),
  'too-much',
  /much more/,
)
fails('a flood of comments is cut off', flood(`: ${'ping '.repeat(1_000)}\n\n`), 'too-much', /much more/)
fails(
  'one event without an end is cut off',
  flood('data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'.repeat(100)),
  'too-much',
  /much more/,
)
fails(
  'a body that is no stream and has no end is cut off',
  (answer) => {
    answer.writeHead(200, { 'content-type': 'application/json' })
    const more = (): void => {
      if (!answer.destroyed) answer.write(' '.repeat(65_536), () => setImmediate(more))
    }
    more()
  },
  'too-much',
  /much more/,
)

fails(
  'another model than was asked is not believed',
  says('{}', { model: 'llama-3.2-1b' }),
  'other-model',
  /llama-3.2-1b, asked was qwen/,
)
fails(
  '200 with an error object is a failure',
  replies(200, '{"error":{"message":"Model is unloaded"}}'),
  'refused',
  /Model is unloaded/,
)
fails(
  '200 with an error text is a failure',
  replies(200, '{"error":"Unexpected endpoint"}'),
  'refused',
  /Unexpected endpoint.*HTTP 200/,
)
fails(
  '400 with an error that is a bare text keeps the text',
  replies(400, `{"error":"'response_format.type' must be 'json_schema' or 'text'"}`),
  'refused',
  /must be 'json_schema'/,
)
fails(
  '400 with an error object keeps the message',
  replies(400, '{"error":{"code":400,"message":"bad grammar","type":"x"}}'),
  'refused',
  /bad grammar/,
)
fails(
  '401 says that a token is missing',
  replies(401, '{"error":{"message":"invalid api key"}}'),
  'unauthorised',
  /SFD_MODEL_TOKEN.*invalid api key/,
)
fails(
  'a model that is not loaded is named',
  replies(
    404,
    `{"error":{"message":"No models loaded. Please load a model in the developer page","type":"invalid_request_error","param":"model"}}`,
  ),
  'no-model',
  /No models loaded/,
)
fails(
  'a model that Ollama does not have is named',
  replies(404, `{"error":{"message":"model 'qwen2.5-coder' not found"}}`),
  'no-model',
  /not found/,
)
fails(
  'a question that is too long for llama.cpp',
  replies(
    400,
    '{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_prompt_tokens":5000,"n_ctx":4096}}',
  ),
  'context',
  /longer than the model takes/,
)
fails(
  '503 of a full queue is busy',
  replies(503, '{"error":"server busy, please try again. maximum pending requests exceeded"}'),
  'busy',
  /busy/,
)
fails(
  '503 of llama.cpp that loads is loading',
  replies(503, '{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}'),
  'loading',
  /Loading model/,
)
fails('500 with nothing in it is a failure of the server', replies(500, ''), 'server-error', /HTTP 500/)
fails(
  'a web page with 200 is no model server',
  replies(200, '<!DOCTYPE html><title>x</title>', 'text/html'),
  'web-page',
  /no model server/,
)
fails(
  'a web page with 404 is no model server',
  replies(404, '<html><body>Not Found</body></html>', 'text/html'),
  'web-page',
  /no model server/,
)
fails(
  'a web page that calls itself a stream',
  replies(200, '<!doctype html><p>data: hello</p>', 'text/event-stream'),
  'empty',
  /answered nothing/,
)
fails('an answer of nothing', replies(200, '', 'text/event-stream'), 'empty', /longer than the model takes/)
fails('a stream that only ends', replies(200, 'data: [DONE]\n\n', 'text/event-stream'), 'empty', /answered nothing/)
fails('empty content that ends well', says(''), 'empty', /answered nothing/)
fails(
  'a body that is neither JSON nor events',
  replies(200, 'Internal oops', 'text/plain'),
  'broken-stream',
  /neither JSON/,
)
fails(
  'an event that is no JSON',
  replies(200, 'data: {"choices": [\n\ndata: [DONE]\n\n', 'text/event-stream'),
  'broken-stream',
  /no JSON/,
)
fails(
  'an event of an error after 200',
  replies(
    200,
    'event: error\ndata: {"error":{"message":"The number of tokens to keep from the initial prompt is greater than the context length"}}\n\n',
    'text/event-stream',
  ),
  'context',
  /longer than the model takes/,
)
fails(
  'an error in a plain event after 200',
  replies(200, 'data: {"error":{"message":"slot unavailable"}}\n\n', 'text/event-stream'),
  'refused',
  /slot unavailable/,
)
fails(
  'an event that is something else altogether',
  replies(200, 'data: {"hello":1}\n\ndata: [DONE]\n\n', 'text/event-stream'),
  'refused',
  /hello|HTTP 200/,
)
fails('an answer that ran out of tokens', says('{"summary":"abc', { finish: 'length' }), 'length', /within 400 tokens/)
fails(
  'an answer that a filter ended',
  says('{"summary":"abc', { finish: 'content_filter' }),
  'refused',
  /refused to answer/,
)
fails(
  'an event with a choice that is none',
  replies(200, 'data: {"choices":[null]}\n\ndata: [DONE]\n\n', 'text/event-stream'),
  'broken-stream',
  /no part of an answer/,
)
fails(
  'a stream without an end',
  (answer) => {
    new Events(answer).words('{"summary":"abc"}')
    answer.end()
  },
  'cut',
  /middle/,
)
fails(
  'a stream that says stop but not that it is done',
  (answer) => {
    new Events(answer).words('{"summary":"abc"}').finish()
    answer.end()
  },
  'cut',
  /middle/,
)
fails(
  'a connection that breaks in the middle',
  (answer) => {
    new Events(answer).words('{"summary":"abc')
    setImmediate(() => answer.destroy())
  },
  'cut',
  /ended/,
)

test('a server that sends elsewhere is not followed: nobody else learns the question', async (t) => {
  const other = await Stand.open(t, says('{"summary":"x"}'))
  for (const status of [301, 302, 307, 308]) {
    const location = `${other.url}/v1/chat/completions`
    const result = await asking(t, (answer) => answer.writeHead(status, { location }).end())
    check(result, 'redirected', /nothing is sent there/)
  }
  assert.deepEqual(other.asked, [])
})

test('white space is no word: a model that drips it falls silent, before and after its first word', async (t) => {
  for (const [first, delayMs, cause] of [
    [[], firstTokenMs, 'no-first-word'],
    [['{'], idleMs, 'silent'],
  ] as const) {
    const timers = new HandTimers()
    const ended = Promise.withResolvers<void>()
    const stand = await Stand.open(t, (answer) => {
      const events = new Events(answer)
      for (const text of [...first, ' ', '\n', '\t ']) events.chunk({ delta: { content: text } })
    })
    let heard = ''
    const onText = (text: string): void => {
      heard = text
      if (text.endsWith('\t ')) ended.resolve()
    }
    const answer = ask(question, parts(stand.url, { timers, onText }))
    await ended.promise
    assert.deepEqual([timers.count(firstTokenMs), timers.count(idleMs)], first.length === 0 ? [1, 0] : [0, 1], heard)
    timers.fire(delayMs)
    check(await answer, cause, first.length === 0 ? /said nothing/ : /fell silent/)
  }
})

test('JSON that a reasoning model put into its reasoning is taken from there', async (t) => {
  for (const field of ['reasoning_content', 'reasoning']) {
    const { outcome } = await asking(t, says('{"summary":"x"}', { field }))
    assert.deepEqual(outcome, { kind: 'answered', text: '{"summary":"x"}', from: 'reasoning', modelReported: modelId })
  }
})

test('a server that does not stream is as good', async (t) => {
  const body = {
    model: modelId,
    choices: [{ message: { content: '{"a":1}' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 2 },
  }
  const { outcome, tokensIn } = await asking(t, replies(200, JSON.stringify(body)))
  assert.deepEqual(outcome, { kind: 'answered', text: '{"a":1}', from: 'content', modelReported: modelId })
  assert.equal(tokensIn, 5)
})

test('characters that are cut between two packets arrive whole, and comments in between do not matter', async (t) => {
  const { outcome } = await asking(t, (answer) => {
    const event = Buffer.from(
      `data: ${JSON.stringify({ model: modelId, choices: [{ delta: { content: '日本語 é 🦀' } }] })}\r\n\r\n`,
    )
    const events = new Events(answer).raw(': hello\n\n')
    let at = 0
    const next = (): void => {
      if (at < event.length) answer.write(event.subarray(at, ++at), () => setImmediate(next))
      else events.raw(': still here\n\n').finish().done()
    }
    next()
  })
  assert.equal(outcome.kind === 'answered' && outcome.text, '日本語 é 🦀')
})

test('fields of the wrong kind are as if they were not there', async (t) => {
  const events = [
    'null',
    '[]',
    '{"choices":null}',
    '{"choices":[{"delta":{"content":{"a":1}}}],"usage":{"prompt_tokens":"many"}}',
    '{"choices":[{"delta":{"content":"{}"}}],"model":7}',
    '{"choices":[{"delta":{},"finish_reason":"stop"}]}',
  ]
  const stream = `${events.map((event) => `data: ${event}\n\n`).join('')}data: [DONE]\n\n`
  const { outcome, tokensIn } = await asking(t, replies(200, stream, 'text/event-stream'))
  assert.deepEqual(outcome, { kind: 'answered', text: '{}', from: 'content', modelReported: modelId })
  assert.equal(tokensIn, undefined)
})
