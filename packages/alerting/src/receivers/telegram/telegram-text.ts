import { fitList } from '../../messages/fit-list.ts'
import { shortText } from '../../messages/plain-text.ts'
import type { RenderedMessage } from '../../messages/render.ts'

/**
 * Longest text that Telegram takes, in UTF-16 units and without the markup.
 *
 * @internal
 */
export const mostTelegramCharacters = 4096

/** The message in Telegram's HTML. */
export function telegramHtml(rendered: RenderedMessage): string {
  return fitList(
    rendered.list.length,
    (listed) => write(rendered, listed),
    (html) => shownLength(html) <= mostTelegramCharacters,
  )
}

/** The same without any markup, for when Telegram could not read it. */
export function telegramPlain(rendered: RenderedMessage): string {
  return unmentioned(shortText(rendered)).slice(0, mostTelegramCharacters).toWellFormed()
}

/** How long Telegram finds a text. */
function shownLength(html: string): number {
  return html.replace(/<[^>]*>/g, '').replace(/&(?:lt|gt|amp|quot);/g, '.').length
}

function write(rendered: RenderedMessage, listed: number): string {
  const more = rendered.more(rendered.list.length - listed)
  return [
    `<b>${escaped(rendered.headline)}</b>`,
    '',
    ...rendered.lines.map(({ label, value }) => `<b>${escaped(label)}:</b> ${escaped(value)}`),
    ...(listed > 0 || more !== null ? [''] : []),
    ...rendered.list.slice(0, listed).map((line) => `• ${escaped(line)}`),
    ...(more === null ? [] : [escaped(more)]),
    ...(rendered.links.length > 0 ? [''] : []),
    ...rendered.links.map(({ label, url }) => `<a href="${escaped(url)}">${escaped(label)}</a>`),
  ].join('\n')
}

function escaped(text: string): string {
  return unmentioned(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
}

// A name behind an @ would call that person: an invisible joiner keeps Telegram from seeing one.
function unmentioned(text: string): string {
  return text.replace(/@(?=\w)/g, '@\u2060')
}
