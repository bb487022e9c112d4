import { Readable } from 'node:stream'
import { runCaptured, type Run, type RunOptions } from '../../testing/tds-world.ts'

describe('tds sync and tds reconcile, before they open anything', () => {
  it.each([
    ['sync warehouse', 'there is no type warehouse; expected all, or product, customer'],
    ['sync', 'type'],
    ['sync product --since 2026-07-21T16:03:00', 'a time with its zone such as'],
    ['sync product --since 2999-01-01', 'lies ahead'],
    ['sync product --full --since 1h', 'one of --incremental, --full, --since and --ids at a time'],
    ['sync product --incremental --ids 1', 'one of --incremental, --full, --since and --ids at a time'],
    ['sync product invoice --ids 1', 'ids are of one type'],
    ['sync all --ids 1', 'ids are of one type'],
    ['sync product --ids 1,x', "ids of Zoho's, which are numbers"],
    ['sync product --ids ,', 'at least one id'],
    ['sync product --wait-timeout 0', '--wait-timeout: expected whole seconds'],
    ['sync show 7', 'expected the id of a run'],
    ['reconcile product --depth deep', '--depth: expected one of index, full'],
  ])('refuse %p', async (line, said) => {
    const run = await runTdsLine(line)
    expect(run).toMatchObject({ exitCode: 2, out: '' })
    expect(run.err).toContain(said)
  })

  it('refuse ids of standard input that are none', async () => {
    const stdin = Readable.from([Buffer.from('11\nA-12\n')])
    const run = await runTdsLine('sync product --ids -', { stdin, env: { ZOHO_ORGANIZATION_ID: '1' } })
    expect(run).toMatchObject({ exitCode: 2, out: '' })
    expect(run.err).toContain("--ids: expected ids of Zoho's")
  })

  it('refuse more ids than one run may name', async () => {
    const ids = Array.from({ length: 1001 }, (_, id) => id).join(',')
    expect((await runTdsLine(`sync product --ids ${ids}`)).err).toContain(
      '--ids: more than 1000 ids; ask in parts, or read the list with --since or --full',
    )
  })
})

/** Without a variable: whatever would be opened would say so. */
function runTdsLine(line: string, o: RunOptions = {}): Promise<Run> {
  return runCaptured(line.split(' '), o)
}
