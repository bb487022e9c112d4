import { cleanText, cutText } from '../../messages/clean-text.ts'
import { fitList } from '../../messages/fit-list.ts'
import { plainText, shortText } from '../../messages/plain-text.ts'
import type { RenderedMessage } from '../../messages/render.ts'

/** The parts of a mail. */
export interface MailContent {
  readonly subject: string
  readonly text: string
  readonly html?: string
}

const longestSubject = 150
const longestHtml = 100_000

/** The mail of a message; short and without HTML where a server refused it as it was. */
export function mailContent(rendered: RenderedMessage, isPlain: boolean): MailContent {
  const subject = cutText(cleanText(rendered.headline), longestSubject)
  if (isPlain) return { subject, text: shortText(rendered) }
  const html = fitList(
    rendered.list.length,
    (listed) => htmlOf(rendered, listed),
    (written) => written.length <= longestHtml,
  )
  return { subject, text: plainText(rendered), html }
}

function htmlOf(rendered: RenderedMessage, listed: number): string {
  const more = rendered.more(rendered.list.length - listed)
  const rows = rendered.lines.map(
    ({ label, value }) =>
      `<tr><th style="text-align:start;padding-inline-end:1em">${escaped(label)}</th><td><bdi>${escaped(value)}</bdi></td></tr>`,
  )
  const items = rendered.list.slice(0, listed).map((line) => `<li><bdi>${escaped(line)}</bdi></li>`)
  const links = rendered.links.map(({ label, url }) => `<a href="${escaped(url)}">${escaped(label)}</a>`)
  return [
    `<!doctype html><html lang="${rendered.language}" dir="${rendered.direction}"><meta charset="utf-8"><body>`,
    `<h2>${escaped(rendered.headline)}</h2>`,
    `<table>${rows.join('')}</table>`,
    ...(items.length > 0 ? [`<ul>${items.join('')}</ul>`] : []),
    ...(more === null ? [] : [`<p>${escaped(more)}</p>`]),
    ...(links.length > 0 ? [`<p>${links.join(' · ')}</p>`] : []),
    '</body></html>',
  ].join('\n')
}

function escaped(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;')
}
