import type { RecordKind, Root } from '../world/record-kind.ts'
import { notThere, success, type Answer } from './answer.ts'
import type { ApiParts } from './call.ts'

/** Answers a detail, perhaps as it was before; a deleted record is as little there as one that never was. */
export function answerDetail(
  { kind, id, root }: { kind: RecordKind; id: string; root: Root },
  { world, switches, lag }: ApiParts,
): Answer {
  const record = lag.shown(kind.type, id)
  if (record === undefined || record.deleted) return notThere(kind.noun, switches.notThereCode)
  return success({ [kind.wrapper]: kind.detail(record, { world, root }) })
}
