import { readdirSync, readFileSync } from 'node:fs'

/** One file of the suite, to the byte. */
export interface SuiteFile {
  readonly name: string
  /** `y` must be accepted by a parser of JSON, `n` must be refused, `i` is left open by the standard. */
  readonly kind: 'y' | 'n' | 'i'
  readonly bytes: Buffer
}

/** The files of JSONTestSuite (github.com/nst/JSONTestSuite, MIT: LICENSE beside this file), unchanged. */
export function jsonSuite(): SuiteFile[] {
  const folder = new URL('files/', import.meta.url)
  return readdirSync(folder).map((file) => ({
    name: file.replace(/\.json$/, ''),
    kind: file.charAt(0) as SuiteFile['kind'],
    bytes: readFileSync(new URL(encodeURIComponent(file), folder)),
  }))
}
