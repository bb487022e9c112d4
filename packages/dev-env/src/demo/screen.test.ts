import { counted, openScreen } from './screen.ts'

describe('openScreen', () => {
  it('replaces a status line on a terminal and leaves the last one standing', () => {
    const out = output(true)
    const screen = openScreen(out.stream)
    screen.status('sent 100')
    screen.status('sent 9')
    screen.line('done')
    expect(out.text()).toBe('\rsent 100\rsent 9  \ndone\n')
  })

  it('prints a status elsewhere only now and then, and the last one always', () => {
    const out = output(false)
    const screen = openScreen(out.stream)
    screen.status('sent 1')
    screen.status('sent 2')
    screen.status('sent 3')
    screen.endStatus()
    screen.heading('Next')
    screen.detail('more')
    expect(out.text()).toBe('sent 1\nsent 3\n\nNext\n   more\n')
  })

  it('does not print the same status twice', () => {
    const out = output(false)
    const screen = openScreen(out.stream)
    screen.status('sent 1')
    screen.status('sent 1')
    screen.endStatus()
    expect(out.text()).toBe('sent 1\n')
  })
})

describe('counted', () => {
  it('writes numbers and nouns as people do', () => {
    expect([
      counted(1234567),
      counted(1, 'event'),
      counted(2, 'event'),
      counted(0, 'delivery', 'deliveries'),
    ]).toEqual(['1,234,567', '1 event', '2 events', '0 deliveries'])
  })
})

function output(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  let text = ''
  const stream = { isTTY, write: (chunk: string) => (text += chunk) !== '' }
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text }
}
