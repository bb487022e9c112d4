import { choice, count, flag, share } from './switch.ts'

/** What lists and details look like, where Zoho’s practice is not known or differs. */
export const answerSwitches = {
  hideInactive: flag(false, 'Whether lists hide inactive records while no filter_by is sent.'),
  lastModifiedFilter: choice(
    ['documented', 'everywhere'],
    'Where last_modified_time is honoured: on the lists that document it, or on every list.',
  ),
  defaultPerPage: count(200, 'Rows of a page while no per_page is sent; newer documents say 10.', 1),
  adjustmentRows: choice(
    ['live', 'documented'],
    'Rows of stock adjustments as recorded, or as documented: without status and times.',
  ),
  locationNames: choice(
    ['location', 'warehouse'],
    'Whether the keys of answers and webhooks speak of locations, or of warehouses as older ones do.',
  ),
  notThereCode: choice([1002, 5], 'The code by which a detail says that a record is not there.'),
  wrongOrganizationCode: choice([57, 2], 'The code, under status 400, for another organisation.'),
  detailLagMs: count(
    0,
    'How long a detail shows the state before a change, in milliseconds of the simulator’s clock.',
  ),
  detailLagReads: count(0, 'How many reads of a detail show the state before a change.'),
  pageShifts: share(0, 'How often a record of an earlier page moves before a later page is read.'),
}
