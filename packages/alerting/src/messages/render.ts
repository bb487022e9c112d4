import { arabic } from './ar.ts'
import { cutText, shownValue } from './clean-text.ts'
import { english } from './en.ts'
import type { AlertMessage, MessageAlert } from './message.ts'
import type { Texts } from './texts.ts'

/** A message in a language, before a receiver gives it the form of its provider: clean text, nothing escaped yet. */
export interface RenderedMessage {
  readonly direction: 'ltr' | 'rtl'
  readonly language: 'en' | 'ar'
  /** One line: environment, severity, what happened to what. */
  readonly headline: string
  /** What is always told, each with its label. */
  readonly lines: readonly RenderedLine[]
  /** One line an alert; the only part that may be cut. Empty where the lines tell all of a single alert. */
  readonly list: readonly string[]
  /** Tells how many alerts are not in the list once so many of its lines were left out; null when none. */
  readonly more: (leftOut: number) => string | null
  readonly links: readonly RenderedLink[]
}

/** A value and what it is. */
export interface RenderedLine {
  readonly label: string
  readonly value: string
}

/** Where to go on. */
export interface RenderedLink {
  readonly label: string
  readonly url: string
}

/** Which message, and for whom. */
export interface Rendering {
  readonly id: string
  readonly message: AlertMessage
  readonly language: 'en' | 'ar'
}

/** Puts a message into words. */
export function renderMessage({ id, message, language }: Rendering): RenderedMessage {
  const texts = language === 'ar' ? arabic : english
  const more = message.more
  return {
    direction: texts.direction,
    language,
    headline: headlineOf(message, texts),
    lines: linesOf(message, texts, id),
    list: message.alerts.length > 1 ? message.alerts.map((alert) => listLine(alert, message, texts)) : [],
    more: (leftOut) => (more + leftOut > 0 ? texts.more(more + leftOut) : null),
    links: linksOf(message, texts),
  }
}

function headlineOf(message: AlertMessage, texts: Texts): string {
  const [first] = message.alerts
  const others = message.alerts.length - 1 + message.more
  const about = first === undefined ? '' : `: ${titleOf(first, texts)}`
  const also = first !== undefined && others > 0 ? ` (${texts.more(others)})` : ''
  const environment = shownValue(message.environment)
  return `[${environment}] [${texts.severities[message.severity]}] ${texts.kinds[message.kind]}${about}${also}`
}

function linesOf(message: AlertMessage, texts: Texts, id: string): RenderedLine[] {
  const { labels } = texts
  const [first] = message.alerts
  const lines: RenderedLine[] = [
    { label: labels.state, value: stateOf(message, texts) },
    { label: labels.severity, value: texts.severities[message.severity] },
    { label: labels.rule, value: rulesOf(message, texts) },
  ]
  if (first !== undefined) lines.push(...aboutFirst(first, message, texts))
  lines.push({ label: labels.count, value: texts.counted(message.counts) })
  if (message.reason !== null) lines.push({ label: labels.reason, value: reasonOf(message.reason, texts) })
  if (message.repeat > 0) lines.push({ label: labels.repeat, value: String(message.repeat) })
  const { runbookUrl } = message
  if (runbookUrl !== null && isPagePath(runbookUrl))
    lines.push({ label: texts.links.runbook, value: runbookUrl })
  lines.push({ label: labels.environment, value: shownValue(message.environment) })
  lines.push({ label: labels.messageId, value: id })
  return lines
}

/** Of several alerts the numbers of the most urgent one, and since when the first of them is so. */
function aboutFirst(first: MessageAlert, message: AlertMessage, texts: Texts): RenderedLine[] {
  const { labels } = texts
  const earliest = message.alerts.reduce((a, b) => (Date.parse(b.since) < Date.parse(a.since) ? b : a))
  const about = message.alerts.length === 1 ? labelsOf(first) : ''
  return [
    ...(about === '' ? [] : [{ label: labels.about, value: about }]),
    { label: labels.value, value: numberOf(first.value, texts) },
    { label: labels.threshold, value: numberOf(first.threshold, texts) },
    { label: labels.since, value: timeOf(earliest.since) },
    { label: labels.duration, value: durationOf(earliest, message, texts) },
    ...(message.alerts.length === 1 ? factsOf(first) : []),
  ]
}

function listLine(alert: MessageAlert, message: AlertMessage, texts: Texts): string {
  const about = labelsOf(alert)
  const numbers =
    alert.value === null
      ? ''
      : ` · ${numberOf(alert.value, texts)}${alert.threshold === null ? '' : ` (${texts.labels.threshold} ${numberOf(alert.threshold, texts)})`}`
  const line = `${texts.states[alert.state]} · ${texts.severities[alert.severity]} · ${titleOf(alert, texts)}${about === '' ? '' : ` · ${about}`}${numbers} · ${durationOf(alert, message, texts)}`
  return cutText(line, longestListLine)
}

const longestListLine = 500

function linksOf(message: AlertMessage, texts: Texts): RenderedLink[] {
  return [
    ...(message.runbookUrl === null ? [] : [{ label: texts.links.runbook, url: message.runbookUrl }]),
    ...(message.alertUrl === null ? [] : [{ label: texts.links.alert, url: message.alertUrl }]),
  ].filter(({ url }) => isLink(url))
}

/** Where the pages of an installation have no address, the place of the page is told. */
function isPagePath(text: string): boolean {
  return /^[\w./-]{1,200}$/.test(text)
}

/** Anything but an address of the web could run something when it is clicked. */
function isLink(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed !== null && /^https?:$/.test(parsed.protocol) && !/["'<>|\s]/.test(url) && url.length <= 1000
}

function stateOf({ counts, kind }: AlertMessage, texts: Texts): string {
  if (kind === 'combined') return texts.states.both
  if (counts.firing > 0 && counts.resolved > 0) return texts.states.both
  if (counts.resolved > 0) return texts.states.resolved
  return counts.firing > 0 ? texts.states.firing : texts.kinds[kind]
}

function rulesOf(message: AlertMessage, texts: Texts): string {
  const rules = [...new Set(message.alerts.map((alert) => alert.rule))]
  return rules.length === 0 ? texts.none : shownValue(rules.join(', '))
}

function titleOf(alert: MessageAlert, texts: Texts): string {
  return shownValue(ownValue(texts.titles, alert.rule) ?? alert.title)
}

function reasonOf(reason: string, texts: Texts): string {
  return ownValue(texts.reasons, reason) ?? shownValue(reason)
}

/** What comes from outside may be called as something that every object has. */
function ownValue(texts: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(texts, key) ? texts[key] : undefined
}

function labelsOf(alert: MessageAlert): string {
  return shownValue(
    Object.entries(alert.labels)
      .map(([name, value]) => `${shownValue(name)}=${shownValue(value)}`)
      .join(', '),
  )
}

function factsOf(alert: MessageAlert): RenderedLine[] {
  return Object.entries(alert.facts)
    .slice(0, 5)
    .map(([name, value]) => ({ label: shownValue(name).slice(0, 50), value: shownValue(String(value)) }))
}

function numberOf(value: number | null, texts: Texts): string {
  return value === null ? texts.none : String(Number(value.toPrecision(6)))
}

function timeOf(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`
}

function durationOf(alert: MessageAlert, message: AlertMessage, texts: Texts): string {
  const total = Math.max(
    0,
    Math.floor((Date.parse(alert.endedAt ?? message.at) - Date.parse(alert.since)) / 1000),
  )
  return texts.duration({
    days: Math.floor(total / 86_400),
    hours: Math.floor(total / 3600) % 24,
    minutes: Math.floor(total / 60) % 60,
    seconds: total % 60,
  })
}
