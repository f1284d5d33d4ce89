import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../base/bytes.ts'
import { nodeTools as tools } from '../store/node-tools.ts'
import { decodeFrame, FrameType } from './frame.ts'
import { checkIdent, encodeIdent } from './ident.ts'
import { bytesFrom } from './testing/commit-samples.ts'
import { ruleOf } from './testing/expect-damage.ts'

const epoch = bytesFrom(8, 200)

test('the IDENT frame names brick and epoch, and another brick is seen', () => {
  const uuid = bytesFrom(16, 0)
  const bytes = encodeIdent({ uuid, epoch }, tools)
  const { payload } = decodeFrame(bytes, { expectType: FrameType.ident, offset: 16_384, epoch, tools })
  assert.equal(toHex(payload), toHex(uuid) + toHex(epoch))
  checkIdent(payload, { uuid, epoch })
  assert.equal(
    ruleOf(() => checkIdent(payload, { uuid: bytesFrom(16, 1), epoch })),
    'frame',
  )
  assert.equal(
    ruleOf(() => checkIdent(payload, { uuid, epoch: bytesFrom(8, 100) })),
    'frame',
  )
  assert.equal(
    ruleOf(() => checkIdent(payload.subarray(1), { uuid, epoch })),
    'frame',
  )
})
