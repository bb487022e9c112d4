import fc from 'fast-check'
import type { AlertMessage } from '../messages/message.ts'
import { renderMessage, type RenderedMessage } from '../messages/render.ts'
import { aMessage, anAlert } from '../testing/messages.ts'
import { mailContent } from './email/mail-content.ts'
import { plainSlackPayload, slackPayload } from './slack/slack-payload.ts'
import { mostTelegramCharacters, telegramHtml, telegramPlain } from './telegram/telegram-text.ts'

interface SlackBlock {
  readonly type: string
  readonly text: { readonly type: string; readonly text: string; readonly verbatim?: boolean }
}

const hostile = [
  '<script>alert(1)</script>',
  '<b onmouseover="x">',
  '</code></pre></td></table>',
  '&amp;&lt;',
  '<!channel> <!here> <@U123> <https://evil.test|click>',
  '@admin @here',
  '"\'`*_~[x](https://evil.test)',
  'a\r\nBcc: evil@evil.test\r\n\r\n<html>',
  '\u202Eabc\u2066\u200F',
  '\u0000\u001B[31m\u0085\u2028',
  '\uD800',
  '=?utf-8?b?ZXZpbA==?=',
  '{{constructor}}',
  '؛ نص عربي',
]
const anyText = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('&'.repeat(5000), '<'.repeat(5000), '😀'.repeat(3000), '"'.repeat(5000)),
)
const anyMessage: fc.Arbitrary<AlertMessage> = fc
  .record({
    environment: anyText,
    reason: anyText,
    more: fc.nat({ max: 500 }),
    alerts: fc.array(
      fc.record({
        title: anyText,
        rule: anyText,
        label: anyText,
        fact: anyText,
        value: fc.double({ noNaN: true }),
      }),
      { maxLength: 20 },
    ),
  })
  .map(({ alerts, ...rest }) =>
    aMessage({
      ...rest,
      alerts: alerts.map(({ title, rule, label, fact, value }) =>
        anAlert({ title, rule, value, labels: { [label]: label, other: label }, facts: { [fact]: fact } }),
      ),
    }),
  )

function forAnyMessage(claim: (rendered: RenderedMessage) => void): void {
  fc.assert(
    fc.property(anyMessage, fc.constantFrom<'en' | 'ar'>('en', 'ar'), (message, language) => {
      claim(renderMessage({ id: 'some-id', message, language }))
    }),
  )
}

describe('whatever alerts are called', () => {
  it('Slack gets it within its bounds, as text that is neither markup nor mention', () => {
    forAnyMessage((rendered) => {
      const payload = slackPayload(rendered)
      const { blocks, text } = JSON.parse(payload) as { blocks: SlackBlock[]; text: string }
      expect(blocks.length).toBeLessThanOrEqual(50)
      for (const block of blocks) {
        expect(block.text.text.length).toBeLessThanOrEqual(block.type === 'header' ? 150 : 3000)
        expect(block.text.text.length).toBeGreaterThan(0)
        // Only our own links are markup.
        if (block.text.type === 'mrkdwn')
          expect(block.text.text).toMatch(/^<https:\/\/docs[^<>]*> · <https:\/\/tds[^<>]*>$/)
        else expect(block.text.text).not.toMatch(/[<>]/)
      }
      expect(text).not.toMatch(/[<>]/)
      expect(plainSlackPayload(rendered)).not.toMatch(/[<>]/)
    })
  })

  it('Telegram gets it within its bounds, with no tag but ours and nobody called', () => {
    forAnyMessage((rendered) => {
      const html = telegramHtml(rendered)
      const withoutOurs = html.replace(/<\/?b>|<a href="https:[^"<>]*">|<\/a>/g, '')
      expect(withoutOurs).not.toMatch(/[<>]/)
      expect(withoutOurs.replace(/&(?:amp|lt|gt|quot);/g, '')).not.toContain('&')
      expect(withoutOurs).not.toMatch(/@\w/)
      expect(withoutOurs.replace(/&\w+;/g, '.').length).toBeLessThanOrEqual(mostTelegramCharacters)
      const plain = telegramPlain(rendered)
      expect(plain.length).toBeLessThanOrEqual(mostTelegramCharacters)
      expect(plain).not.toMatch(/@\w/)
    })
  })

  it('mail has one line of at most 150 characters as its subject, and HTML with no tag but ours', () => {
    forAnyMessage((rendered) => {
      const { subject, html = '' } = mailContent(rendered, false)
      expect([...subject].length).toBeLessThanOrEqual(150)
      // eslint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(subject).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]/)
      const ours =
        /<\/?(?:html|meta|body|h2|table|tr|th|td|bdi|ul|li|p|a)(?: [\w-]+="[^"<>]*")*>|<!doctype html>/g
      expect(html.replace(ours, '')).not.toMatch(/[<>]/)
      expect(html).not.toMatch(/<[^>]+\son\w+=/i)
    })
  })

  it('nothing changes the direction of what stands around it', () => {
    forAnyMessage((rendered) => {
      const all = JSON.stringify([rendered.headline, rendered.lines, rendered.list])
      expect(all).not.toMatch(/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]|\\u00|\\[rn]|\\ud[89a-f]/)
    })
  })
})
