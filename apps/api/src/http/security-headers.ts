import type { RequestHandler } from 'express'
import helmet from 'helmet'

/**
 * What an answer of the api needs and no more, name and value in turn: it is data, so it is never guessed at, framed or
 * kept. Answers that do not pass through express carry these by hand.
 */
export const apiHeaders: readonly string[] = [
  'Cache-Control',
  'no-store',
  'Content-Security-Policy',
  "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy',
  'no-referrer',
  'Strict-Transport-Security',
  'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options',
  'nosniff',
]

/**
 * Headers for everything that express answers. The policy allows what the documentation page needs from our own
 * origin (one script, one style sheet, the pictures inside it) and nothing from anywhere else; no inline script.
 */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: true },
    xFrameOptions: { action: 'deny' },
  })
}
