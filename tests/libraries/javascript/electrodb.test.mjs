// ElectroDB: two entities in one table, collections, conditions, pages, batches and transactions.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Entity, Service } from 'electrodb'
import { startInMemory } from '../../support/stator_server.mjs'

let server
let shop

before(async () => {
  server = await startInMemory()
  const client = new DynamoDBClient(server.clientOptions)
  const key = (name) => ({ AttributeName: name, AttributeType: 'S' })
  await client.send(new CreateTableCommand({
    TableName: 'shop', BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: ['pk', 'sk', 'gsi1pk', 'gsi1sk'].map(key),
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, { AttributeName: 'sk', KeyType: 'RANGE' }],
    GlobalSecondaryIndexes: [{
      IndexName: 'gsi1', Projection: { ProjectionType: 'ALL' },
      KeySchema: [{ AttributeName: 'gsi1pk', KeyType: 'HASH' }, { AttributeName: 'gsi1sk', KeyType: 'RANGE' }],
    }],
  }))
  const customers = new Entity({
    model: { entity: 'customer', version: '1', service: 'shop' },
    attributes: {
      id: { type: 'string', required: true }, name: { type: 'string', required: true }, email: { type: 'string' },
      points: { type: 'number', default: 0 }, tags: { type: 'set', items: 'string' },
      address: { type: 'map', properties: { city: { type: 'string' }, zip: { type: 'string' } } },
    },
    indexes: {
      byId: { collection: 'account', pk: { field: 'pk', composite: ['id'] }, sk: { field: 'sk', composite: [] } },
    },
  })
  const orders = new Entity({
    model: { entity: 'order', version: '1', service: 'shop' },
    attributes: {
      id: { type: 'string', required: true }, order: { type: 'string', required: true },
      status: { type: ['new', 'paid', 'shipped'], default: 'new' }, total: { type: 'number' },
      lines: { type: 'list', items: { type: 'map', properties: { sku: { type: 'string' }, count: { type: 'number' } } } },
      at: { type: 'string', required: true },
    },
    indexes: {
      ofCustomer: { collection: 'account', pk: { field: 'pk', composite: ['id'] }, sk: { field: 'sk', composite: ['order'] } },
      byStatus: { index: 'gsi1', pk: { field: 'gsi1pk', composite: ['status'] }, sk: { field: 'gsi1sk', composite: ['at'] } },
    },
  })
  shop = new Service({ customers, orders }, { client, table: 'shop' })
})

after(() => server.stop())

test('a program that keeps customers and their orders', async () => {
  const { customers, orders } = shop.entities
  await customers.create({ id: 'ann', name: 'Ann', email: 'ann@example.org', tags: ['vip'], address: { city: 'Utrecht', zip: '3511' } }).go()
  await assert.rejects(customers.create({ id: 'ann', name: 'Another' }).go(), /conditional request failed/)
  for (let n = 0; n < 30; ++n) {
    await orders.put({ id: 'ann', order: `o${String(n).padStart(3, '0')}`, total: n * 1.5, at: `2026-01-${String(n % 28 + 1).padStart(2, '0')}`,
      lines: [{ sku: `s${n}`, count: n }] }).go()
  }
  assert.deepEqual((await orders.get({ id: 'ann', order: 'o003' }).go()).data.lines, [{ sku: 's3', count: 3 }])
  const account = await shop.collections.account({ id: 'ann' }).go({ pages: 'all' })
  assert.deepEqual([account.data.customers.length, account.data.orders.length], [1, 30])

  const updated = await customers.update({ id: 'ann' }).add({ points: 5 }).add({ tags: ['early'] }).data((attributes, { set }) => set(attributes.address.city, 'Delft'))
    .where(({ points }, { eq }) => eq(points, 0)).go({ response: 'all_new' })
  assert.deepEqual([updated.data.points, [...updated.data.tags].sort(), updated.data.address.city], [5, ['early', 'vip'], 'Delft'])
  await assert.rejects(customers.patch({ id: 'nobody' }).set({ name: 'x' }).go(), /conditional request failed/)
  await customers.upsert({ id: 'bob', name: 'Bob' }).go()
  assert.equal((await customers.get({ id: 'bob' }).go()).data.name, 'Bob')

  const seen = []
  let cursor = null
  do {
    const page = await orders.query.ofCustomer({ id: 'ann' }).gte({ order: 'o005' }).go({ cursor, limit: 7 })
    seen.push(...page.data.map((order) => order.order))
    cursor = page.cursor
  } while (cursor)
  assert.deepEqual(seen, Array.from({ length: 25 }, (_, n) => `o${String(n + 5).padStart(3, '0')}`))
  const dear = await orders.query.byStatus({ status: 'new' }).between({ at: '2026-01-10' }, { at: '2026-01-20' })
    .where(({ total }, { gt }) => gt(total, 20)).go({ pages: 'all', order: 'desc' })
  assert.deepEqual(dear.data.map((order) => order.order), ['o019', 'o018', 'o017', 'o016', 'o015', 'o014'])
  const begins = await orders.query.ofCustomer({ id: 'ann' }).begins({ order: 'o01' }).go({ attributes: ['order', 'total'] })
  assert.deepEqual(begins.data[1], { order: 'o011', total: 16.5 })
  const scanned = await orders.scan.where(({ lines }, { exists }) => exists(lines)).go({ pages: 'all' })
  assert.equal(scanned.data.length, 30)

  const several = await orders.get([{ id: 'ann', order: 'o001' }, { id: 'ann', order: 'none' }]).go()
  assert.deepEqual([several.data.length, several.unprocessed.length], [1, 0])
  await orders.delete(Array.from({ length: 26 }, (_, n) => ({ id: 'ann', order: `o${String(n + 4).padStart(3, '0')}` }))).go({ concurrency: 2 })
  assert.equal((await orders.query.ofCustomer({ id: 'ann' }).go({ pages: 'all' })).data.length, 4)

  const paid = await shop.transaction.write(({ customers, orders }) => [
    orders.patch({ id: 'ann', order: 'o001' }).set({ status: 'paid' }).where(({ status }, { eq }) => eq(status, 'new')).commit(),
    customers.patch({ id: 'ann' }).subtract({ points: 5 }).commit(),
  ]).go()
  assert.equal(paid.canceled, false)
  const again = await shop.transaction.write(({ customers, orders }) => [
    orders.patch({ id: 'ann', order: 'o001' }).set({ status: 'paid' }).where(({ status }, { eq }) => eq(status, 'new')).commit({ response: 'all_old' }),
    customers.check({ id: 'ann' }).where(({ points }, { eq }) => eq(points, 0)).commit(),
  ]).go()
  assert.deepEqual([again.canceled, again.data.map((each) => each.code)], [true, ['ConditionalCheckFailed', 'None']])
  assert.equal(again.data[0].item.status, 'paid')
  const read = await shop.transaction.get(({ customers, orders }) => [
    customers.get({ id: 'ann' }).commit(), orders.get({ id: 'ann', order: 'o001' }).commit(),
  ]).go()
  assert.deepEqual(read.data.map((each) => each.item?.points ?? each.item?.status), [0, 'paid'])
  const removed = await customers.remove({ id: 'bob' }).go({ response: 'all_old' })
  assert.equal(removed.data.name, 'Bob')
})
