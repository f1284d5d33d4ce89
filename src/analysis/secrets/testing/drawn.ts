/** Made secrets for tests: none stands in a file. */

export const digits = '0123456789'
export const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
export const alphanumeric = `${digits}${upper}${upper.toLowerCase()}`

/** Letters in an order that looks like chance and is the same in each run. */
export function drawn(length: number, from: string, seed = 1): string {
  let state = seed * 2_654_435_761
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return from[(state >>> 8) % from.length]
  }).join('')
}
