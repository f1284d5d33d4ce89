/** How secrets are shown: enough to recognise one's own, too little to use it. */

/** Its first characters and how long it is: `AKIA… (20 characters)`. */
export function maskSecret(secret: string): string {
  return `${secret.slice(0, shownOf(secret.length)).replace(/[^\x20-\x7e]/g, '?')}… (${secret.length} characters)`
}

/** How many characters of a secret of that many may be seen: a quarter, at least one, never more than four. */
export function shownOf(length: number): number {
  return Math.max(1, Math.min(shownMax, Math.floor(length / 4)))
}

const shownMax = 4
