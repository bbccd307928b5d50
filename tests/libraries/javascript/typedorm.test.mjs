// TypeDORM: entities with decorators (applied by hand, as this is not TypeScript), unique attributes, indexes,
// transactions, batches.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { startInMemory } from '../../support/stator_server.mjs'

// Node cannot load its ES modules (their import paths lack file extensions).
const require = createRequire(import.meta.url)
require('reflect-metadata')
const { Attribute, AutoGenerateAttribute, AUTO_GENERATE_ATTRIBUTE_STRATEGY, Entity, INDEX_TYPE, Table } = require('@typedorm/common')
const {
  ReadTransaction, WriteBatch, WriteTransaction, createConnection, getBatchManager, getEntityManager, getScanManager, getTransactionManger,
} = require('@typedorm/core')
const { DocumentClientV3 } = require('@typedorm/document-client')

const decorate = (type, name, kind, decorator) => {
  Reflect.defineMetadata('design:type', kind, type.prototype, name)
  decorator(type.prototype, name)
}

class Organisation {}
class User {}

let server

before(async () => {
  server = await startInMemory()
  const client = new DynamoDBClient(server.clientOptions)
  const keys = ['PK', 'SK', 'GSI1PK', 'GSI1SK']
  const schema = (hash, range) => [{ AttributeName: hash, KeyType: 'HASH' }, { AttributeName: range, KeyType: 'RANGE' }]
  await client.send(new CreateTableCommand({
    TableName: 'org', BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: schema('PK', 'SK'), GlobalSecondaryIndexes: [{ IndexName: 'GSI1', KeySchema: schema('GSI1PK', 'GSI1SK'), Projection: { ProjectionType: 'ALL' } }],
  }))
  const table = new Table({ name: 'org', partitionKey: 'PK', sortKey: 'SK', indexes: { GSI1: { type: INDEX_TYPE.GSI, partitionKey: 'GSI1PK', sortKey: 'GSI1SK' } } })
  decorate(Organisation, 'id', String, AutoGenerateAttribute({ strategy: AUTO_GENERATE_ATTRIBUTE_STRATEGY.UUID4 }))
  decorate(Organisation, 'name', String, Attribute({ unique: true }))
  decorate(Organisation, 'seats', Number, Attribute({ default: 5 }))
  Entity({ name: 'organisation', primaryKey: { partitionKey: 'ORG#{{id}}', sortKey: 'ORG#{{id}}' } })(Organisation)
  decorate(User, 'id', String, Attribute())
  decorate(User, 'org', String, Attribute())
  decorate(User, 'status', String, Attribute())
  decorate(User, 'age', Number, Attribute())
  Entity({
    name: 'user', primaryKey: { partitionKey: 'ORG#{{org}}', sortKey: 'USER#{{id}}' },
    indexes: { GSI1: { partitionKey: 'STATUS#{{status}}', sortKey: 'USER#{{id}}', type: INDEX_TYPE.GSI } },
  })(User)
  createConnection({ table, entities: [Organisation, User], documentClient: new DocumentClientV3(client) })
})

after(() => server.stop())

test('a program that keeps organisations and users', async () => {
  const manager = getEntityManager()
  const acme = await manager.create(Object.assign(new Organisation(), { name: 'Acme' }))
  assert.equal(acme.seats, 5)
  await assert.rejects(manager.create(Object.assign(new Organisation(), { name: 'Acme' })))
  for (let n = 0; n < 12; ++n) await manager.create(Object.assign(new User(), { id: `u${String(n).padStart(2, '0')}`, org: acme.id, status: n % 3 ? 'active' : 'away', age: 20 + n }))
  assert.equal((await manager.findOne(User, { org: acme.id, id: 'u04' })).age, 24)
  assert.equal(await manager.exists(Organisation, { name: 'Acme' }), true)
  const changed = await manager.update(User, { org: acme.id, id: 'u04' }, { age: { ADD: 2 }, status: 'away' }, { where: { age: { EQ: 24 } } })
  assert.deepEqual([changed.age, changed.status], [26, 'away'])
  await assert.rejects(manager.update(User, { org: acme.id, id: 'u04' }, { age: 1 }, { where: { age: { EQ: 24 } } }), { name: 'ConditionalCheckFailedException' })
  const first = await manager.find(User, { org: acme.id }, { keyCondition: { BEGINS_WITH: 'USER#' }, limit: 5 })
  const rest = await manager.find(User, { org: acme.id }, { keyCondition: { BEGINS_WITH: 'USER#' }, cursor: first.cursor })
  assert.deepEqual([first.items.length, rest.items.length], [5, 7])
  const away = await manager.find(User, { status: 'away' }, { queryIndex: 'GSI1', orderBy: 'DESC', where: { age: { GT: 21 } } })
  assert.deepEqual(away.items.map((user) => user.id), ['u09', 'u06', 'u04', 'u03'])
  assert.equal(await manager.count(User, { org: acme.id }, { keyCondition: { BEGINS_WITH: 'USER#' } }), 12)
  await manager.update(Organisation, { id: acme.id }, { name: 'Acme Ltd' })
  assert.equal(await manager.exists(Organisation, { name: 'Acme' }), false)
  await manager.create(Object.assign(new Organisation(), { name: 'Acme' }))

  await getTransactionManger().write(new WriteTransaction()
    .addCreateItem(Object.assign(new User(), { id: 't1', org: acme.id, status: 'new', age: 1 }))
    .addUpdateItem(User, { org: acme.id, id: 'u01' }, { age: { INCREMENT_BY: 10 } }).addDeleteItem(User, { org: acme.id, id: 'u02' }))
  const read = await getTransactionManger().read(new ReadTransaction().addGetItem(User, { org: acme.id, id: 'u01' }).addGetItem(User, { org: acme.id, id: 't1' }))
  assert.deepEqual(read.map((user) => user.age), [31, 1])
  await assert.rejects(getTransactionManger().write(new WriteTransaction()
    .addCreateItem(Object.assign(new User(), { id: 't1', org: acme.id, status: 'new', age: 2 })).addDeleteItem(User, { org: acme.id, id: 'u03' })))
  assert.notEqual(await manager.findOne(User, { org: acme.id, id: 'u03' }), undefined)
  const batch = new WriteBatch()
  for (let n = 0; n < 30; ++n) batch.addCreateItem(Object.assign(new User(), { id: `b${n}`, org: 'other', status: 'batch', age: n }))
  const written = await getBatchManager().write(batch)
  assert.deepEqual([written.unprocessedItems.length, written.failedItems.length], [0, 0])
  assert.equal((await getScanManager().find(User, { where: { status: { EQ: 'batch' } } })).items.length, 30)
  await manager.delete(Organisation, { id: acme.id })
  assert.equal(await manager.exists(Organisation, { name: 'Acme Ltd' }), false)
})
