import { setTimeout as sleep } from 'node:timers/promises'

import { TdsError } from '@tds/runtime'

import { type CaughtMail, caughtMails } from '../mail/caught-mail.ts'

/** Which mail is waited for, where, and for how long. */
export interface MailWish {
  /** The mail catcher's. */
  readonly folder: string
  /** What its subject holds. */
  readonly subject: string
  readonly withinMs: number
  readonly signal: AbortSignal
}

/** Waits until a mail has arrived. Throws TdsError `demo_no_mail` with what came instead; AbortError when aborted. */
export async function awaitedMail({ folder, subject, withinMs, signal }: MailWish): Promise<CaughtMail> {
  const limit = performance.now() + withinMs
  for (;;) {
    const mails = await caughtMails(folder)
    const found = mails.find((mail) => mail.subject.includes(subject))
    if (found !== undefined) return found
    if (performance.now() > limit) throw noMail({ subject, withinMs }, mails)
    await sleep(100, undefined, { signal })
  }
}

function noMail(
  { subject, withinMs }: Pick<MailWish, 'subject' | 'withinMs'>,
  mails: readonly CaughtMail[],
): TdsError {
  const others = mails.map((mail) => `"${mail.subject}"`).join(', ') || 'none'
  return new TdsError(
    `no mail "${subject}" came within ${String(Math.round(withinMs / 1000))} s; those that came: ${others}`,
    {
      code: 'demo_no_mail',
      disposition: 'retry',
      nextStep: 'Look into the log of the alerter; or try again on a machine that has less to do.',
    },
  )
}
