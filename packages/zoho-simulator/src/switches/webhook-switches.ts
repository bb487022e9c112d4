import { count, limit, share } from './switch.ts'

/** How webhooks are delivered. */
export const webhookSwitches = {
  webhooksPerDay: limit(
    null,
    'Webhooks of the organisation’s local day; what is over is not sent. Zoho’s cap is 1,000.',
  ),
  webhookRetries: count(0, 'The retry policy: how often a failed webhook is sent again.'),
  webhookRetryDelayMs: count(1000, 'The pause before the first of those retries, in milliseconds.'),
  webhookRetryFactor: count(2, 'By how much each further pause is longer.', 1),
  webhooksLost: share(0, 'Share of the webhooks that are never sent, without a trace in any log.'),
}
