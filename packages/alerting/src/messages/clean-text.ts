/** Longest value in a message, in characters. */
const longestValue = 200

/**
 * Makes a text from outside harmless to show: no control characters or line breaks, nothing that changes the direction of
 * what stands around it, no half characters; white space becomes single spaces.
 */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(hidden, '')
    .replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
}

// Marks of direction, invisible separators and tags; joiners stay, because Arabic and Persian need them.
const hidden =
  /[\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu

/** At most so many characters; what is cut ends in an ellipsis, and no character is halved. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text
  const characters = [...text]
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}

/** A value from outside as a message shows it. */
export function shownValue(text: string): string {
  // Cut before as well, so that a giant text costs no time.
  return cutText(cleanText(text.slice(0, 20 * longestValue)), longestValue)
}
