import { kinds } from '../world/kinds.ts'
import type { RecordKind } from '../world/record-kind.ts'
import { recordTypes } from '../world/record-type.ts'

/** One webhook for every kind of record that Zoho can watch, and its rule of the same number. */
export function watchedKinds(): { kind: RecordKind; number: string }[] {
  return recordTypes.flatMap((type, index) =>
    type === 'price_list' ? [] : [{ kind: kinds[type], number: String(index + 1).padStart(2, '0') }],
  )
}

/** The id of the webhook that tells of one type. */
export function webhookId(type: string): string {
  const watched = watchedKinds().find(({ kind }) => kind.type === type)
  return `4603200000800000${watched?.number ?? '00'}`
}
