import type { Severity } from '../severity.ts'
import type { MessageKind } from './message.ts'

/** The words of messages in one language. */
export interface Texts {
  readonly language: 'en' | 'ar'
  readonly direction: 'ltr' | 'rtl'
  /** What a message of this kind says in its first line. */
  readonly kinds: Readonly<Record<MessageKind, string>>
  readonly severities: Readonly<Record<Severity, string>>
  readonly states: { readonly firing: string; readonly resolved: string; readonly both: string }
  /** What stands before a value. */
  readonly labels: {
    readonly state: string
    readonly severity: string
    readonly rule: string
    readonly value: string
    readonly threshold: string
    readonly since: string
    readonly duration: string
    readonly count: string
    readonly reason: string
    readonly repeat: string
    readonly environment: string
    readonly messageId: string
    readonly about: string
  }
  readonly links: { readonly runbook: string; readonly alert: string }
  /** Titles of rules in this language; the others keep the title that the rule has. */
  readonly titles: Readonly<Record<string, string>>
  /** Reasons in this language; the others are shown as they are. */
  readonly reasons: Readonly<Record<string, string>>
  readonly none: string
  readonly counted: (counts: { readonly firing: number; readonly resolved: number }) => string
  readonly more: (count: number) => string
  readonly duration: (parts: {
    readonly days: number
    readonly hours: number
    readonly minutes: number
    readonly seconds: number
  }) => string
}
