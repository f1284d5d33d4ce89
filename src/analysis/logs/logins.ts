/** Who guesses passwords, and whether it worked, from what sshd writes. Bounded in addresses. */
import type { Finding } from '../../base/region.ts'
import type { FindingPlace } from '../analyzer.ts'

interface Address {
  failures: number
  first: number
  end: number
  accepted: { at: number; length: number; line: number; user: string; before: number } | undefined
}

export class Logins {
  readonly #addresses = new Map<string, Address>()

  take(line: string, { at, number }: { at: number; number: number }): void {
    if (!line.includes(' from ')) return
    const failed =
      /\bFailed (?:password|none|keyboard-interactive\/pam) for (?:invalid user )?\S{0,64} from ([0-9a-fA-F.:]{3,45})\b/.exec(
        line,
      )
    if (failed !== null) this.#fail(failed[1] as string, at, line.length)
    const accepted =
      /\bAccepted (?:password|keyboard-interactive\/pam) for (\S{1,64}) from ([0-9a-fA-F.:]{3,45})\b/.exec(line)
    if (accepted === null) return
    const address = this.#addresses.get(accepted[2] as string)
    if (address === undefined || address.failures < guessesMin || address.accepted !== undefined) return
    const user = (accepted[1] as string).replace(/[^\x21-\x7e]/g, '?')
    address.accepted = { at, length: line.length, line: number, user, before: address.failures }
  }

  *findings(): Generator<{ place: FindingPlace; finding: Omit<Finding, 'origin'> }> {
    for (const [ip, { accepted }] of this.#addresses) {
      if (accepted === undefined) continue
      const { at, length, line, user, before } = accepted
      yield {
        place: { offset: at, length, name: 'A password was accepted after many wrong ones' },
        finding: {
          ...{ severity: 'high', rule: 'log-guessed-password', confidence: 0.7, weakness: 'CWE-307' },
          evidence: [`line ${line}: ${user} was let in from ${ip}`, `${before} failed attempts from ${ip} before it`],
          check: `grep -nE '(Failed|Accepted) .* from ${ip} ' FILE`,
        },
      }
    }
    const guessers = [...this.#addresses].filter(([, { failures }]) => failures >= guessesMin)
    const [worst] = guessers.sort(([, a], [, b]) => b.failures - a.failures || a.first - b.first)
    if (worst === undefined) return
    const [ip, { failures, first, end }] = worst
    yield {
      place: { offset: first, length: end - first, name: 'Passwords are being guessed' },
      finding: {
        ...{ severity: 'low', rule: 'log-password-guessing', confidence: 0.9, weakness: 'CWE-307' },
        evidence: [`${failures} failed attempts from ${ip}`, `${guessers.length} addresses with ${guessesMin} or more`],
        check:
          "grep -aoE 'Failed (password|none|keyboard-interactive/pam) for (invalid user )?[^ ]* from [0-9a-fA-F.:]+' FILE | " +
          `sed 's/.* from //' | sort | uniq -c | sort -rn | awk '$1 >= ${guessesMin}'`,
      },
    }
  }

  #fail(ip: string, at: number, length: number): void {
    const known = this.#addresses.get(ip)
    if (known !== undefined) {
      known.failures++
      known.end = at + length
    } else if (this.#addresses.size < addressesMax) {
      this.#addresses.set(ip, { failures: 1, first: at, end: at + length, accepted: undefined })
    }
  }
}

const guessesMin = 10
const addressesMax = 10_000
