// OneTable: a table made from its schema, entities with templates, indexes, batches, transactions, expiry.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Table } from 'dynamodb-onetable'
import { startInMemory } from '../../support/stator_server.mjs'

const schema = {
  format: 'onetable:1.1.0', version: '0.0.1',
  indexes: {
    primary: { hash: 'pk', sort: 'sk' }, gs1: { hash: 'gs1pk', sort: 'gs1sk', project: 'all' }, ls1: { type: 'local', sort: 'id', project: 'all' },
  },
  models: {
    Account: {
      pk: { type: String, value: 'account:${id}' }, sk: { type: String, value: 'account:' }, id: { type: String, generate: 'ulid' },
      name: { type: String, required: true, unique: true }, status: { type: String, default: 'active', enum: ['active', 'closed'] },
      gs1pk: { type: String, value: 'account:' }, gs1sk: { type: String, value: 'account:${name}' }, balance: { type: Number, default: 0 },
      expires: { type: Date, ttl: true }, labels: { type: Set },
    },
    User: {
      pk: { type: String, value: 'account:${accountId}' }, sk: { type: String, value: 'user:${email}' }, id: { type: String, generate: 'uuid' },
      accountId: { type: String, required: true }, email: { type: String, required: true }, age: { type: Number },
      address: { type: Object, default: {}, schema: { street: { type: String }, zip: { type: Number } } },
      gs1pk: { type: String, value: 'user:' }, gs1sk: { type: String, value: 'user:${email}' },
    },
  },
  params: { isoDates: true, timestamps: true, typeField: 'type' },
}

let server
let table

before(async () => {
  server = await startInMemory()
  table = new Table({ client: new DynamoDBClient(server.clientOptions), name: 'saas', schema, partial: true })
})

after(() => server.stop())

test('a program that keeps accounts and their users', async () => {
  assert.equal(await table.exists(), false)
  await table.createTable({ BillingMode: 'PAY_PER_REQUEST' })
  assert.equal(await table.exists(), true)
  const Account = table.getModel('Account')
  const User = table.getModel('User')
  const acme = await Account.create({ name: 'Acme', labels: new Set(['a', 'b']), expires: new Date('2099-01-01') })
  await assert.rejects(Account.create({ name: 'Acme' }), { code: 'UniqueError' })
  assert.deepEqual([acme.status, acme.balance, acme.expires.toISOString()], ['active', 0, '2099-01-01T00:00:00.000Z'])
  for (let n = 0; n < 12; ++n) await User.create({ accountId: acme.id, email: `u${String(n).padStart(2, '0')}@acme.org`, age: 20 + n })
  const user = await User.get({ accountId: acme.id, email: 'u03@acme.org' })
  assert.deepEqual([user.age, typeof user.created.getTime()], [23, 'number'])
  const changed = await User.update({ accountId: acme.id, email: 'u03@acme.org', address: { zip: 3511 } }, { add: { age: 1 }, set: { 'address.street': 'Oudegracht' } })
  assert.deepEqual([changed.age, changed.address], [24, { street: 'Oudegracht', zip: 3511 }])
  await assert.rejects(User.update({ accountId: acme.id, email: 'none@acme.org', age: 1 }), (error) => /exist|condition/i.test(error.message))
  let page = await User.find({ accountId: acme.id, sk: { begins: 'user:u' } }, { limit: 5 })
  const seen = page.map((each) => each.email)
  while (page.next) {
    page = await User.find({ accountId: acme.id, sk: { begins: 'user:u' } }, { limit: 5, next: page.next })
    seen.push(...page.map((each) => each.email))
  }
  assert.deepEqual(seen, Array.from({ length: 12 }, (_, n) => `u${String(n).padStart(2, '0')}@acme.org`))
  const older = await User.find({ accountId: acme.id }, { where: '${age} > {28} and attribute_exists(${email})', reverse: true })
  assert.deepEqual(older.map((each) => each.age), [31, 30, 29])
  const byIndex = await User.find({ gs1pk: 'user:', gs1sk: { between: ['user:u02', 'user:u04'] } }, { index: 'gs1', follow: true })
  assert.deepEqual(byIndex.map((each) => each.email), ['u02@acme.org', 'u03@acme.org'])
  const everything = await table.fetch(['Account', 'User'], { pk: `account:${acme.id}` })
  assert.deepEqual([everything.Account.length, everything.User.length], [1, 12])
  assert.equal((await User.scan({}, { count: true })).count, 12)

  const batch = {}
  for (let n = 0; n < 5; ++n) await User.create({ accountId: acme.id, email: `b${n}@acme.org` }, { batch, exists: null })
  await table.batchWrite(batch)
  const reads = {}
  for (let n = 0; n < 3; ++n) await User.get({ accountId: acme.id, email: `b${n}@acme.org` }, { batch: reads })
  assert.equal((await table.batchGet(reads, { parse: true, hidden: false })).length, 3)

  const transaction = {}
  await Account.update({ id: acme.id, name: 'Acme Ltd' }, { transaction })
  await User.remove({ accountId: acme.id, email: 'b0@acme.org' }, { transaction })
  await table.transact('write', transaction)
  assert.equal((await Account.get({ id: acme.id })).name, 'Acme Ltd')
  await Account.create({ name: 'Acme' })
  const failing = {}
  await User.create({ accountId: acme.id, email: 'u00@acme.org' }, { transaction: failing })
  await User.remove({ accountId: acme.id, email: 'u01@acme.org' }, { transaction: failing })
  await assert.rejects(table.transact('write', failing))
  assert.notEqual(await User.get({ accountId: acme.id, email: 'u01@acme.org' }), undefined)
  await Account.update({ id: acme.id, status: 'closed' }, { where: '${status} = {active}', add: { balance: 10 } })
  await assert.rejects(Account.update({ id: acme.id, status: 'closed' }, { where: '${status} = {active}', throw: true }))
  await User.remove({ accountId: acme.id }, { many: true, where: '${age} > {0}' })
  assert.equal((await User.find({ accountId: acme.id })).length, 4)
  await table.deleteTable('DeleteTableForever')
  assert.equal(await table.exists(), false)
})
