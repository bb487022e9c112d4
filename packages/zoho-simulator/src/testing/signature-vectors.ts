/** A delivery with the signature that it must carry. */
export interface SignatureVector {
  name: string
  query: Record<string, string>
  /** Null for a JSON body. */
  form: Record<string, string> | null
  rawBody: string
  signature: string
}

/** The secret of the vectors. */
export const vectorSecret = 'n0rthquayHookKey2026'

const body =
  '{"item":{"item_id":"573914000000101014","name":"Canvas tote 12 L","rate":14.5,"last_modified_time":"2026-07-21T16:03:55+0100"}}'

/** The published vectors for X-Zoho-Webhook-Signature. */
export const signatureVectors: readonly SignatureVector[] = [
  {
    name: 'json body, bare URL',
    query: {},
    form: null,
    rawBody: body,
    signature: '39992b8e6622005957e92859dafa7419dde6c0c87082de75a21fd0ec2f8c1bb3',
  },
  {
    name: 'json body, URL with query',
    query: { organization_id: '790412365', entity: 'item' },
    form: null,
    rawBody: body,
    signature: 'aa6d04dea874a70864078227705449b748ff9a990eb0444e9fdfbf427f85cae3',
  },
  {
    name: 'form body, one field',
    query: {},
    form: { JSONString: body },
    rawBody:
      'JSONString=%7B%22item%22%3A%7B%22item_id%22%3A%22573914000000101014%22%2C%22name%22%3A%22Canvas+tote+12+L%22%2C%22rate%22%3A14.5%2C%22last_modified_time%22%3A%222026-07-21T16%3A03%3A55%2B0100%22%7D%7D',
    signature: 'e4fd9e07e89e7d51d6c01c5c10b3ac0b577820ea1786bf9f2c960553b88ccd1d',
  },
  {
    name: 'form body plus query',
    query: { entity: 'item' },
    form: { JSONString: body },
    rawBody:
      'JSONString=%7B%22item%22%3A%7B%22item_id%22%3A%22573914000000101014%22%2C%22name%22%3A%22Canvas+tote+12+L%22%2C%22rate%22%3A14.5%2C%22last_modified_time%22%3A%222026-07-21T16%3A03%3A55%2B0100%22%7D%7D',
    signature: 'e456ba5cb62dedca3725391258141ce982993b64c0379d355b0d88811c8b28bc',
  },
]
