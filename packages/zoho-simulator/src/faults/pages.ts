import type { Reply } from '../http/reply.ts'
import type { Fault } from './fault.ts'

/** What stands before Zoho answers instead of it. */
export const pageFaults = {
  'html-page': {
    tells: 'An HTML page, as a proxy in front of Zoho shows one.',
    parameters: { status: 503 },
    answer: ({ status = 503 }) =>
      page(status, `<html><body><h1>${status} Service Unavailable</h1></body></html>`),
  },
  'empty-body': {
    tells: 'A status without a body.',
    parameters: { status: 502 },
    answer: ({ status = 502 }) => page(status, ''),
  },
  redirect: {
    tells: 'Points to another host, where nobody should go with a token.',
    parameters: { status: 302 },
    answer: ({ status = 302 }) => ({
      ...page(status, ''),
      headers: { Location: 'https://zoho-login.example/signin' },
    }),
  },
} satisfies Record<string, Fault>

function page(status: number, body: string): Reply {
  return { status, headers: { 'Content-Type': 'text/html;charset=UTF-8' }, body }
}
