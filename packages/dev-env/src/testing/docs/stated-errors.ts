import ts from 'typescript'
import { checkout } from './pages.ts'

/** An error as the code states it. */
export interface StatedError {
  readonly code: string
  readonly disposition: string
  /** What varies stands as `…`. */
  readonly nextStep: string
}

/** What the sources say about failing. */
export interface StatedFailures {
  /** Every object that has a code, a disposition and a next step: that is what errors are made of here. */
  readonly errors: StatedError[]
  /** Codes given to dead letters that no error of ours stands behind. */
  readonly failureCodes: string[]
  /** The words of a type of our own that is a list of words. */
  wordsOf(typeName: string): string[]
}

/**
 * Reads the failures that the product knows out of its sources with the compiler: codes are typed as words in some
 * places and written down in others, and the compiler knows both.
 */
export function statedFailures(): StatedFailures {
  const program = programOf()
  const checker = program.getTypeChecker()
  const sources = program.getSourceFiles().filter((file) => isOurs(file.fileName))
  const errors = new Map<string, StatedError>()
  const failureCodes = new Set<string>()
  const aliases = new Map<string, ts.TypeAliasDeclaration>()

  function visit(node: ts.Node): void {
    if (ts.isTypeAliasDeclaration(node)) aliases.set(node.name.text, node)
    if (ts.isCallExpression(node)) {
      const code = failureCode(node)
      if (code !== null) failureCodes.add(code)
    }
    if (ts.isObjectLiteralExpression(node)) {
      for (const error of errorsOf(node, checker)) errors.set(JSON.stringify(error), error)
    }
    ts.forEachChild(node, visit)
  }
  for (const source of sources) visit(source)

  return {
    errors: [...errors.values()].sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0)),
    failureCodes: [...failureCodes],
    wordsOf: (typeName) => {
      const alias = aliases.get(typeName)
      if (alias === undefined) throw new RangeError(`There is no type ${typeName}`)
      return wordsOfType(checker.getTypeAtLocation(alias))
    },
  }
}

function programOf(): ts.Program {
  const config = ts.readConfigFile(`${checkout}tsconfig.json`, (path) => ts.sys.readFile(path))
  const { fileNames, options } = ts.parseJsonConfigFileContent(config.config, ts.sys, checkout)
  return ts.createProgram(fileNames.filter(isOurs), options)
}

/** Code that runs in production or starts it; what tests and the fake of Zoho throw is not the product's. */
function isOurs(path: string): boolean {
  return (
    /\/(?:packages|apps|scripts)\/(?:[^/]+\/)?src\//.test(path) &&
    !/\/node_modules\/|\/generated\/|\/testing\/|\.(?:test|long)\.ts$|\/zoho-simulator\/|\/bench\//.test(path)
  )
}

/** `failure(class, code, message)` is how a dead letter gets a code without an error. */
function failureCode(call: ts.CallExpression): string | null {
  const [, code] = call.arguments
  const isFailure = ts.isIdentifier(call.expression) && call.expression.text === 'failure'
  return isFailure && code !== undefined && ts.isStringLiteral(code) ? code.text : null
}

/** Which way each condition goes; an object with conditions in it states one error for every way. */
type Choices = ReadonlyMap<string, boolean>

interface Parts {
  readonly code: ts.Expression
  readonly disposition: ts.Expression
  readonly nextStep: ts.Expression
}

function errorsOf(literal: ts.ObjectLiteralExpression, checker: ts.TypeChecker): StatedError[] {
  const code = memberOf(literal, 'code')
  const disposition = memberOf(literal, 'disposition')
  const nextStep = memberOf(literal, 'nextStep')
  if (code === null || disposition === null || nextStep === null) return []
  // Whatever the reason for a quarantine says is in a table of its own.
  if (isQuarantine(checker.getTypeAtLocation(code))) return []
  const parts = { code, disposition, nextStep }
  return waysOf(Object.values(parts)).flatMap((choices) => errorsOfWay(parts, choices, checker))
}

function errorsOfWay(parts: Parts, choices: Choices, checker: ts.TypeChecker): StatedError[] {
  const codes = wordsOfType(checker.getTypeAtLocation(chosen(parts.code, choices)))
  const [disposition = ''] = wordsOfType(checker.getTypeAtLocation(chosen(parts.disposition, choices)))
  const nextStep = textOf(chosen(parts.nextStep, choices), choices, checker)
  return codes.map((code) => ({ code, disposition, nextStep }))
}

function memberOf(literal: ts.ObjectLiteralExpression, name: string): ts.Expression | null {
  for (const member of literal.properties) {
    if (member.name === undefined || !ts.isIdentifier(member.name) || member.name.text !== name) continue
    if (ts.isPropertyAssignment(member)) return member.initializer
    if (ts.isShorthandPropertyAssignment(member)) return member.name
  }
  return null
}

function isQuarantine(type: ts.Type): boolean {
  return /^(?:Unusable|Quarantine)Reason$/.test(type.aliasSymbol?.name ?? '')
}

function waysOf(expressions: readonly ts.Expression[]): Choices[] {
  const conditions = new Set<string>()
  function note(node: ts.Node): void {
    if (ts.isConditionalExpression(node)) conditions.add(node.condition.getText())
    ts.forEachChild(node, note)
  }
  for (const expression of expressions) note(expression)
  let ways: Choices[] = [new Map()]
  for (const condition of conditions) {
    ways = ways.flatMap((way) => [true, false].map((choice) => new Map([...way, [condition, choice]])))
  }
  return ways
}

function chosen(expression: ts.Expression, choices: Choices): ts.Expression {
  if (ts.isParenthesizedExpression(expression)) return chosen(expression.expression, choices)
  if (!ts.isConditionalExpression(expression)) return expression
  const choice = choices.get(expression.condition.getText()) ?? true
  return chosen(choice ? expression.whenTrue : expression.whenFalse, choices)
}

function textOf(expression: ts.Expression, choices: Choices, checker: ts.TypeChecker): string {
  if (ts.isStringLiteralLike(expression)) return expression.text
  if (ts.isTemplateExpression(expression)) {
    return expression.head.text + expression.templateSpans.map((span) => `…${span.literal.text}`).join('')
  }
  const value = ts.isIdentifier(expression) ? constantBehind(expression, checker) : null
  return value === null ? '…' : textOf(chosen(value, choices), choices, checker)
}

function constantBehind(name: ts.Identifier, checker: ts.TypeChecker): ts.Expression | null {
  let symbol = checker.getSymbolAtLocation(name)
  if (symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0)
    symbol = checker.getAliasedSymbol(symbol)
  const declaration = symbol?.valueDeclaration
  const isConstant = declaration !== undefined && ts.isVariableDeclaration(declaration)
  return isConstant ? (declaration.initializer ?? null) : null
}

function wordsOfType(type: ts.Type): string[] {
  const members = type.isUnion() ? type.types : [type]
  return members.filter((member) => member.isStringLiteral()).map((member) => member.value)
}
