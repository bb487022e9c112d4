import type { Mutation, RecordType, TruthRecord } from '@tds/zoho-simulator'

/** What Zoho's rules see when somebody saves a record as it is: an edit that changes nothing, not even the version. */
export function savedRecord(type: RecordType, record: TruthRecord): Mutation {
  return {
    type,
    kind: 'update',
    id: record.id,
    change: null,
    version: record.version,
    versionMs: Date.parse(record.version.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')),
    detail: record.detail,
  }
}
