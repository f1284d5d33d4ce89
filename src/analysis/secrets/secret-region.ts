/** How a secret is told as a region of class `secret`: masked, never in clear. */

export const secretClass = 'secret'

/** Attributes of a region of class `secret`. */
export interface SecretAttributes {
  /** Id of the rule; `private-key` of keys. */
  readonly kind: string
  readonly masked: string
  /** 0 .. 1: that it is one. */
  readonly confidence: number
  /** Where its line begins, as `grep -n` counts; absent in binary files. */
  readonly line?: number
  /** How often it is in this file; absent: once. */
  readonly count?: number
  /** Lines of the next few of them; in binary files bytes. */
  readonly also?: readonly number[]
  /** Of private keys. */
  readonly form?: string
  readonly encrypted?: boolean
}
