import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../../../docs/operations/alerts/', import.meta.url))

/**
 * The pages that the links in alerts lead to, each path with its file. Looked up once, so that a request can name only what
 * is here; none where the documentation was not installed along.
 */
export function alertPages(): ReadonlyMap<string, string> {
  return new Map(
    namesIn(folder).map((name) => [`/docs/operations/alerts/${name}`, `${folder}${name}`] as const),
  )
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => /^\w+\.md$/.test(name))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
