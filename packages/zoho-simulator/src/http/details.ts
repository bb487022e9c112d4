import type { RecordKind, Root } from '../world/record-kind.ts'
import { notThere, success, type Answer } from './answer.ts'
import type { ApiParts } from './call.ts'

/** Answers a detail; a deleted record is as little there as one that never was. */
export function answerDetail(
  { kind, id, root }: { kind: RecordKind; id: string; root: Root },
  { world, settings }: ApiParts,
): Answer {
  const record = world.collections[kind.type].get(id)
  if (record === undefined || record.deleted) return notThere(kind.noun, settings.notThereCode)
  return success({ [kind.wrapper]: kind.detail(record, { world, root }) })
}
