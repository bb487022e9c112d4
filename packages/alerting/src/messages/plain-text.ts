import type { RenderedMessage } from './render.ts'

/** The whole message as plain text, with so many lines of its list. */
export function plainText(rendered: RenderedMessage, listed = rendered.list.length): string {
  const more = rendered.more(rendered.list.length - listed)
  return [
    rendered.headline,
    '',
    ...rendered.lines.map(({ label, value }) => `${label}: ${value}`),
    ...(listed > 0 || more !== null ? [''] : []),
    ...rendered.list.slice(0, listed).map((line) => `• ${line}`),
    ...(more === null ? [] : [more]),
    ...(rendered.links.length > 0 ? [''] : []),
    ...rendered.links.map(({ label, url }) => `${label}: ${url}`),
  ].join('\n')
}

/** What is left for a provider that refused the message as it was: the head and the links. */
export function shortText(rendered: RenderedMessage): string {
  return plainText(rendered, 0)
}
