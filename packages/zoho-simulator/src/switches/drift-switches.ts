import { flag } from './switch.ts'

/** What moves without a new version, as in Zoho. */
export const driftSwitches = {
  balancesFollowDocuments: flag(
    false,
    'Whether a change of a document silently moves the balances and credits of its contact.',
  ),
  stockFollowsDocuments: flag(false, 'Whether a change of a document silently moves the stock of its items.'),
  overdueByCalendar: flag(
    false,
    'Whether open invoices and bills silently become overdue once their due date is past.',
  ),
}
