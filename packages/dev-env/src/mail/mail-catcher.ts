import { once } from 'node:events'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { SMTPServer } from 'smtp-server'

/** A mail server that delivers nothing: it takes every mail and keeps it as a file. */
export interface MailCatcher {
  readonly url: string
  /** Where each mail lies as `<number>.eml`, exactly as it was sent. */
  readonly folder: string
  stop(): Promise<void>
}

/** Starts a real SMTP server on loopback that takes mail from anybody to anybody. */
export async function startMailCatcher(o: {
  readonly port: number
  readonly folder: string
}): Promise<MailCatcher> {
  await mkdir(o.folder, { recursive: true })
  let caught = 0
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData: (stream, _session, done) => {
      const file = join(o.folder, String(++caught).padStart(4, '0'))
      // Whoever looks finds whole mails only, and the sender is told that it was taken once the file is there.
      writeFile(file, stream)
        .then(() => rename(file, `${file}.eml`))
        .then(() => {
          done()
        }, done)
    },
  })
  // A sender that breaks off is its own affair.
  server.on('error', () => undefined)
  server.listen(o.port, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    url: `smtp://127.0.0.1:${String(o.port)}`,
    folder: o.folder,
    stop: async () => {
      await new Promise<void>((closed) => {
        server.close(closed)
      })
    },
  }
}
