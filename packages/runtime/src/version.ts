import { readFileSync } from 'node:fs'

/** The product's version, read from this package's manifest so that it is written down once. */
export const TDS_VERSION: string = readVersion()

function readVersion(): string {
  // One level up both from src/ and from dist/.
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version)
  return 'unknown'
}
