import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A mail in the catcher's folder, as far as somebody who waits for it looks. */
export interface CaughtMail {
  readonly file: string
  readonly subject: string
  /** Addresses in its text, each once, in order. */
  readonly links: readonly string[]
}

/** Reads what a mail catcher has taken so far, the oldest first. */
export async function caughtMails(folder: string): Promise<CaughtMail[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort()
  return Promise.all(files.map(async (file) => readMail(file, await readFile(join(folder, file), 'utf8'))))
}

function readMail(file: string, bytes: string): CaughtMail {
  const end = bytes.indexOf('\r\n\r\n')
  const headers = bytes.slice(0, end).replace(/\r\n[ \t]+/g, ' ')
  const [, subject = ''] = /^Subject: (.*)$/im.exec(headers) ?? []
  // Quoted-printable, as mails with long lines are: a soft break goes, and so does the way in which it writes "=".
  const text = bytes.slice(end).replace(/=\r\n/g, '').replace(/=3D/g, '=')
  return { file, subject, links: [...new Set(text.match(/https?:\/\/[^\s"<>]+/g))] }
}
