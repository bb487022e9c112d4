import { connect } from 'node:net'

/** What came of writing bytes to the api's port. */
export interface RawAnswer {
  /** All that the api said. */
  readonly text: string
  /** Status of each answer in it, interim ones left out. */
  readonly statuses: readonly number[]
  readonly tookMs: number
}

/** Bytes for a connection; what `further` writes comes after them. */
export interface RawRequest {
  readonly bytes: Buffer | string
  /** Writes more, as slowly as it likes; `write` says false once the api has closed. */
  readonly further?: (write: (more: Buffer | string) => boolean) => Promise<void>
  /** Closes our side after the bytes, as who has nothing more to say. */
  readonly halfClose?: boolean
}

/** Writes to a connection of its own until the api closes it; a request answered with 2xx is closed from here. */
export async function exchangeRaw(apiUrl: string, request: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(apiUrl)
  const startedAt = performance.now()
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (/^HTTP\/1\.1 2/m.test(text)) socket.end()
    })
    socket.on('end', () => socket.end())
    socket.on('error', () => undefined)
    socket.on('close', () => {
      resolve({ text, statuses: statusesIn(text), tookMs: performance.now() - startedAt })
    })
    socket.write(request.bytes)
    if (request.halfClose === true) socket.end()
    void request.further?.((more) => socket.writable && socket.write(more))
  })
}

function statusesIn(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)]
    .map(([, status]) => Number(status))
    .filter((code) => code >= 200)
}
