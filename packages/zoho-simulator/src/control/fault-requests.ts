import type { Json } from '../exact/json.ts'
import type { FaultRule } from '../faults/fault-book.ts'
import { faultParameters } from '../faults/fault.ts'
import { faultNames } from '../faults/faults.ts'
import { readInput, required } from './input.ts'

/** Reads a rule; its fields are those of the FaultRule type. */
export function readFaultRule(body: Json): FaultRule {
  const fields = [
    'fault',
    'path',
    'method',
    'after',
    'next',
    'share',
    'seed',
    'forSeconds',
    ...faultParameters,
  ]
  const input = readInput(body, fields)
  return {
    fault: required('fault', input.oneOf('fault', faultNames)),
    path: input.text('path'),
    method: input.oneOf('method', ['GET', 'POST']),
    after: input.whole('after'),
    next: input.count('next'),
    share: input.number('share'),
    seed: input.text('seed'),
    forSeconds: input.number('forSeconds'),
    ...Object.fromEntries(faultParameters.map((name) => [name, input.whole(name)])),
  }
}

/** Reads `{fault?, tokens?, seconds?}`. */
export function readDownRequest(body: Json): FaultRule {
  const input = readInput(body, ['fault', 'tokens', 'seconds'])
  return {
    fault: input.oneOf('fault', faultNames) ?? 'html-page',
    path: input.flag('tokens') === false ? undefined : '*',
    forSeconds: input.number('seconds'),
  }
}
