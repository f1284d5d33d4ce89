/** How secrets are shown: enough to recognise one's own, too little to use it. */

/** Its first characters, at most four and a quarter of it, and how long it is: `AKIA… (20 characters)`. */
export function maskSecret(secret: string): string {
  const shown = Math.min(shownMax, Math.floor(secret.length / 4))
  return `${secret.slice(0, shown).replace(/[^\x20-\x7e]/g, '?')}… (${secret.length} characters)`
}

const shownMax = 4
