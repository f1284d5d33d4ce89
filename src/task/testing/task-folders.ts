/** Folders of tasks without a disk, and what a set of tasks makes of them in short words. */
import assert from 'node:assert/strict'
import { utf8 } from '../../base/bytes.ts'
import { parseTask } from '../parse-task.ts'
import type { FolderRead, TaskFile } from '../task-folder.ts'
import type { TaskSet } from '../task-set.ts'
import type { TaskStatus } from '../task-status.ts'

export const graceMs = 1_000

/** A folder by what its files hold. */
export function folder(files: Readonly<Record<string, string>>, identity = '1:1'): FolderRead {
  const read = Object.keys(files)
    .sort()
    .map((name): TaskFile => {
      const bytes = utf8(files[name] as string)
      const key = `/t/${name}`
      return { key, shown: key, digest: '', trust: { kind: 'trusted' }, content: parseTask(bytes, 'yaml') }
    })
  return { kind: 'read', shown: '/t', identity, files: read }
}

export const unreadable: FolderRead = { kind: 'unreadable', shown: '/t', why: 'EACCES' }

export function task(id: string, source = `/${id}`, more = ''): string {
  return `task_id: ${id}\ntype: watch_path\nsource: ${source}\n${more}`
}

/** `id@generation source` of everything that runs. */
export function running(set: TaskSet): string[] {
  return set.running().map(({ task: { taskId, source }, generation }) => `${taskId}@${generation} ${source}`)
}

export function statusOf(set: TaskSet, file: string): TaskStatus {
  const all = set.status().filter((status) => status.file === `/t/${file}`)
  const working = all.filter(({ conditions }) => conditions[0]?.reason !== 'Stopped')
  const found = working.length > 0 ? working : all
  assert.equal(found.length, 1, `${file}: ${JSON.stringify(set.status())}`)
  return found[0] as TaskStatus
}

/** `Type=Status Reason` of all conditions that say something is amiss. */
export function amiss(set: TaskSet, file: string): string[] {
  return statusOf(set, file)
    .conditions.filter(({ type, status }) => (type === 'Ready' ? status === 'False' : status === 'True'))
    .map(({ type, status, reason }) => `${type}=${status} ${reason}`)
}
