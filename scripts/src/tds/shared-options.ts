import type { OptionDefinition } from './command.ts'

/** Options of every command, as commander writes them. */
export const globalOptions: readonly OptionDefinition[] = [
  ['-o, --output <form>', 'form of the result: table, json, ndjson or id (default: table)'],
  ['--json', 'the same as -o json: one object, whatever becomes of the command'],
  ['-q, --quiet', 'no hints on standard error'],
  ['--timeout <seconds>', 'longest time for one statement or for input, in seconds (default: 30)'],
  ['--no-color', 'understood and without effect: nothing is coloured'],
  ['--no-input', 'understood and without effect: nothing is ever asked'],
  ['--debug', 'tell more on standard error, stacks included'],
]

/** Options of every command that changes something. */
export const changeOptions: readonly OptionDefinition[] = [
  ['--dry-run', 'do everything, then take it back: says what would happen'],
  ['--reason <text>', 'why; kept with what you do'],
  ['--actor <name>', 'who you are; default: your name on this machine'],
]
