import type { Fault } from './fault.ts'

/** The connection breaks, or brings nothing. */
export const connectionFaults = {
  reset: {
    tells: 'The connection is reset after the call was done, before a byte of the answer.',
    send: ({ response }) => {
      response.socket?.resetAndDestroy()
    },
  },
  cut: {
    tells: 'The connection breaks in the middle of the body.',
    send: async ({ response, reply, wait }) => {
      const body = Buffer.from(reply.body)
      response.writeHead(reply.status, { ...reply.headers, 'Content-Length': body.byteLength })
      response.write(body.subarray(0, Math.floor(body.byteLength / 2)))
      await wait(20)
      response.destroy()
    },
  },
  'no-answer': {
    tells: 'Nothing comes until the caller gives up, or the time is over and the connection closes.',
    parameters: { ms: 600_000 },
    send: async ({ response, numbers: { ms = 600_000 }, wait }) => {
      await wait(ms)
      response.destroy()
    },
  },
} satisfies Record<string, Fault>
