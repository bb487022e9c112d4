import { readPage, rowsWith, type Page, type Row } from '@tds/dev-env/testing'
import type { OptionDefinition } from './command.ts'
import { commands } from './commands/index.ts'
import { exitCodes } from './exit-codes.ts'
import { changeOptions, globalOptions } from './shared-options.ts'

describe('docs/reference/tds.md', () => {
  const page = readPage('docs/reference/tds.md')

  it('has a section for every command, in the order of the help, and no other', () => {
    const told = [...page.text.matchAll(/^### tds (.+)$/gm)].map(([, name]) => name)
    expect(told).toEqual(commands.map(({ name }) => name))
  })

  it.each(commands.map(({ name, load }) => ({ name, load })))(
    'says of tds $name what it does, takes and looks like',
    async ({ name, load }) => {
      const { description, arguments: given, options, examples } = await load()
      const section = sectionOf(page, `### tds ${name}`)
      expect(section.text).toContain(description)
      expect(optionsIn(section)).toEqual(written([...given, ...options]))
      for (const example of examples) expect(section.text).toContain(example.split(' | ')[0])
    },
  )

  it('lists the options that every command has, and every one that changes something', () => {
    expect(optionsIn(sectionOf(page, '## Options of every command\n'))).toEqual(written(globalOptions))
    expect(optionsIn(sectionOf(page, '## Options of every command that changes something'))).toEqual(
      written(changeOptions),
    )
  })

  it('lists every exit code', () => {
    const told = rowsWith(page, 'code', 'meaning').map((row) => [row['meaning'], Number(row['code'])])
    const known = Object.entries(exitCodes).map(([name, code]) => [
      name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
      code,
    ])
    expect(told).toEqual(known)
  })
})

/** From a heading to the next one of its level or above. */
function sectionOf({ path, text }: Page, heading: string): Page {
  const [, after = ''] = text.split(heading.endsWith('\n') ? heading : `${heading}\n`)
  return { path, text: after.split(/^#{2,3} /m)[0] ?? '' }
}

function optionsIn(section: Page): (readonly [string | undefined, string | undefined])[] {
  return rowsWith(section, 'option', 'what it does').map((row: Row) => [row['option'], row['what it does']])
}

function written(options: readonly OptionDefinition[]): OptionDefinition[] {
  return options.map(([flags, description]) => [flags, description])
}
