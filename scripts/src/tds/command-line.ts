import { Command, CommanderError, Option } from 'commander'
import type { AnyCommand, OptionDefinition } from './command.ts'
import { commands, type RegisteredCommand } from './commands/index.ts'
import { exitCodes } from './exit-codes.ts'
import { changeOptions, globalOptions } from './shared-options.ts'
import type { Terminal } from './terminal.ts'

/** A command line understood: a command to run, or one that has been answered already (help, version). */
export type CommandLine =
  | { readonly kind: 'answered'; readonly exitCode: number }
  | {
      readonly kind: 'command'
      readonly name: string
      readonly definition: AnyCommand
      readonly args: readonly string[]
      readonly options: Readonly<Record<string, unknown>>
      readonly global: GlobalFlags
    }
  | {
      readonly kind: 'unusable'
      readonly name: string
      readonly problem: string
      readonly global: Pick<GlobalFlags, 'output' | 'quiet'>
    }

/** The form of the result. */
export type OutputForm = 'table' | 'json' | 'ndjson' | 'id'

/** What every command understands. */
export interface GlobalFlags {
  readonly output: OutputForm
  readonly quiet: boolean
  readonly debug: boolean
  readonly timeout: string
  readonly dryRun: boolean
  readonly actor: string | undefined
  readonly reason: string | undefined
}

/** Reads a command line. Only the command that it names is loaded. */
export async function readCommandLine(terminal: Terminal): Promise<CommandLine> {
  const args = withoutStrayDashes(terminal.args)
  if (args[0] === '--version') return printVersion(terminal)
  const named = commandIn(args)
  const definition = (await named?.load()) ?? null
  const chosen: CommandLine[] = []
  const problems: string[] = []
  const program = buildProgram({
    terminal,
    loaded: named === undefined || definition === null ? [] : [[named.name, definition]],
    onProblem: (text) => problems.push(text),
    onChosen: (line) => {
      chosen.push(line)
    },
  })
  const name = named?.name ?? ''
  try {
    if (args.length === 0) program.outputHelp()
    else await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { kind: 'answered', exitCode: 0 }
    return {
      kind: 'unusable',
      name,
      problem: problems.join(' ').replaceAll('\n', ' ') || verbMissing(args),
      global: { output: wantsJson(args) ? 'json' : 'table', quiet: false },
    }
  }
  return chosen[0] ?? { kind: 'answered', exitCode: exitCodes.done }
}

async function printVersion({ stdout }: Terminal): Promise<CommandLine> {
  const { TDS_VERSION } = await import('@tds/runtime')
  stdout.write(`${TDS_VERSION}\n`)
  return { kind: 'answered', exitCode: exitCodes.done }
}

/** Asked where the line could not be parsed: who wanted JSON gets JSON, a slip of the hand included. */
function wantsJson(args: readonly string[]): boolean {
  const forms = ['--json', '-ojson', '--output=json']
  return args.some(
    (arg, at) => forms.includes(arg) || (/^(?:-o|--output)$/.test(arg) && args[at + 1] === 'json'),
  )
}

function verbMissing(args: readonly string[]): string {
  const group = args.find((arg) => groups.includes(arg))
  if (group === undefined) return 'a command is missing; see tds --help'
  return `${group}: a command is missing; there are ${verbsOf(group).join(', ')}`
}

/** pnpm hands a literal `--` through; what follows it are still options. */
function withoutStrayDashes(args: readonly string[]): string[] {
  const at = args.indexOf('--')
  return at === 0 || at === 1 ? args.toSpliced(at, 1) : [...args]
}

function commandIn(args: readonly string[]): RegisteredCommand | undefined {
  const words = args.filter((arg, at) => !arg.startsWith('-') && !isValue(args[at - 1]))
  return commands
    .map((command) => ({ command, at: placeOf(command.name.split(' '), words) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at || b.command.name.length - a.command.name.length)[0]?.command
}

const switches: ReadonlySet<string> = new Set(
  [...globalOptions, ...changeOptions]
    .filter(([flags]) => !flags.includes('<'))
    .flatMap(([flags]) => flags.split(', ')),
)

/** Whether a word is what an option says and no command: in `sync --reason runs product` nobody asks for the runs. */
function isValue(before: string | undefined): boolean {
  return before !== undefined && /^-(?:-[^=]+|[a-z])$/.test(before) && !switches.has(before)
}

function placeOf(path: readonly string[], words: readonly string[]): number {
  return words.findIndex((_, start) => path.every((word, index) => words[start + index] === word))
}

/** What the program is built of; the documents' test builds it with every command loaded. */
export interface ProgramParts {
  readonly terminal: Pick<Terminal, 'stdout'>
  readonly loaded: readonly (readonly [string, AnyCommand])[]
  readonly onProblem: (text: string) => void
  readonly onChosen: (line: CommandLine) => void
}

function buildProgram(parts: ProgramParts): Command {
  const program = newCommand('tds', parts).description(
    'Operates TDS Core on its database: looks at events, works off the quarantine, asks for runs.',
  )
  addOptions(program, globalOptions)
  program.option('--version', 'the version alone; "tds version" says whether the database fits it')
  const made = new Map<string, Command>()
  const loaded = new Map(parts.loaded)
  for (const { name, summary } of commands) {
    const [group = '', verb] = name.split(' ')
    const parent = verb === undefined ? program : groupOf(program, made, { group, parts })
    const command = newCommand(verb ?? group, parts)
      .summary(summary)
      .description(summary)
    parent.addCommand(command)
    if (verb === undefined) made.set(name, command)
    const definition = loaded.get(name)
    if (definition !== undefined) attach(command, { name, definition, parts })
  }
  return program
}

function newCommand(name: string, { terminal, onProblem }: ProgramParts): Command {
  return new Command(name)
    .exitOverride()
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: () => undefined,
      outputError: (text) => {
        onProblem(text.replace(/^error: /, '').trim())
      },
    })
}

const groups = commands.flatMap(({ name }) => (name.includes(' ') ? name.split(' ').slice(0, 1) : []))

function verbsOf(group: string): string[] {
  return commands
    .filter(({ name }) => name.startsWith(`${group} `))
    .map(({ name }) => name.slice(group.length + 1))
}

function groupOf(
  program: Command,
  known: Map<string, Command>,
  { group, parts }: { readonly group: string; readonly parts: ProgramParts },
): Command {
  const there = known.get(group)
  if (there !== undefined) return there
  const verbs = commands
    .filter(({ name }) => name.startsWith(`${group} `))
    .map(({ name }) => name.split(' ')[1])
  const made = newCommand(group, parts).summary(verbs.join(', '))
  program.addCommand(made)
  known.set(group, made)
  return made
}

function attach(
  command: Command,
  {
    name,
    definition,
    parts,
  }: { readonly name: string; readonly definition: AnyCommand; readonly parts: ProgramParts },
): void {
  command.description(definition.description)
  for (const [flags, description] of definition.arguments) command.argument(flags, description)
  addOptions(command, definition.options)
  if (definition.changes) addOptions(command, changeOptions)
  addOptions(command, globalOptions, 'Options of every command:')
  const examples = definition.examples.map((example) => `  tds ${example}`)
  command.addHelpText('after', `\nExamples:\n${examples.join('\n')}`)
  command.action(() => {
    const flags = command.optsWithGlobals<Record<string, unknown>>()
    parts.onChosen({
      kind: 'command',
      name,
      definition,
      args: command.args,
      options: flags,
      global: globalFlags(flags),
    })
  })
}

function addOptions(command: Command, options: readonly OptionDefinition[], group?: string): void {
  for (const [flags, description] of options) {
    const option = new Option(flags, description)
    // One that may be given again takes one value each time; commander would take all that follows.
    if (/ <[a-z=]+>\.\.\.$/.test(flags)) option.argParser(gather)
    if (flags.includes('--output')) option.choices(['table', 'json', 'ndjson', 'id'])
    if (group !== undefined) option.helpGroup(group)
    command.addOption(option)
  }
}

function gather(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value]
}

function globalFlags(flags: Readonly<Record<string, unknown>>): GlobalFlags {
  const text = (name: string): string | undefined =>
    typeof flags[name] === 'string' ? flags[name] : undefined
  return {
    output: flags['json'] === true ? 'json' : ((text('output') ?? 'table') as OutputForm),
    quiet: flags['quiet'] === true,
    debug: flags['debug'] === true,
    timeout: text('timeout') ?? '30',
    dryRun: flags['dryRun'] === true,
    actor: text('actor'),
    reason: text('reason'),
  }
}
