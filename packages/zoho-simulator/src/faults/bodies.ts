import type { Fault } from './fault.ts'

/** Something arrives whole that is no answer. */
export const bodyFaults = {
  'garbage-json': {
    tells: 'JSON that stops in the middle, under its own status.',
    send: ({ reply, finish }) =>
      finish({ ...reply, body: reply.body.slice(0, Math.ceil(reply.body.length / 2)) }),
  },
  'no-body': {
    tells: 'The right status without its body.',
    send: ({ reply, finish }) => finish({ ...reply, body: '' }),
  },
  'huge-body': {
    tells: 'A good answer with so many bytes of a further key behind it.',
    parameters: { bytes: 64_000_000 },
    send: ({ reply, numbers: { bytes = 64_000_000 }, finish }) =>
      finish({
        ...reply,
        body: `${reply.body.replace(/\}$/, '')},"padding":"${'x'.repeat(bytes)}"}`,
      }),
  },
} satisfies Record<string, Fault>
