import { cutText } from '../../messages/clean-text.ts'
import { fitList } from '../../messages/fit-list.ts'
import { shortText } from '../../messages/plain-text.ts'
import type { RenderedMessage } from '../../messages/render.ts'

const mostInSection = 3000
const mostBlocks = 50
const mostInHeader = 150
// Slack takes 40,000; what is longer than a few screens nobody reads.
const mostInAll = 12_000

/** What Slack is sent. Values stand in plain_text objects, where neither markup nor mentions are looked for. */
export function slackPayload(rendered: RenderedMessage): string {
  return fitList(
    rendered.list.length,
    (listed) => JSON.stringify({ text: escaped(rendered.headline), blocks: blocksOf(rendered, listed) }),
    (payload) => payload.length <= mostInAll,
  )
}

/** The same for when Slack refused it: text alone, without markup. */
export function plainSlackPayload(rendered: RenderedMessage): string {
  return JSON.stringify({ text: escaped(shortText(rendered)), mrkdwn: false })
}

function blocksOf(rendered: RenderedMessage, listed: number): object[] {
  const more = rendered.more(rendered.list.length - listed)
  const head = headerOf(rendered.headline)
  const whole = head === rendered.headline ? [] : [rendered.headline]
  const facts = [...whole, ...rendered.lines.map(({ label, value }) => `${label}: ${value}`)]
  const list = [
    ...rendered.list.slice(0, listed).map((line) => `• ${line}`),
    ...(more === null ? [] : [more]),
  ]
  const blocks: object[] = [{ type: 'header', text: plain(head) }, ...sectionsOf(facts), ...sectionsOf(list)]
  const links = rendered.links.map(({ label, url }) => `<${escaped(url)}|${escaped(label)}>`)
  const ending =
    links.length === 0
      ? []
      : [{ type: 'section', text: { type: 'mrkdwn', text: links.join(' · '), verbatim: true } }]
  return [...blocks.slice(0, mostBlocks - ending.length), ...ending]
}

/** What does not fit into the header stands in full below it. */
function headerOf(headline: string): string {
  const cut = cutText(headline, mostInHeader)
  return escaped(cut).length <= mostInHeader ? cut : cutText(headline, mostInHeader / 5)
}

/** As few sections as hold the lines; no line is cut in two. */
function sectionsOf(lines: readonly string[]): object[] {
  const texts: string[] = []
  for (const line of lines) {
    const last = texts.at(-1)
    const joined = last === undefined ? line : `${last}\n${line}`
    if (last !== undefined && escaped(joined).length <= mostInSection) texts[texts.length - 1] = joined
    else texts.push(line)
  }
  return texts.map((text) => ({ type: 'section', text: plain(text) }))
}

function plain(text: string): object {
  return { type: 'plain_text', text: escaped(text), emoji: false }
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}
