import { expect, test } from 'vitest'
import { mayBePublic } from '../../src/public-address.ts'

const inside = [
  ...[
    '127.0.0.1',
    '127.1',
    '0x7f000001',
    '0x7f.1',
    '2130706433',
    '0177.0.0.1',
    '127.0.0.1.',
    '127.8.9.10',
    '0',
    '0.0.0.0',
  ],
  ...[
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[0:0:0:0:0:ffff:7f00:1]',
  ],
  ...['10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', '169.254.169.254', '192.0.0.192', '198.18.0.1'],
  ...['224.0.0.1', '255.255.255.255', '%31%30.0.0.1', '１０.0.0.1', '10。0。0。1'],
  ...['[fd00::1]', '[fd00:ec2::254]', '[fe80::1]', '[fec0::1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::a00:1]'],
  ...['[::7f00:1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]', '[2001:db8::1]', '[ff02::1]'],
]

test.for(inside)('%s lies inside', (host) => {
  expect(mayBePublic(new URL(`http://${host}:8080/hook`).hostname)).toBe(false)
})

test.for(['93.184.216.34', '[2606:2800:220:1::1]', 'example.org', 'localhost.example.org', 'notlocalhost'])(
  '%s may be public',
  (host) => {
    expect(mayBePublic(new URL(`https://${host}/hook`).hostname)).toBe(true)
  },
)
