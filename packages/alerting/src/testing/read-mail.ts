/** A mail as its reader sees it. */
export interface ReadMail {
  /** Names in lower case; one line each, unfolded. */
  readonly headers: Readonly<Record<string, string>>
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Takes a mail of nodemailer's apart. */
export function readMail(bytes: Buffer): ReadMail {
  const { headers, body } = splitPart(bytes.toString('latin1'))
  const parts = partsOf(headers, body)
  return {
    headers,
    subject: decodedWords(headers['subject'] ?? ''),
    text: parts.find(({ type }) => type.startsWith('text/plain'))?.content ?? '',
    html: parts.find(({ type }) => type.startsWith('text/html'))?.content ?? '',
  }
}

interface Part {
  readonly type: string
  readonly content: string
}

function partsOf(headers: Readonly<Record<string, string>>, body: string): Part[] {
  const type = headers['content-type'] ?? 'text/plain'
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1]
  if (boundary === undefined) {
    return [{ type, content: decoded(body, headers['content-transfer-encoding'] ?? '7bit') }]
  }
  return body
    .split(`--${boundary}`)
    .slice(1, -1)
    .flatMap((piece) => {
      const inner = splitPart(piece.replace(/^\r\n/, ''))
      return partsOf(inner.headers, inner.body)
    })
}

function splitPart(raw: string): { headers: Record<string, string>; body: string } {
  const end = raw.indexOf('\r\n\r\n')
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
  const headers = lines.map((line) => {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? []
    return [name.toLowerCase(), value]
  })
  return { headers: Object.fromEntries(headers) as Record<string, string>, body: raw.slice(end + 4) }
}

function decoded(body: string, encoding: string): string {
  if (/base64/i.test(encoding)) return Buffer.from(body, 'base64').toString('utf8')
  if (!/quoted-printable/i.test(encoding)) return Buffer.from(body, 'latin1').toString('utf8')
  return Buffer.from(quotedPrintable(body.replace(/=\r?\n/g, '')), 'latin1').toString('utf8')
}

function quotedPrintable(text: string): string {
  return text.replace(/=([0-9A-F]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

function decodedWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_all, how: string, word: string) =>
      how.toLowerCase() === 'b'
        ? Buffer.from(word, 'base64').toString('utf8')
        : Buffer.from(quotedPrintable(word.replace(/_/g, ' ')), 'latin1').toString('utf8'),
    )
}
