import { type Simulator, signDelivery } from '@tds/zoho-simulator'

/** What a webhook was answered. */
export interface HookAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

/** A delivery that no Zoho would make, or not in this way. */
export interface HandMadeDelivery {
  /** Path behind `/webhooks`, query included. */
  readonly path: string
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly method?: string
  readonly contentType?: string
  /** Default: the signature that Zoho would send; null sends none. */
  readonly signature?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a delivery made by hand; throws when there is no answer within ten seconds. */
export async function deliver(
  to: { readonly apiUrl: string; readonly simulator: Simulator },
  delivery: HandMadeDelivery,
): Promise<HookAnswer> {
  const url = new URL(`/webhooks${delivery.path}`, to.apiUrl)
  const contentType = delivery.contentType ?? 'application/json;charset=UTF-8'
  const signature =
    delivery.signature === undefined
      ? signatureOf(to.simulator, url, { ...delivery, contentType })
      : delivery.signature
  const method = delivery.method ?? 'POST'
  const response = await fetch(url, {
    method,
    headers: {
      'Content-Type': contentType,
      ...(signature === null ? {} : { 'X-Zoho-Webhook-Signature': signature }),
      ...delivery.headers,
    },
    ...(method === 'GET' ? {} : { body: delivery.body }),
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  }
}

function signatureOf(simulator: Simulator, url: URL, { contentType, body }: HandMadeDelivery): string {
  const isForm = contentType?.startsWith('application/x-www-form-urlencoded') ?? false
  return signDelivery({
    secret: simulator.access.webhookSecret ?? '',
    query: url.searchParams,
    form: isForm ? new URLSearchParams(String(body)) : [],
    body: isForm ? '' : body,
  })
}
