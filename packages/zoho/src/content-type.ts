/** The two ways in which Zoho sends a webhook's body. */
export type BodyKind = 'json' | 'form'

/** The kind of body that a Content-Type header announces, whatever its charset; null for any other kind or none. */
export function bodyKindOf(contentType: string | undefined): BodyKind | null {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase()
  if (mediaType === 'application/json') return 'json'
  return mediaType === 'application/x-www-form-urlencoded' ? 'form' : null
}

/** True unless the header announces another charset than UTF-8; JSON is UTF-8 where nothing is said. */
export function isUtf8Declared(contentType: string | undefined): boolean {
  const parameters = (contentType ?? '').split(';').slice(1)
  return parameters.every((parameter) => {
    const [name = '', value = ''] = parameter.split('=', 2)
    if (name.trim().toLowerCase() !== 'charset') return true
    return ['utf-8', 'utf8'].includes(value.trim().replaceAll('"', '').toLowerCase())
  })
}
