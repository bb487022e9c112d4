import { createHash } from 'node:crypto'

/**
 * The key under which demo, development and tests keep secrets. It protects nothing and is the same in every run, so
 * that a database that outlives the run still opens.
 */
export const knownEncryptionKey = createHash('sha256').update('tds, not for production').digest('hex')
