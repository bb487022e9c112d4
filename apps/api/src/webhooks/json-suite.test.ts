import { createHash } from 'node:crypto'
import { startApiWorld, type ApiWorld, type TestAnswer } from '../testing/api-world.ts'
import { mostBlockedMs, watchEventLoop } from '../testing/event-loop-watch.ts'
import { jsonSuite, type SuiteFile } from '../testing/json-suite/json-suite.ts'

const suite = jsonSuite()

/** What becomes of a value inside a record: accepted with these flags, or quarantined for a reason. */
const accepted = 'accepted'

/** Where being JSON is not enough: which of two equal keys counts would be a guess, and Postgres stores no NUL. */
const specialY: Readonly<Record<string, string>> = {
  y_object_duplicated_key: 'duplicate_key',
  y_object_duplicated_key_and_value: 'duplicate_key',
  y_object_escaped_null_in_key: 'accepted nul_replaced',
  y_string_null_escape: 'accepted nul_replaced',
}

/** Files that are refused before they could turn out to be no JSON. */
const specialN: Readonly<Record<string, string>> = {
  n_structure_100000_opening_arrays: 'too_deep',
  n_structure_open_array_object: 'too_deep',
}

/** Files that as a whole body hold nothing at all. */
const nothingAtAll = ['n_single_space', 'n_structure_no_data', 'n_structure_UTF8_BOM_no_data']

/** What the standard leaves open, and what we make of it. */
const decided: Readonly<Record<string, string>> = {
  i_number_double_huge_neg_exp: 'number_range',
  i_number_huge_exp: 'number_range',
  i_number_neg_int_huge_exp: 'number_range',
  i_number_pos_double_huge_exp: 'number_range',
  i_number_real_neg_overflow: 'number_range',
  i_number_real_pos_overflow: 'number_range',
  i_number_real_underflow: 'number_range',
  i_number_too_big_neg_int: accepted,
  i_number_too_big_pos_int: accepted,
  i_number_very_big_negative_int: accepted,
  i_object_key_lone_2nd_surrogate: 'accepted surrogate_replaced',
  i_string_1st_surrogate_but_2nd_missing: 'accepted surrogate_replaced',
  i_string_1st_valid_surrogate_2nd_invalid: 'accepted surrogate_replaced',
  i_string_incomplete_surrogate_and_escape_valid: 'accepted surrogate_replaced',
  i_string_incomplete_surrogate_pair: 'accepted surrogate_replaced',
  i_string_incomplete_surrogates_escape_valid: 'accepted surrogate_replaced',
  i_string_invalid_lonely_surrogate: 'accepted surrogate_replaced',
  i_string_invalid_surrogate: 'accepted surrogate_replaced',
  'i_string_inverted_surrogates_U+1D11E': 'accepted surrogate_replaced',
  i_string_lone_second_surrogate: 'accepted surrogate_replaced',
  'i_string_UTF-16LE_with_BOM': 'not_utf8',
  'i_string_UTF-8_invalid_sequence': 'not_utf8',
  'i_string_UTF8_surrogate_U+D800': 'not_utf8',
  'i_string_invalid_utf-8': 'not_utf8',
  i_string_iso_latin_1: 'not_utf8',
  i_string_lone_utf8_continuation_byte: 'not_utf8',
  i_string_not_in_unicode_range: 'not_utf8',
  i_string_overlong_sequence_2_bytes: 'not_utf8',
  i_string_overlong_sequence_6_bytes: 'not_utf8',
  i_string_overlong_sequence_6_bytes_null: 'not_utf8',
  'i_string_truncated-utf-8': 'not_utf8',
  i_string_utf16BE_no_BOM: 'not_utf8',
  i_string_utf16LE_no_BOM: 'not_utf8',
  i_structure_500_nested_arrays: 'too_deep',
  // A mark may stand before a body, but not inside of one.
  'i_structure_UTF-8_BOM_empty_object': 'not_json',
}

let world: ApiWorld

beforeAll(async () => {
  world = await startApiWorld()
})
afterAll(async () => {
  await world.stop()
})

describe('B-26 the JSON suite', () => {
  it('B-26 is whole', () => {
    expect([files('y').length, files('n').length, files('i').length]).toEqual([95, 188, 35])
  })

  it('B-26 the 95 files that must be accepted are accepted inside a record', async () => {
    expect(await outcomesOf(files('y'), insideRecord)).toEqual(
      expectedOf(files('y'), ({ name }) => specialY[name] ?? accepted),
    )
  })

  it('B-26 the 95 files that must be accepted are never called no JSON as a body, but names no record', async () => {
    const outcomes = await outcomesOf(files('y'), alone)
    const allowed = new Set(['not_object', 'no_id', 'batch', 'duplicate_key'])
    expect(Object.entries(outcomes).filter(([, outcome]) => !allowed.has(outcome))).toEqual([])
  })

  it('B-26 the 188 files that must be refused are quarantined inside a record', async () => {
    expect(await outcomesOf(files('n'), insideRecord)).toEqual(
      expectedOf(files('n'), (file) => specialN[file.name] ?? refusal(file)),
    )
  })

  it('B-26 the 188 files that must be refused are quarantined as a body', async () => {
    expect(await outcomesOf(files('n'), alone)).toEqual(
      expectedOf(files('n'), (file) =>
        nothingAtAll.includes(file.name) ? 'empty' : (specialN[file.name] ?? refusal(file)),
      ),
    )
  })

  it('B-26 the 35 files that the standard leaves open become what the table says', async () => {
    expect(await outcomesOf(files('i'), insideRecord)).toEqual(decided)
  })
})

function files(kind: SuiteFile['kind']): SuiteFile[] {
  return suite.filter((file) => file.kind === kind)
}

function expectedOf(
  of: readonly SuiteFile[],
  outcomeOf: (file: SuiteFile) => string,
): Record<string, string> {
  return Object.fromEntries(of.map((file) => [file.name, outcomeOf(file)]))
}

/** The text decoder of the platform says which bytes are no UTF-8. */
function refusal({ bytes }: SuiteFile): 'not_utf8' | 'not_json' {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return 'not_json'
  } catch {
    return 'not_utf8'
  }
}

function alone({ bytes }: SuiteFile): Buffer {
  return bytes
}

function insideRecord({ name, bytes }: SuiteFile): Buffer {
  const id = String(1 + suite.findIndex((file) => file.name === name))
  const head = `{"item":{"item_id":"${id}","last_modified_time":"2026-07-21T16:03:55Z","value":`
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from('}}')])
}

/** Delivers each file and says what became of it; answers, bytes kept and jobs are claimed on the way. */
async function outcomesOf(
  of: readonly SuiteFile[],
  bodyOf: (file: SuiteFile) => Buffer,
): Promise<Record<string, string>> {
  await world.clear()
  const watch = watchEventLoop()
  const answers = new Map<SuiteFile, TestAnswer>()
  for (const file of of) answers.set(file, await world.deliver('/webhooks/products', bodyOf(file)))
  const blockedMs = await watch.end()
  const rows = new Map((await world.rows()).map((row) => [row['id'], row]))
  const jobs = new Set(await world.eventsInJobs())
  const outcomes: Record<string, string> = {}
  for (const [file, { status, body }] of answers) {
    const row = rows.get(body['eventId']) ?? {}
    const isAccepted = row['status'] === 'pending'
    const outcome = isAccepted ? { status: accepted } : { status: 'quarantined', reason: row['error_code'] }
    // Two files are the same bytes as one before them.
    expect(body).toMatchObject(status === 200 ? { status: 'duplicate' } : outcome)
    expect([200, 202]).toContain(status)
    expect(sha256(row['raw_body'] as Buffer)).toBe(sha256(bodyOf(file)))
    expect(jobs.has(String(row['id']))).toBe(isAccepted)
    const flags = row['flags'] as string[]
    outcomes[file.name] = isAccepted ? [accepted, ...flags].join(' ') : String(row['error_code'])
  }
  // What one of the files does it does again; what the machine does it mostly does once.
  const leastMs = blockedMs < mostBlockedMs ? blockedMs : Math.min(blockedMs, await blockedBy(of, bodyOf))
  expect(leastMs).toBeLessThan(mostBlockedMs)
  return outcomes
}

async function blockedBy(of: readonly SuiteFile[], bodyOf: (file: SuiteFile) => Buffer): Promise<number> {
  const watch = watchEventLoop()
  for (const file of of) await world.deliver('/webhooks/products', bodyOf(file))
  return watch.end()
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
