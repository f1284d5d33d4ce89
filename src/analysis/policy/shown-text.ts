/** Text out of a file, as it may stand in titles and evidence. */

/** In one line, without control and direction marks, at most so many characters. */
export function shownText(text: string, charactersMax = 200): string {
  const plain = text.slice(0, 4 * charactersMax).replace(/[\p{C}\p{Zl}\p{Zp}\ufffd]+/gu, '?')
  const characters = [...plain]
  return characters.length <= charactersMax ? plain : `${characters.slice(0, charactersMax - 1).join('')}…`
}

/** The same of text that was read one character a byte. */
export function shownBytes(latin1: string, charactersMax = 200): string {
  return shownText(Buffer.from(latin1.slice(0, 4 * charactersMax), 'latin1').toString('utf8'), charactersMax)
}
