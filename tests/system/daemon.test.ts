/** The machine at work, kept by a daemon as a task of the whole system says: within its budget, and saying what is not. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../daemon/harness.ts'
import { makeStage, StagedDaemon } from '../daemon/stage.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'

test('a task without a source keeps districts of this machine as its budget allows', { skip: !isLong }, async (t) => {
  const { folder, state } = makeStage(t)
  const tasks = join(folder, 'tasks')
  mkdirSync(tasks)
  const task = 'task_id: machine\ntype: analyze_system\nbudget: {disk_bytes: 60000000, cpu_percent: 1}\n'
  writeFileSync(join(tasks, 'machine.task.yaml'), task)
  const daemon = await StagedDaemon.start(t, { state, sources: [], args: ['--tasks', tasks] })
  const reasons = async (): Promise<string[]> => {
    const [status] = await daemon.tasks()
    return (status?.conditions ?? []).filter(({ status }) => status === 'True').map(({ reason }) => reason)
  }
  await until('everything is measured', async () => (await reasons()).includes('DiskBudget'), 60_000)
  const names = async (): Promise<string[]> =>
    (await daemon.bricks()).filter(({ generation }) => generation > 0).map(({ name }) => name)
  await until('the small ones are kept', async () => (await names()).includes('proc'), 60_000)
  const kept = await names()
  assert.ok(kept.includes('etc') && !kept.includes('usr'), kept.join(' '))
  assert.ok(!kept.some((name) => name.startsWith('proc-')), 'one percent is enough for no process')
  assert.ok((await reasons()).includes('CpuBudget'))
})
