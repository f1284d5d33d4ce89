/** How grave a finding is, on a terminal in colour. */
import { styleText } from 'node:util'
import type { Severity } from '../base/region.ts'

/** Padded, so that what follows stands in a column. */
export function badge(severity: Severity): string {
  return styleText(colours[severity], severity.padEnd(badgeWidth), { stream: process.stdout })
}

export function dim(text: string): string {
  return styleText('dim', text, { stream: process.stdout })
}

const colours: Record<Severity, Parameters<typeof styleText>[0]> = {
  ...{ critical: ['bold', 'red'], high: 'red', medium: 'yellow', low: 'cyan', info: 'dim' },
}
const badgeWidth = 8
