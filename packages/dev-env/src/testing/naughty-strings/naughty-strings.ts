import { readFileSync } from 'node:fs'

/** The Big List of Naughty Strings (github.com/minimaxir/big-list-of-naughty-strings, MIT: LICENSE beside this file). */
export function naughtyStrings(): string[] {
  return JSON.parse(readFileSync(new URL('blns.json', import.meta.url), 'utf8')) as string[]
}
