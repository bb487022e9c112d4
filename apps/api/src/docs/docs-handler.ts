import { fileURLToPath } from 'node:url'
import type { RequestHandler } from 'express'
import { alertPages } from './alert-pages.ts'

/**
 * Serves the documentation page: Swagger UI from our own origin, under a policy without inline scripts. Only the files
 * that the page needs are there, not the folder they come from. Beside it the pages that alerts link to, as plain text:
 * whoever is woken by one has a telephone, and no checkout.
 */
export function docsHandler(): RequestHandler {
  return (request, response, next) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const text = isRead ? texts.get(request.path) : undefined
    const file = isRead ? files.get(request.path) : undefined
    const page = isRead ? pages.get(request.path) : undefined
    if (text !== undefined) {
      response.type(text.type).set('Cache-Control', 'no-cache').send(text.body)
    } else if (file !== undefined) {
      // The files change with a release only; express answers "not modified" by their time.
      response.sendFile(fileURLToPath(import.meta.resolve(file)), { maxAge: 3_600_000, dotfiles: 'allow' })
    } else if (page !== undefined) {
      // No browser shows text/markdown; most would offer to save it.
      response.type('text/plain').sendFile(page, { dotfiles: 'allow', cacheControl: false })
    } else {
      next()
    }
  }
}

/** The paths of the page, of what it loads, and of the pages of alerts. */
export function docsPaths(): string[] {
  return [...texts.keys(), ...files.keys(), ...pages.keys()]
}

const pages = alertPages()

const apiPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>TDS Core API</title>
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="stylesheet" href="/docs/index.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <noscript>This page needs JavaScript; the description itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/open.js"></script>
  </body>
</html>
`

// A file of its own, because the policy allows no script inside the page.
const openScript = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
})
`

const texts: ReadonlyMap<string, { type: string; body: string }> = new Map([
  ['/docs', { type: 'html', body: apiPage }],
  ['/docs/', { type: 'html', body: apiPage }],
  ['/docs/open.js', { type: 'js', body: openScript }],
])

const files: ReadonlyMap<string, string> = new Map([
  ['/docs/swagger-ui-bundle.js', 'swagger-ui-dist/swagger-ui-bundle.js'],
  ['/docs/swagger-ui.css', 'swagger-ui-dist/swagger-ui.css'],
  ['/docs/index.css', 'swagger-ui-dist/index.css'],
  ['/docs/favicon-32x32.png', 'swagger-ui-dist/favicon-32x32.png'],
])
