import { objectsOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Change, ChangeContext } from './record-kind.ts'

/** How a kind of document deals with its lines. */
export interface LineRules {
  /** A further line for this document. */
  add(detail: JsonObject, context: ChangeContext): JsonObject
  /** The line with another quantity, rate or the like. */
  change(line: JsonObject, detail: JsonObject, context: ChangeContext): JsonObject
  /** Every field of the document that follows from its lines, the lines included. */
  withLines(detail: JsonObject, lines: JsonObject[], context: ChangeContext): JsonObject
}

/** The four changes that every document with lines knows. */
export function lineChanges(rules: LineRules): Record<string, Change> {
  return {
    'add-line': (detail, context) =>
      rules.withLines(detail, [...objectsOf(detail, 'line_items'), rules.add(detail, context)], context),
    'remove-line': (detail, context) => {
      const lines = objectsOf(detail, 'line_items')
      if (lines.length < 2) return null
      const removed = context.random.between(0, lines.length - 1)
      return rules.withLines(
        detail,
        lines.filter((_, index) => index !== removed),
        context,
      )
    },
    'reorder-lines': (detail, context) => {
      const lines = objectsOf(detail, 'line_items')
      const [first, ...rest] = lines
      return first === undefined || rest.length === 0
        ? null
        : rules.withLines(detail, [...rest, first], context)
    },
    'change-line': (detail, context) => {
      const lines = objectsOf(detail, 'line_items')
      if (lines.length === 0) return null
      const changed = context.random.between(0, lines.length - 1)
      return rules.withLines(
        detail,
        lines.map((line, index) => (index === changed ? rules.change(line, detail, context) : line)),
        context,
      )
    },
  }
}
