/** What nodemailer hangs on its errors, as far as this reads it. */
export interface SmtpFailure {
  readonly message: string
  readonly code?: string | undefined
  readonly responseCode?: number | undefined
  readonly command?: string | undefined
  readonly recipient?: string | undefined
  readonly rejectedErrors?: readonly SmtpFailure[] | undefined
}

/** What nodemailer says of a mail that somebody got. */
export interface SentMail {
  readonly accepted: readonly string[]
  readonly rejected: readonly string[]
  readonly rejectedErrors?: readonly SmtpFailure[] | undefined
}
