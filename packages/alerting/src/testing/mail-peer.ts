import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { readMail, type ReadMail } from './read-mail.ts'

/** What a fake mail server does with one mail; by default it takes it. */
export interface MailAnswer {
  /** Refuses these recipients, or all of them where it is one number. */
  readonly recipients?: number | Readonly<Record<string, number>>
  /** Refuses the mail after its content. */
  readonly content?: number
  /** Refuses user and password. */
  readonly signIn?: number
  /** After the content: says nothing any more, or cuts the connection. */
  readonly afterContent?: 'hang' | 'reset'
}

/** A mail server on loopback that answers as it was told and remembers everything. */
export interface MailPeer {
  readonly url: string
  readonly mails: (ReadMail & { readonly to: readonly string[] })[]
  willAnswer(...answers: MailAnswer[]): void
  stop(): Promise<void>
}

/** Starts one; with `signIn` it wants user and password. */
export async function startMailPeer(
  o: { readonly signIn?: boolean; readonly startTls?: boolean } = {},
): Promise<MailPeer> {
  const mails: MailPeer['mails'] = []
  const script: MailAnswer[] = []
  let current: MailAnswer = {}
  const options: SMTPServerOptions = {
    authOptional: o.signIn !== true,
    allowInsecureAuth: true,
    disabledCommands: [...(o.startTls === true ? [] : ['STARTTLS']), ...(o.signIn === true ? [] : ['AUTH'])],
    logger: false,
    disableReverseLookup: true,
    closeTimeout: 100,
    onConnect: (_session, done) => {
      current = script.shift() ?? {}
      done()
    },
    onAuth: (_auth, _session, done) => {
      if (current.signIn === undefined) done(null, { user: 'somebody' })
      else done(reply(current.signIn))
    },
    onRcptTo: ({ address }, _session, done) => {
      const refused =
        typeof current.recipients === 'number' ? current.recipients : current.recipients?.[address]
      done(refused === undefined ? null : reply(refused))
    },
    onData: (stream, session, done) => {
      const answer = current
      const taken = (bytes: Buffer): void => {
        mails.push({ ...readMail(bytes), to: session.envelope.rcptTo.map(({ address }) => address) })
        if (answer.afterContent === 'hang') return
        if (answer.afterContent === 'reset') for (const connection of server.connections) connection.close()
        else done(answer.content === undefined ? null : reply(answer.content))
      }
      // Whoever breaks off in the middle of a mail has not sent it.
      buffer(stream).then(taken, done)
    },
  }
  const server = new SMTPServer(options) as SMTPServer & { connections: Set<{ close(): void }> }
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const port = String((server.server.address() as AddressInfo).port)
  return {
    url: o.signIn === true ? `smtp://user:canary-secret-42@127.0.0.1:${port}` : `smtp://127.0.0.1:${port}`,
    mails,
    willAnswer: (...answers) => void script.push(...answers),
    stop: () =>
      new Promise<void>((closed) => {
        server.close(closed)
      }),
  }
}

function reply(responseCode: number): Error {
  // Providers like to repeat what they were given: none of it may get any further.
  return Object.assign(new Error('no, says canary-secret-42'), { responseCode })
}
