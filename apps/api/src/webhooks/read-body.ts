import type { IncomingMessage } from 'node:http'

/** What came of reading a body. */
export type BodyReading =
  | { readonly kind: 'read'; readonly rawBody: Buffer }
  | { readonly kind: 'too_large'; readonly size: number }
  /** The client went away, or was too slow, in the middle of it. */
  | { readonly kind: 'broken_off' }

/** Whoever sends a body byte by byte would have us hold a buffer for each, which takes hundreds of times its size. */
const mostChunks = 1000

/**
 * Reads the exact bytes of a body, never inflated, and stops at the limit: at once where the length is declared,
 * otherwise as soon as more has come.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<BodyReading> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > limit) return Promise.resolve({ kind: 'too_large', size: declared })
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const keep = (chunk: Buffer): void => {
      size += chunk.length
      if (size <= limit) {
        chunks.push(chunk)
        if (chunks.length === mostChunks) chunks.splice(0, mostChunks, Buffer.concat(chunks))
        return
      }
      request.off('data', keep)
      resolve({ kind: 'too_large', size })
    }
    request.on('data', keep)
    request.on('end', () => {
      resolve({ kind: 'read', rawBody: wholeOf(chunks) })
    })
    const giveUp = (): void => {
      resolve({ kind: 'broken_off' })
    }
    request.on('error', giveUp)
    request.on('close', giveUp)
  })
}

function wholeOf(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}
