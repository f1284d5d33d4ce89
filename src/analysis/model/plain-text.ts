/** A model's words as plain text: one line, no control characters, no invisible ones, no links, at most so long. */

export function plainText(text: string, lengthMax: number): string {
  const visible = text
    .toWellFormed()
    .replace(ansi, '')
    .replace(/\s+/gu, ' ')
    .replace(unseen, '')
    .replace(link, '[link left out]')
    .trim()
  const characters = [...visible]
  return characters.length <= lengthMax
    ? visible
    : `${characters
        .slice(0, lengthMax - 1)
        .join('')
        .trimEnd()}…`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
const ansi = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)/gu
/** Control, format (bidi, zero width, tags), surrogates, private use, and what is not assigned. */
const unseen = /\p{C}/gu
/** No fact has a link that a person should follow because a model says so. */
const link = /\b(?:[a-z][a-z0-9+.-]{1,15}:\/\/|www\.)\S+/giu
