import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

import { claimPorts } from '../processes/ports.ts'
import { makeRunDirectory } from '../processes/run-directory.ts'
import { startMailCatcher } from './mail-catcher.ts'

describe('startMailCatcher', () => {
  it('takes mail over SMTP, keeps every byte of it, and stops listening when stopped', async () => {
    const run = await makeRunDirectory('test')
    const ports = await claimPorts(1)
    const port = ports.take()
    const catcher = await startMailCatcher({ port, folder: join(run.path, 'mails') })
    expect(catcher.url).toBe(`smtp://127.0.0.1:${String(port)}`)
    const mail = 'Subject: Grüße\r\n\r\nOne line.\r\n..and one that begins with a dot.\r\n'
    await send(port, mail.replaceAll('\r\n.', '\r\n..'))
    expect(await readFile(join(catcher.folder, '0001.eml'), 'utf8')).toBe(mail)
    await catcher.stop()
    const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
    await Promise.all([ports.release(), run.remove()])
  })
})

/** As a mail server would: one line, one answer. */
async function send(port: number, mail: string): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  const say = async (line: string, expected: string) => {
    if (line !== '') socket.write(`${line}\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(new RegExp(`^${expected}`))
  }
  await say('', '220')
  await say('EHLO alerter.test', '250')
  await say('MAIL FROM:<alerter@tds.test>', '250')
  await say('RCPT TO:<somebody@tds.test>', '250')
  await say('DATA', '354')
  await say(`${mail}.`, '250')
  await say('QUIT', '221')
  socket.destroy()
}
