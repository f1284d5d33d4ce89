/** How many bytes of prompt make a token: guessed at first, then learnt from what servers count. */

export class TokenRatio {
  #bytesPerToken = bytesPerTokenGuess

  /** Tokens that so many bytes of prompt will be, at most. */
  tokensOf(sizeBytes: number): number {
    return Math.ceil(sizeBytes / this.#bytesPerToken)
  }

  /** Bytes of prompt that so many tokens can hold. */
  bytesOf(tokens: number): number {
    return Math.floor(tokens * this.#bytesPerToken)
  }

  learn({ sizeBytes, tokens }: { readonly sizeBytes: number; readonly tokens: number }): void {
    if (tokens <= 0 || sizeBytes <= 0) return
    const seen = Math.min(ratioMax, Math.max(ratioMin, sizeBytes / tokens))
    this.#bytesPerToken += (seen - this.#bytesPerToken) * weight
  }
}

const bytesPerTokenGuess = 2.5
const ratioMin = 1
const ratioMax = 5
const weight = 0.25
