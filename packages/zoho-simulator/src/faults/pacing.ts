import type { Fault } from './fault.ts'

/** The answer is right and late. */
export const pacingFaults = {
  slow: {
    tells: 'The answer comes after a while; the call is in flight all the time.',
    parameters: { ms: 5000 },
    send: async ({ reply, numbers: { ms = 5000 }, wait, finish }) => {
      await wait(ms)
      finish(reply)
    },
  },
  drip: {
    tells: 'The answer comes a few bytes at a time.',
    parameters: { bytes: 64, ms: 50 },
    send: async ({ response, reply, numbers: { bytes = 64, ms = 50 }, wait, done }) => {
      const body = Buffer.from(reply.body)
      response.writeHead(reply.status, { ...reply.headers, 'Content-Length': body.byteLength })
      let at = 0
      for (; at + bytes < body.byteLength && !response.destroyed; at += bytes) {
        response.write(body.subarray(at, at + bytes))
        await wait(ms)
      }
      if (response.destroyed) return
      done()
      response.end(body.subarray(at))
    },
  },
} satisfies Record<string, Fault>
