import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { makeRunDirectory, type RunDirectory } from '../processes/run-directory.ts'
import { awaitedMail } from './awaited-mail.ts'

describe('awaitedMail', () => {
  let run: RunDirectory
  let folder: string

  beforeEach(async () => {
    run = await makeRunDirectory('test')
    folder = join(run.path, 'mails')
    await mkdir(folder)
  })
  afterEach(() => run.remove())

  it('finds a mail that comes later by its subject, however that is folded, with the links of its text', async () => {
    await mail('0001', 'Subject: Something else\r\n\r\nx')
    const waiting = awaitedMail(wish('Firing: Zoho is down', 20_000))
    await mail(
      '0002',
      'To: x\r\nSubject: [demo] [CRITICAL] Firing:\r\n Zoho is down\r\nX: y\r\n\r\n' +
        'What to do: http://127.0.0.1:1/a/breaker=\r\n_open.md\r\n<a href=3D"http://127.0.0.1:1/a/breaker_open.md">\r\n',
    )
    expect(await waiting).toEqual({
      file: '0002.eml',
      subject: '[demo] [CRITICAL] Firing: Zoho is down',
      links: ['http://127.0.0.1:1/a/breaker_open.md'],
    })
  })

  it('says what came instead when it does not come', async () => {
    await mail('0001', 'Subject: Resolved: Zoho is down\r\n\r\nFiring: Zoho is down')
    await expect(awaitedMail(wish('Firing: Zoho is down', 0))).rejects.toMatchObject({
      code: 'demo_no_mail',
      message: 'no mail "Firing: Zoho is down" came within 0 s; those that came: "Resolved: Zoho is down"',
    })
  })

  it('leaves off when it is told to', async () => {
    const ending = new AbortController()
    const waiting = awaitedMail({ ...wish('Firing', 20_000), signal: ending.signal })
    ending.abort()
    await expect(waiting).rejects.toThrow('aborted')
  })

  function wish(subject: string, withinMs: number) {
    return { folder, subject, withinMs, signal: new AbortController().signal }
  }

  /** Whole at once, as the catcher does it. */
  async function mail(name: string, bytes: string): Promise<void> {
    await writeFile(join(folder, name), bytes)
    await rename(join(folder, name), join(folder, `${name}.eml`))
  }
})
