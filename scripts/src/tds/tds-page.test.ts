import { readFileSync } from 'node:fs'
import type { OptionDefinition } from './command.ts'
import { commands } from './commands/index.ts'
import { exitCodes } from './exit-codes.ts'
import { changeOptions, globalOptions } from './shared-options.ts'

describe('docs/reference/tds.md', () => {
  const page = readFileSync(new URL('../../../docs/reference/tds.md', import.meta.url), 'utf8')

  it('has a section for every command, in the order of the help, and no other', () => {
    const told = [...page.matchAll(/^### tds (.+)$/gm)].map(([, name]) => name)
    expect(told).toEqual(commands.map(({ name }) => name))
  })

  it.each(commands.map(({ name, load }) => ({ name, load })))(
    'says of tds $name what it does, takes and looks like',
    async ({ name, load }) => {
      const { description, arguments: given, options, examples } = await load()
      const section = sectionOf(page, `### tds ${name}`)
      expect(section).toContain(description)
      expect(rowsOf(section)).toEqual(written([...given, ...options]))
      for (const example of examples) expect(section).toContain(example.split(' | ')[0])
    },
  )

  it('lists the options that every command has, and every one that changes something', () => {
    expect(rowsOf(sectionOf(page, '## Options of every command\n'))).toEqual(written(globalOptions))
    expect(rowsOf(sectionOf(page, '## Options of every command that changes something'))).toEqual(
      written(changeOptions),
    )
  })

  it('lists every exit code', () => {
    const told = rowsOf(sectionOf(page, '## Exit codes')).map(([code, meaning]) => [meaning, Number(code)])
    const known = Object.entries(exitCodes).map(([name, code]) => [
      name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
      code,
    ])
    expect(told).toEqual(known)
  })
})

/** From a heading to the next one of its level or above. */
function sectionOf(page: string, heading: string): string {
  const [, after = ''] = page.split(heading.endsWith('\n') ? heading : `${heading}\n`)
  return after.split(/^#{2,3} /m)[0] ?? ''
}

/** The cells of the lines of its table, without the head. */
function rowsOf(section: string): string[][] {
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

function written(options: readonly OptionDefinition[]): string[][] {
  return options.map((option) => [...option])
}
