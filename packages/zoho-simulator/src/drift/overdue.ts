import { textOf } from '../exact/fields.ts'
import type { WorldRecord } from '../world/collection.ts'
import { kinds } from '../world/kinds.ts'
import type { OverdueRule } from '../world/record-kind.ts'
import { recordTypes } from '../world/record-type.ts'
import type { World } from '../world/world.ts'
import type { SilentChanges } from './silent-changes.ts'

/** Turns open documents overdue whose due date is past, and overdue ones back that are due later after all. */
export function settleOverdue(world: World, silent: SilentChanges): void {
  const today = world.zone.date(world.clock.nowMs())
  for (const type of recordTypes) {
    const { overdue } = kinds[type]
    if (overdue === undefined) continue
    for (const record of world.collections[type].living()) {
      const status = statusOf(record, overdue, today)
      if (status === record.detail['status']) continue
      silent.set(type, record.id, { cause: 'calendar', fields: { status, current_sub_status: status } })
    }
  }
}

function statusOf({ detail }: WorldRecord, { open, notYetDue }: OverdueRule, today: string): string {
  const status = textOf(detail, 'status')
  const late = textOf(detail, 'due_date') < today
  if (late && open.includes(status)) return 'overdue'
  return !late && status === 'overdue' ? notYetDue : status
}
