import { aDelivery } from '../testing/messages.ts'
import { isPublicAddress } from './addresses.ts'
import { slackReceiver } from './slack/slack-receiver.ts'

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '149.154.167.220'])('takes %s', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fd00::1',
    'fe80::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    'localhost',
    '',
  ])('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })
})

describe('a receiver whose address is not public', () => {
  it.each([
    'https://10.0.0.1/x',
    'https://169.254.169.254/x',
    'https://[::ffff:127.0.0.1]/x',
    'https://127.0.0.1/x',
  ])('is broken before anything is sent: %s', async (webhookUrl) => {
    const receiver = slackReceiver({ webhookUrl, allowLoopback: false })
    expect(await receiver.deliver(aDelivery())).toMatchObject({ class: 'broken', providerStatus: null })
  })
})
