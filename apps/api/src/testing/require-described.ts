import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { openApiDocument } from '../docs/openapi-document.ts'

interface Described {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>
}

type Operations = Readonly<
  Record<string, { readonly responses?: Readonly<Record<string, Described>> } | undefined>
>

const document = openApiDocument('http://api.test')
const paths = document.paths as Readonly<Record<string, Operations | undefined>>
const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }))
ajv.addSchema({ $id: 'api', components: document.components })
const validators = new Map<string, ValidateFunction>()

/**
 * Throws Error unless the api's description has this answer: its path, method, status, media type, required headers and
 * body. Paths that are nowhere described must be refused as unknown, and methods that are not described as not allowed.
 */
export function requireDescribed(
  request: { readonly method: string; readonly path: string },
  answer: {
    readonly status: number
    readonly headers: Readonly<Record<string, string | string[] | undefined>>
    readonly body: unknown
  },
): void {
  const path = request.path.replace(/[?#].*$/s, '')
  const method = request.method === 'HEAD' ? 'get' : request.method.toLowerCase()
  const where = `${request.method} ${path} → ${String(answer.status)}`
  const described = responsesFor(path, method)?.[String(answer.status)]
  if (described === undefined) throw new Error(`The description has no ${where}`)
  for (const [name, header] of Object.entries(described.headers ?? {})) {
    const missing = answer.headers[name.toLowerCase()] === undefined
    if (header.required === true && missing) throw new Error(`${where} lacks the header ${name}`)
  }
  if (request.method === 'HEAD') return
  const mediaType = String(answer.headers['content-type']).split(';')[0] ?? ''
  const content = described.content?.[mediaType]
  if (content?.schema === undefined) throw new Error(`The description has no ${mediaType} for ${where}`)
  if (!mediaType.endsWith('json')) return
  const validate = validatorOf(content.schema)
  if (!validate(answer.body))
    throw new Error(`${where} is not as described: ${ajv.errorsText(validate.errors)}`)
}

/** Refusals of what is not described are themselves described at any path of their kind. */
function responsesFor(path: string, method: string): Readonly<Record<string, Described>> | undefined {
  const operations = paths[path]
  const known = operations?.[method]?.responses
  if (known !== undefined) return known
  const webhook = paths['/webhooks/products']?.['post']?.responses
  if (webhook === undefined) throw new Error('The description has no webhooks')
  return { '404': webhook['404'] ?? {}, '405': webhook['405'] ?? {}, '400': webhook['404'] ?? {} }
}

function validatorOf(schema: object): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/')
  const known = validators.get(text)
  if (known !== undefined) return known
  const validate = ajv.compile(JSON.parse(text) as object)
  validators.set(text, validate)
  return validate
}
