/** Which server and which model are used, what they say of themselves, and who is not believed. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { chooseModel, isNamed, isSameModel } from '../../src/analysis/model/choose-model.ts'
import { lookForModels } from '../../src/analysis/model/discovery.ts'
import { type Endpoint, namedEndpoint } from '../../src/analysis/model/endpoint.ts'
import { listenerOwner, ownerIn } from '../../src/analysis/model/listener-owner.ts'
import { lookAtServer } from '../../src/analysis/model/model-server.ts'
import { type ModelWish, modelSettings } from '../../src/analysis/model/model-settings.ts'
import { isProxied } from '../../src/analysis/model/proxied.ts'
import { FoundryError } from '../../src/base/errors.ts'
import { HandTimers, modelId, Stand } from './stand.ts'

const nobodyAsks = (): never => assert.fail('a question was sent')

async function lookAt(t: TestContext, pages: Stand['pages']) {
  const stand = await Stand.open(t, nobodyAsks)
  stand.pages = pages
  const endpoint = namedEndpoint(stand.url, { allowRemote: false })
  const { signal } = new AbortController()
  return lookAtServer(endpoint, { token: undefined, probeMs: 800, timers: new HandTimers(), signal })
}

const listed = (...ids: readonly string[]) => ({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) })

test('LM Studio tells what is loaded, with how much context, for how many at once', async (t) => {
  const look = await lookAt(t, {
    '/v1/models': listed(modelId, 'other'),
    '/api/v1/models': {
      models: [
        {
          type: 'llm',
          key: modelId,
          loaded_instances: [{ id: modelId, config: { context_length: 8192, parallel: 4 } }],
        },
        { type: 'llm', key: 'other', loaded_instances: [] },
        { type: 'embedding', key: 'nomic', loaded_instances: [] },
      ],
    },
  })
  assert.equal(look.kind, 'server')
  if (look.kind !== 'server') return
  assert.equal(look.server.kind, 'lm-studio')
  assert.deepEqual(look.server.models, [
    { id: modelId, isLoaded: true, contextTokens: 8192, parallel: 4, isChat: true },
    { id: 'other', isLoaded: false, contextTokens: undefined, parallel: undefined, isChat: true },
    { id: 'nomic', isLoaded: false, contextTokens: undefined, parallel: undefined, isChat: false },
  ])
})

test('an older LM Studio, Ollama, llama.cpp and vLLM tell it in their ways', async (t) => {
  const older = await lookAt(t, {
    '/v1/models': listed(modelId),
    '/api/v0/models': {
      data: [{ id: modelId, type: 'llm', state: 'loaded', loaded_context_length: 4096, max_context_length: 32768 }],
    },
  })
  const ollama = await lookAt(t, {
    '/v1/models': listed('qwen2.5-coder:7b', 'llama3.2:latest'),
    '/api/ps': { models: [{ name: 'qwen2.5-coder:7b', model: 'qwen2.5-coder:7b', context_length: 4096 }] },
  })
  const llama = await lookAt(t, {
    '/v1/models': listed('/models/qwen2.5-coder-7b-instruct-q4_k_m.gguf'),
    '/props': { default_generation_settings: { n_ctx: 2048 }, total_slots: 3 },
  })
  const vllm = await lookAt(t, {
    '/v1/models': { data: [{ id: 'Qwen/Qwen2.5-Coder-7B-Instruct', owned_by: 'vllm', max_model_len: 32768 }] },
  })
  const facts = [older, ollama, llama, vllm].map((look) => {
    if (look.kind !== 'server') return look
    const [{ isLoaded, contextTokens, parallel } = assert.fail('no model')] = look.server.models
    return [look.server.kind, isLoaded, contextTokens, parallel]
  })
  assert.deepEqual(facts, [
    ['lm-studio', true, 4096, undefined],
    ['ollama', true, 4096, 1],
    ['llama.cpp', true, 2048, 3],
    ['vllm', true, 32768, 2],
  ])
})

test('what answers and is no model server is none; llama.cpp that loads is loading', async (t) => {
  assert.equal((await lookAt(t, {})).kind, 'none')
  assert.equal((await lookAt(t, { '/v1/models': 'hello' })).kind, 'none')
  assert.equal((await lookAt(t, { '/v1/models': { data: 'all' } })).kind, 'none')
  assert.equal((await lookAt(t, { '/v1/models': { data: [{ id: 7 }, null, { id: '' }] } })).kind, 'server')
  const stand = await Stand.open(t, nobodyAsks)
  stand.pages = { '/v1/models': { error: { message: 'Loading model', code: 503 } } }
  stand.pageStatus = 503
  const endpoint = namedEndpoint(stand.url, { allowRemote: false })
  const { signal } = new AbortController()
  const parts = { token: undefined, probeMs: 800, timers: new HandTimers(), signal }
  assert.deepEqual(await lookAtServer(endpoint, parts), { kind: 'loading', reason: 'it loads its model' })
  stand.pageStatus = 401
  assert.match(JSON.stringify(await lookAtServer(endpoint, parts)), /wants a token.*SFD_MODEL_TOKEN/)
})

test('a server that accepts and never answers is given up after the time of a look', async (t) => {
  const stand = await Stand.open(t, nobodyAsks)
  stand.isMute = true
  const timers = new HandTimers()
  const came = stand.nextLook()
  const { signal } = new AbortController()
  const endpoint = namedEndpoint(stand.url, { allowRemote: false })
  const look = lookAtServer(endpoint, { token: undefined, probeMs: 800, timers, signal })
  await came
  timers.fire(800)
  assert.deepEqual(await look, { kind: 'none', reason: 'no answer within 800 ms' })
})

test('names of models are known in all their spellings', () => {
  const same = [
    'qwen2.5-coder',
    'qwen2.5-coder:7b',
    'qwen/qwen2.5-coder-14b-instruct',
    'Qwen2.5-Coder-7B.gguf',
    '/m/qwen2.5-coder-7b.gguf',
  ]
  for (const id of same) assert.ok(isNamed(id, 'qwen2.5-coder'), id)
  for (const id of ['qwen2.5', 'qwen2.5-coderx', 'my-qwen2.5-coder', 'qwen2-5-coder'])
    assert.ok(!isNamed(id, 'qwen2.5-coder'), id)
  assert.ok(isSameModel('qwen2.5-coder-7b-instruct:2', 'qwen2.5-coder-7b-instruct'))
  assert.ok(!isSameModel('llama-3.2', 'qwen2.5-coder-7b'))
})

const looked = (...models: readonly (readonly [string, boolean | undefined])[]) => {
  const endpoint = namedEndpoint('127.0.0.1:1', { allowRemote: false })
  const served = models.map(([id, isLoaded]) => ({
    id,
    isLoaded,
    contextTokens: undefined,
    parallel: 4,
    isChat: !id.includes('embed'),
  }))
  return [{ endpoint, look: { kind: 'server' as const, server: { endpoint, kind: 'other' as const, models: served } } }]
}

test('the model that was named, else the default, else one that is loaded; what is loaded goes first', () => {
  const idOf = (choice: ReturnType<typeof chooseModel>) => (choice.state === 'ready' ? choice.model.id : choice.state)
  const both = looked(['qwen2.5-coder:14b', false], ['qwen2.5-coder:7b', true], ['llama3', true])
  assert.equal(idOf(chooseModel(both, undefined)), 'qwen2.5-coder:7b')
  assert.equal(idOf(chooseModel(both, 'qwen2.5-coder:14b')), 'qwen2.5-coder:14b')
  assert.equal(idOf(chooseModel(both, 'llama3')), 'llama3')
  assert.equal(idOf(chooseModel(both, 'mistral')), 'no-model')
  const other = chooseModel(looked(['nomic-embed', true], ['llama3', true]), undefined)
  assert.deepEqual([idOf(other), other.reason], ['llama3', 'qwen2.5-coder is not there, llama3 is loaded'])
  assert.equal(idOf(chooseModel(looked(['llama3', false]), undefined)), 'no-model')
  const ready = chooseModel(both, undefined)
  assert.equal(ready.state === 'ready' && ready.model.parallel, 2, 'never more than two at once')
})

test('another machine is refused unless it is allowed; only addresses of this one count as this one', () => {
  const codeOf = (url: string) => {
    try {
      return namedEndpoint(url, { allowRemote: false }).base
    } catch (error) {
      assert.ok(error instanceof FoundryError)
      return error.code
    }
  }
  assert.equal(codeOf('localhost:1234'), 'http://localhost:1234/v1')
  assert.equal(codeOf('http://127.0.0.1:1234/v1/'), 'http://127.0.0.1:1234/v1')
  assert.equal(codeOf('http://[::1]:80'), 'http://[::1]/v1')
  assert.equal(codeOf('127.1:1'), 'http://127.0.0.1:1/v1')
  const others = [
    '192.168.1.5:1234',
    'http://127.0.0.1.evil.example',
    'localhost.evil.example',
    'http://localhost@evil.example',
    '0.0.0.0:1',
    'http://[::ffff:8.8.8.8]',
    'file:///etc/passwd',
    'http://user:pw@127.0.0.1',
    '',
  ]
  for (const url of others) assert.equal(codeOf(url), 'USAGE', url)
  assert.equal(namedEndpoint('192.168.1.5:1234', { allowRemote: true }).isLoopback, false)
})

test("a server that nobody named is believed only where it is root's or our own", async (t) => {
  const stand = await Stand.open(t, nobodyAsks)
  const guess: Endpoint = { ...namedEndpoint(stand.url, { allowRemote: false }), isGuess: true }
  const { signal } = new AbortController()
  const parts = { usual: [guess], timers: new HandTimers(), signal, ownerOf: listenerOwner }
  const own = process.geteuid?.() ?? 0
  assert.equal(listenerOwner(stand.port), own)
  const settings = modelSettings({})
  const [ours] = await lookForModels(settings, { ...parts, trusted: new Set([own]) })
  assert.equal(ours?.look.kind, 'server')
  const theirs = await lookForModels(settings, { ...parts, trusted: new Set([own + 1]) })
  const choice = chooseModel(theirs, undefined)
  assert.equal(choice.state, 'unreachable')
  assert.match(choice.reason, /user \d+'s: name it \(--model-url/)
})

test('where requests would pass a proxy, this machine is not asked', async (t) => {
  const stand = await Stand.open(t, nobodyAsks)
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://proxy:3128' }
  assert.deepEqual(
    [env, { ...env, NO_PROXY: 'a.b, 127.0.0.1' }, { HTTP_PROXY: 'http://proxy' }, { ...env, no_proxy: '*' }].map(
      (each) => isProxied('127.0.0.1', each),
    ),
    [true, false, false, false],
  )
  const { signal } = new AbortController()
  const parts = { timers: new HandTimers(), signal, ownerOf: listenerOwner, trusted: new Set<number>() }
  const settings = modelSettings({}, { url: stand.url })
  const [look] = await lookForModels(settings, { ...parts, isProxied: (hostname) => isProxied(hostname, env) })
  assert.match(JSON.stringify(look?.look), /through a proxy.*add 127\.0\.0\.1 to NO_PROXY/)
})

test('the owner of a listening socket is read of its table', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:04D2 00000000:0000 01 00000000:00000000 00:00000000 00000000     5        0 1 1
   1: 0101A8C0:04D2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     6        0 1 1
   2: 0100007F:04D2 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1
   3: 00000000:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1`
  assert.deepEqual(
    [1234, 11434, 8080].map((port) => ownerIn(table, port)),
    [1000, 0, undefined],
  )
})

test('settings: options before the environment, off by a word, a token of LM Studio never to another machine', () => {
  const of = (env: Record<string, string>, wish: ModelWish = {}) => modelSettings(env, wish)
  assert.deepEqual(
    [of({}).use, of({ SFD_MODEL: 'off' }).use, of({ SFD_MODEL: 'off' }, { model: 'x' }).use],
    ['auto', 'off', 'auto'],
  )
  assert.equal(of({ SFD_MODEL: 'a', SFD_MODEL_URL: 'u' }, { model: 'b' }).model, 'b')
  assert.equal(of({ LM_API_TOKEN: 't' }).token, 't')
  assert.equal(of({ LM_API_TOKEN: 't', SFD_MODEL_ALLOW_REMOTE: '1' }).token, undefined)
  assert.equal(of({}).allowRemote, false)
  assert.throws(() => of({ SFD_MODEL_ALLOW_REMOTE: 'maybe' }), { code: 'USAGE' })
})
