/** Text out of a task file, in a message: nothing in it reaches a terminal as a command or turns the line around. */

/** Control, format and line-breaking characters as \uXXXX; half a surrogate pair as U+FFFD. */
export function escapedText(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })
}
