/** A brick that is less than the truth says so where it lies, and tasks tell their conditions in words. */
import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import type { TasksAnswer } from '../../src/wire/api.ts'
import { until } from '../daemon/harness.ts'
import { browserSuite, MapPage } from './browser.ts'
import { markup, openPageStage, type PageStage } from './page-stage.ts'

/** As the server answers: what stands in it comes from the user's files. */
const tasks = {
  folder: '/srv/tasks',
  tasks: [
    {
      task_id: `broken ${markup}`,
      file: 'broken.task.yaml',
      type: 'watch_path',
      source: `/srv/${markup}`,
      brick: null,
      generation: 2,
      observedGeneration: 1,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'Committed', message: 'the brick holds a commit' },
        { type: 'Invalid', status: 'True', reason: 'WrongType', message: 'a number is expected', line: 7, column: 9 },
      ],
    },
    {
      task_id: 'fine',
      file: 'fine.task.yaml',
      type: 'watch_path',
      source: '/etc',
      brick: 'etc',
      generation: 1,
      observedGeneration: 1,
      conditions: [{ type: 'Ready', status: 'True', reason: 'Committed', message: 'the brick holds a commit' }],
    },
  ],
} as const satisfies TasksAnswer

function statusText({ page }: MapPage): Promise<string> {
  return page.evaluate(() => document.querySelector('.status')?.textContent ?? '')
}

/** What is written on the map from now on, until it is there. */
async function written({ page }: MapPage, part: string): Promise<void> {
  await until(`the words ${part}`, () =>
    page.evaluate((wanted) => [...window.sfdWritten].some((text) => text.includes(wanted)), part),
  )
}

browserSuite('conditions', openPageStage, {
  async 'a brick whose source is away says why beside its name, and no longer when it is back'(stage: PageStage) {
    const { maps, tree } = stage
    const [map] = maps
    assert.ok(!(await statusText(map)).includes('degraded'))
    renameSync(tree, `${tree}.away`)
    await until('the status', async () => (await statusText(map)).includes('degraded'))
    const why = await map.page.evaluate(
      () =>
        document.querySelector('.status .warn')?.getAttribute('title') ?? document.querySelector('.status')?.innerHTML,
    )
    assert.ok(why !== undefined && why.length > 10, 'the reason is told')
    await written(map, why.slice(0, 24))
    renameSync(`${tree}.away`, tree)
    await until('the end of it', async () => {
      const text = await statusText(map)
      return !text.includes('degraded') && text.includes('live')
    })
  },

  async 'tasks tell their conditions, places in files included, and names stay names'({ browser, daemon }) {
    const map = await MapPage.blank(browser)
    await map.page.route('**/api/tasks', (route) => route.fulfill({ json: tasks }))
    await map.goto(daemon.url)
    const button = map.page.locator('.tasks-button')
    await until('the count', async () => (await button.textContent()) === '1 of 2 tasks needs care')
    await button.click()
    const items = await map.page.locator('.side.tasks li').allTextContents()
    assert.equal(items.length, 2)
    assert.ok(
      items[0]?.includes(`broken ${markup}`) && items[0].includes('invalid, its newest change not yet taken up'),
    )
    assert.ok(items[0]?.includes('WrongType: a number is expected (line 7:9)'))
    assert.ok(items[1]?.includes('ready') && !items[1].includes('holds a commit'))
    assert.equal(await map.page.locator('.side.tasks img').count(), 0)
    assert.equal(await map.page.evaluate(() => window.sfdPwned), undefined)
    await map.page.locator('.side.tasks header button').click()
    assert.equal(await map.page.locator('.side.tasks').isVisible(), false)
    map.assertQuiet()
    await map.page.close()
  },

  async 'where there are no tasks nothing is said of them'({ maps: [map] }) {
    assert.equal(await map.page.locator('.tasks-button').isVisible(), false)
  },

  async 'middle-sized files in narrow rooms have their names, cut where they are long'({ maps: [map] }) {
    await map.show({ x: 384, y: 256, scale: 1 })
    await map.settle({ names: true })
    const names = await map.page.evaluate(() => [...window.sfdWritten])
    const isWritten = (pattern: RegExp) => names.some((name) => pattern.test(name))
    assert.ok(isWritten(/^w+…w+$/), names.join('\n'))
    assert.ok(isWritten(/^javas.*…|^javascript:sfdPwned=1$/), names.join('\n'))
  },
})
