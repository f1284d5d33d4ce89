import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import type { Source } from '../source/open.ts'
import type { DirtyScope } from '../sync/dirty-set.ts'
import { type Assignment, plainRules } from './assignment.ts'
import { everything, isPolled, policyOf, pollMsOf, scopeOf, watchedRoot } from './source-rules.ts'

const none = new Uint8Array(0)
const sources: Readonly<Record<'tree' | 'file' | 'process' | 'log' | 'journal' | 'modules' | 'devices', Source>> = {
  tree: { kind: 'tree', root: utf8('/etc'), path: none },
  file: { kind: 'file', root: utf8('/etc'), path: utf8('hosts') },
  process: { kind: 'process', root: utf8('/proc/7'), path: none, name: utf8('proc:7@1@0011aabb') },
  log: { kind: 'log', root: utf8('/var/log'), path: utf8('syslog') },
  journal: { kind: 'log', root: utf8('/var/log/journal'), path: utf8('journal'), name: utf8('journal:') },
  modules: { kind: 'modules', root: utf8('/lib/modules'), path: none },
  devices: { kind: 'devices', root: utf8('/sys'), path: none, name: utf8('devices:') },
}

function assignmentOf(source: Source, pollMs: number | null = null): Assignment {
  return { source, name: 'x', brickPath: none, taskId: null, rules: { ...plainRules([]), pollMs } }
}

test('what the kernel tells nothing of is polled, the rest is watched, and a log is both', () => {
  const told = Object.entries(sources).map(([name, source]) => {
    const assignment = assignmentOf(source)
    return [name, pollMsOf(assignment), isPolled(assignment), watchedRoot(source) !== undefined]
  })
  assert.deepEqual(told, [
    ['tree', null, false, true],
    ['file', null, false, true],
    ['process', 1_000, true, false],
    ['log', 1_000, false, true],
    ['journal', 1_000, true, false],
    ['modules', null, false, true],
    ['devices', 2_000, true, false],
  ])
  assert.equal(pollMsOf(assignmentOf(sources.process, 200)), 200)
  assert.equal(isPolled(assignmentOf(sources.tree, 200)), true)
})

test('only files are scrubbed, and a process is left alone for nine times as long as a look at it takes', () => {
  assert.notEqual(policyOf(assignmentOf(sources.tree)).scrubMs, null)
  for (const name of ['process', 'log', 'modules', 'devices'] as const) {
    assert.equal(policyOf(assignmentOf(sources[name])).scrubMs, null, name)
  }
  assert.equal(policyOf(assignmentOf(sources.process)).restPerPoll, 9)
})

test('a hint is what it says of files, everything of what is looked at as a whole, and nothing of other logs', () => {
  const hint = (path: string, reach: DirtyScope['reach'] = 'entry'): DirtyScope => ({ path: utf8(path), reach })
  assert.deepEqual(scopeOf(sources.tree, hint('a/b')), hint('a/b'))
  assert.equal(scopeOf(sources.modules, hint('6.1/x.ko')), everything)
  assert.equal(scopeOf(sources.log, hint('syslog')), everything)
  assert.equal(scopeOf(sources.log, hint('syslog.1.gz')), everything)
  assert.equal(scopeOf(sources.log, hint('auth.log')), undefined)
  assert.equal(scopeOf(sources.log, hint('', 'subtree')), everything)
})
