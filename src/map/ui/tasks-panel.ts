/**
 * The tasks that the daemon works on, and their conditions, in words. There is nothing to see where it has none.
 */
import type { ConditionJson, TaskStatusJson } from '../../wire/api.ts'
import { getTasks } from '../link/api-client.ts'
import { element, setText } from './dom.ts'

export interface TasksPanel {
  /** Asks for all of them anew. */
  renew(): Promise<void>
  /** What the feed says of one. */
  set(status: TaskStatusJson): void
  /** Why the brick of that name needs care, by its tasks; undefined where it does not. */
  careOf(brickName: string): string | undefined
}

/** `changed`: what needs care is different. */
export function createTasksPanel(bar: HTMLElement, host: HTMLElement, options: { changed(): void }): TasksPanel {
  const button = element('button', { class: 'tasks-button', attributes: { type: 'button', 'aria-expanded': 'false' } })
  const close = element('button', { class: 'icon', text: '×', attributes: { type: 'button', 'aria-label': 'Close' } })
  const title = element('h2', { text: 'Tasks' })
  const list = element('ul')
  const panel = element('aside', { class: 'side tasks', attributes: { 'aria-label': 'Tasks' } }, [
    element('header', {}, [title, close]),
    list,
  ])
  panel.hidden = true
  button.hidden = true
  bar.append(button)
  host.append(panel)
  let folder: string | null = null
  let tasks: readonly TaskStatusJson[] = []
  const setOpen = (isOpen: boolean): void => {
    panel.hidden = !isOpen
    button.setAttribute('aria-expanded', String(isOpen))
  }
  button.addEventListener('click', () => setOpen(panel.hidden === true))
  close.addEventListener('click', () => {
    setOpen(false)
    button.focus()
  })
  const draw = (): void => {
    const bad = tasks.filter((task) => worst(task) !== undefined).length
    button.hidden = tasks.length === 0
    button.classList.toggle('warn', bad > 0)
    const all = `${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}`
    setText(button, bad === 0 ? all : `${bad} of ${all} ${bad === 1 ? 'needs' : 'need'} care`)
    if (tasks.length === 0) setOpen(false)
    title.textContent = folder === null ? 'Tasks' : `Tasks of ${folder}`
    list.replaceChildren(...tasks.map(taskItem))
    options.changed()
  }
  return {
    async renew() {
      const answer = await getTasks()
      if (answer.kind !== 'ok') return
      folder = answer.value.folder
      tasks = answer.value.tasks
      draw()
    },
    set(status) {
      tasks = [...tasks.filter(({ file }) => file !== status.file), status].sort((a, b) =>
        nameOf(a) < nameOf(b) ? -1 : 1,
      )
      draw()
    },
    careOf(brickName) {
      const task = tasks.find((one) => one.brick === brickName && worst(one) !== undefined)
      const condition = task === undefined ? undefined : worst(task)
      return condition === undefined ? undefined : conditionText(condition)
    },
  }
}

/** The condition that a person should hear of first; undefined where all is well or still coming. */
function worst({ conditions }: Pick<TaskStatusJson, 'conditions'>): ConditionJson | undefined {
  for (const type of ['Invalid', 'Conflict', 'Degraded'] as const) {
    const found = conditions.find((condition) => condition.type === type && condition.status === 'True')
    if (found !== undefined) return found
  }
  return conditions.find(({ type, status }) => type === 'Ready' && status === 'False')
}

/** What could not be read has no id, but a file. */
function nameOf({ task_id, file }: TaskStatusJson): string {
  return task_id ?? file
}

function conditionText({ reason, message }: ConditionJson): string {
  return message === '' ? reason : message
}

function taskItem(task: TaskStatusJson): HTMLElement {
  const bad = worst(task)
  const isReady = task.conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  const word = bad?.type === 'Ready' ? 'not ready' : (bad?.type.toLowerCase() ?? (isReady ? 'ready' : 'waiting'))
  const behind = task.observedGeneration < task.generation ? ', its newest change not yet taken up' : ''
  const notes = task.conditions
    .filter((condition) => condition.message !== '' && !(condition.type === 'Ready' && condition.status === 'True'))
    .filter(({ type, status }) => status !== 'False' || type === 'Ready')
  const where = ({ line, column }: ConditionJson) => (line === undefined ? '' : ` (line ${line}:${column ?? 1})`)
  return element('li', { class: bad === undefined ? '' : 'warn' }, [
    element('div', { class: 'head' }, [
      element('b', { text: nameOf(task) }),
      element('span', { class: 'state', text: `${word}${behind}` }),
    ]),
    element('div', {
      class: 'quiet mono',
      text: task.source ?? task.type ?? task.file,
      attributes: { title: task.file },
    }),
    ...notes.map((condition) =>
      element('div', { class: 'note', text: `${condition.reason}: ${condition.message}${where(condition)}` }),
    ),
  ])
}
