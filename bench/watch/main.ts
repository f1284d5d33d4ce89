/** The parts of the watching bench, each in a folder of its own that is gone before the next one begins. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Section } from '../table.ts'
import { busySection } from './busy.ts'
import { foldersSection } from './folders.ts'
import { idleSection } from './idle.ts'
import { missedSection } from './missed.ts'
import { restartSection } from './restart.ts'
import type { WatchOptions } from './section.ts'

export const watchParts = {
  busy: busySection,
  missed: missedSection,
  folders: foldersSection,
  restart: restartSection,
  idle: idleSection,
} as const

export async function watchSection(part: keyof typeof watchParts, options: WatchOptions): Promise<Section> {
  const folder = join(options.folder, part)
  mkdirSync(folder)
  try {
    return await watchParts[part]({ ...options, folder })
  } finally {
    rmSync(folder, { recursive: true, force: true })
    options.progress('')
  }
}
