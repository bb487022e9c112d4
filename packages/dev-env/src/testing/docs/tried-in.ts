import { existsSync } from 'node:fs'
import { checkout, readText } from './pages.ts'

/** Whether a cell "tried in" (`path: title`) names a test that is there, its title as it stands in the file between quotes. */
export function isTest(tried: string): boolean {
  const [, file = '', title = ''] = /^(\S+\.(?:test|long)\.ts): (.+)$/.exec(tried) ?? []
  if (title === '' || !existsSync(`${checkout}${file}`)) return false
  const text = readText(file)
  return text.includes(`'${title}'`) || text.includes(`"${title}"`)
}
