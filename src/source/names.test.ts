import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { AccountNames } from './names.ts'

test('ids get the names of their first lines, others an empty one, and a changed file is read again', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-names-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  const [passwd, group] = [path.join(folder, 'passwd'), path.join(folder, 'group')]
  fs.writeFileSync(
    passwd,
    'root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:\n# comment\n+::::::\nbroken\nälice:x:1000:1000:::\nbad:x:1x:\n',
  )
  const names = new AccountNames({ passwd, group })
  assert.deepEqual(
    [0, 1000, 1, 7].map((uid) => names.userName(uid)),
    ['root', 'älice', '', ''],
  )
  assert.equal(names.groupName(0), '')
  fs.writeFileSync(group, 'wheel:x:0:root\n')
  fs.writeFileSync(`${passwd}.new`, 'bob:x:7:7:::\n')
  fs.renameSync(`${passwd}.new`, passwd)
  names.refresh()
  assert.deepEqual([names.groupName(0), names.userName(7), names.userName(0)], ['wheel', 'bob', ''])
  fs.rmSync(passwd)
  names.refresh()
  assert.equal(names.userName(7), '')
})

test('the system accounts are found where nothing else is named', () => {
  assert.equal(new AccountNames().userName(0), 'root')
})
