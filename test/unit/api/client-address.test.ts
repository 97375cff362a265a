import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { cameByTls, clientAddress } from '../../../src/api/client-address.ts'

async function addressOf(hops: number, peer: string, headers: { [name: string]: string } = {}) {
  const app = new Hono().get('/', (c) => c.json({ address: clientAddress(c, hops), tls: cameByTls(c, hops) }))
  const incoming = { socket: { remoteAddress: peer } }
  return (await app.request('/', { headers }, { incoming })).json()
}

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['', 'unknown'],
])('the peer %s counts as the client %s', async (peer, address) => {
  expect(await addressOf(0, peer)).toMatchObject({ address })
})

test('what a client writes itself is not believed, with or without proxies', async () => {
  const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.5', 'x-forwarded-proto': 'https' }
  expect(await addressOf(0, '192.0.2.7', headers)).toEqual({ address: '192.0.2.7', tls: false })
  expect(await addressOf(1, '10.0.0.1', headers)).toEqual({ address: '203.0.113.5', tls: true })
  expect(await addressOf(2, '10.0.0.1', headers)).toMatchObject({ address: '198.51.100.1' })
})

test.each(['', 'nonsense', '203.0.113.5:80', '"[2001:db8::1]"', ','])(
  'a list of proxies that reads %j gives the address of the peer',
  async (list) => {
    expect(await addressOf(1, '10.0.0.1', { 'x-forwarded-for': list })).toMatchObject({ address: '10.0.0.1' })
  },
)
