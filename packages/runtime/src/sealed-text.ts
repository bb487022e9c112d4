import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { TdsError } from './errors.ts'

/** Keys of an installation, 32 bytes each: the first one seals, every one opens, so that they can be changed one by one. */
export type SealingKeys = readonly [Buffer, ...Buffer[]]

/**
 * Encrypts a text that is kept in the database (AES-256-GCM). `boundTo` says where it is kept: it opens there only, so
 * that nobody can put one row's secret into another. Version and key id stand before it, readable.
 */
export function sealText([key]: SealingKeys, text: string, boundTo: string): string {
  const head = `${version}.${keyId(key)}`
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(boundBytes(head, boundTo))
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${head}.${sealed.toString('base64url')}`
}

/**
 * Opens what `sealText` made with any of the keys.
 * Throws TdsError `sealed_with_another_key` where none of them made it, `sealed_text_damaged` where it is not what was sealed there.
 */
export function openText(keys: SealingKeys, sealed: string, boundTo: string): string {
  const [, head = '', id = '', body = ''] = form.exec(sealed) ?? []
  if (body === '') throw damaged(boundTo)
  const key = keys.find((candidate) => keyId(candidate) === id)
  if (key === undefined) throw sealedWithAnotherKey(boundTo, { sealedWith: id, keys: keys.map(keyId) })
  const bytes = Buffer.from(body, 'base64url')
  // Letters whose last bits mean nothing would open in several spellings.
  if (bytes.toString('base64url') !== body) throw damaged(boundTo)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
    decipher.setAAD(boundBytes(head, boundTo)).setAuthTag(bytes.subarray(-tagBytes))
    return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    // What node says of it is no help, and nothing of the text may get out.
    throw damaged(boundTo)
  }
}

const version = 'v1'
const nonceBytes = 12
const tagBytes = 16
// At least a nonce and a tag: 28 bytes are 38 letters.
const form = /^((?:v1)\.([0-9a-f]{8}))\.([\w-]{38,})$/

/** Tells keys apart without telling anything about them. */
function keyId(key: Buffer): string {
  return createHash('sha256').update('tds sealing key').update(key).digest('hex').slice(0, 8)
}

function boundBytes(head: string, boundTo: string): Buffer {
  return Buffer.from(`${head}.${boundTo}`)
}

function sealedWithAnotherKey(boundTo: string, facts: Record<string, unknown>): TdsError {
  return new TdsError(`What is sealed as ${boundTo} was sealed with another key`, {
    code: 'sealed_with_another_key',
    disposition: 'reject',
    nextStep:
      'Put the key it was sealed with behind the present one in TDS_ENCRYPTION_KEY, separated by a comma; every daemon needs the same. If it is lost, delete the row.',
    facts: { boundTo, ...facts },
  })
}

function damaged(boundTo: string): TdsError {
  return new TdsError(`What is sealed as ${boundTo} is not what was sealed there`, {
    code: 'sealed_text_damaged',
    disposition: 'reject',
    nextStep: 'Find out who changed the row; then delete it, so that a new one is made.',
    facts: { boundTo },
  })
}
