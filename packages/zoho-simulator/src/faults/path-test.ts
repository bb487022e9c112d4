import { InvalidInputError } from '../invalid-input-error.ts'

/** Tests whole paths against a pattern in which `*` stands for anything and `|` separates choices. */
export function pathTest(pattern: string): (path: string) => boolean {
  const choices = pattern.split('|')
  const odd = choices.find((choice) => choice !== '*' && !choice.startsWith('/'))
  if (odd !== undefined) {
    throw new InvalidInputError(`path must begin with / or be *, as in /books/v3/invoices/*, not ${odd}`)
  }
  const tests = choices.map((choice) => {
    const parts = choice.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${parts.join('.*')}$`)
  })
  return (path) => tests.some((test) => test.test(path))
}
