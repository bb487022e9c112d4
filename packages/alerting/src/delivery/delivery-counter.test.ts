import { metricsRegistry } from '@tds/runtime'
import { slackReceiver } from '../receivers/slack/slack-receiver.ts'
import { deliveryWorld } from '../testing/delivery-world.ts'
import { startHttpPeer } from '../testing/http-peer.ts'
import { slackAnswers } from '../testing/provider-answers.ts'
import { tendOutbox } from './tend-outbox.ts'

it('counts what came of each attempt by way, and what was given up because of its age', async () => {
  const slack = await startHttpPeer(slackAnswers.ok)
  const world = await deliveryWorld([slackReceiver({ webhookUrl: `${slack.url}/x`, allowLoopback: true })])
  slack.willAnswer(slackAnswers.pause('5'))
  await world.queue({ integration: 'slack' })
  await world.pass('slack')
  expect(await counted()).toEqual({ pause: '1' })
  await world.clock.advance('7 seconds')
  await world.pass('slack')
  expect(await counted()).toEqual({ pause: '1', success: '1' })
  await world.queue({ integration: 'slack', expiresIn: '1 second' })
  await world.clock.advance('2 seconds')
  await tendOutbox(world.parts)
  expect(await counted()).toEqual({ pause: '1', success: '1', expired: '1' })
  await world.stop()
  await slack.stop()
})

async function counted(): Promise<Record<string, string>> {
  const lines = (await metricsRegistry.metrics()).matchAll(
    /^tds_notifications_total\{integration="slack",outcome="(\w+)"\} (\d+)$/gm,
  )
  return Object.fromEntries([...lines].map(([, outcome = '', count = '']) => [outcome, count]))
}
