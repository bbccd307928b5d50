// dynamodb-toolbox 2: entities with schemas over the document client, queries, conditions, batches, transactions.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import {
  $add, $append, $remove, $sum, BatchGetCommand, BatchGetRequest, BatchPutRequest, BatchDeleteRequest, BatchWriteCommand, ConditionCheck, DeleteItemCommand,
  DeleteTransaction, Entity, GetItemCommand, GetTransaction, PutItemCommand, PutTransaction, QueryCommand, ScanCommand, Table, UpdateItemCommand,
  UpdateTransaction, anyOf, binary, boolean, executeBatchGet, executeBatchWrite, executeTransactGet, executeTransactWrite, item, list, map, number, record,
  set, string,
} from 'dynamodb-toolbox'
import { startInMemory } from '../../support/stator_server.mjs'

let server
let table
let Pokemon

before(async () => {
  server = await startInMemory()
  const client = new DynamoDBClient(server.clientOptions)
  await client.send(new CreateTableCommand({
    TableName: 'pokemons', BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }, { AttributeName: 'sk', AttributeType: 'N' }, { AttributeName: 'kind', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, { AttributeName: 'sk', KeyType: 'RANGE' }],
    LocalSecondaryIndexes: [{
      IndexName: 'byKind', Projection: { ProjectionType: 'ALL' }, KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, { AttributeName: 'kind', KeyType: 'RANGE' }],
    }],
  }))
  table = new Table({
    documentClient: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }), name: 'pokemons',
    partitionKey: { name: 'pk', type: 'string' }, sortKey: { name: 'sk', type: 'number' },
    indexes: { byKind: { type: 'local', sortKey: { name: 'kind', type: 'string' } } }, entityAttributeSavedAs: '_et',
  })
  Pokemon = new Entity({
    name: 'Pokemon', table,
    schema: item({
      master: string().key().savedAs('pk'), number: number().key().savedAs('sk'), kind: string().enum('fire', 'water', 'grass'),
      level: number().default(1), moves: list(string()).optional(), badges: set(string()).optional(), egg: boolean().optional(),
      picture: binary().optional(), stats: map({ hp: number(), speed: number().optional() }).optional(), notes: record(string(), string()).optional(),
      extra: anyOf(string(), number()).optional(),
    }),
  })
})

after(() => server.stop())

test('a program that keeps pokemons', async () => {
  const key = { master: 'ash', number: 4 }
  await Pokemon.build(PutItemCommand).item({
    ...key, kind: 'fire', moves: ['ember'], badges: new Set(['boulder']), egg: false, picture: new Uint8Array([1, 2, 255]), stats: { hp: 39, speed: 65 },
    notes: { colour: 'orange' }, extra: 7,
  }).options({ condition: { attr: 'number', exists: false } }).send()
  await assert.rejects(Pokemon.build(PutItemCommand).item({ ...key, kind: 'water' }).options({ condition: { attr: 'master', exists: false } }).send(),
    { name: 'ConditionalCheckFailedException' })
  const { Item } = await Pokemon.build(GetItemCommand).key(key).options({ consistent: true }).send()
  assert.deepEqual([Item.level, Item.moves, [...Item.badges], [...Item.picture], Item.stats, Item.notes], [1, ['ember'], ['boulder'], [1, 2, 255], { hp: 39, speed: 65 }, { colour: 'orange' }])
  const { Attributes } = await Pokemon.build(UpdateItemCommand).item({
    ...key, level: $add(4), moves: $append(['scratch']), badges: $add(new Set(['cascade'])), stats: { hp: $sum(39, 1) }, egg: $remove(), notes: { size: 'small' },
  }).options({ returnValues: 'ALL_NEW', condition: { attr: 'level', lt: 5 } }).send()
  assert.deepEqual([Attributes.level, Attributes.moves, [...Attributes.badges].sort(), Attributes.stats.hp, Attributes.egg, Attributes.notes],
    [5, ['ember', 'scratch'], ['boulder', 'cascade'], 40, undefined, { colour: 'orange', size: 'small' }])

  const kinds = ['fire', 'water', 'grass']
  for (let begin = 10; begin < 40; begin += 15) {
    const requests = Array.from({ length: 15 }, (_, n) => Pokemon.build(BatchPutRequest).item({ master: 'ash', number: begin + n, kind: kinds[n % 3], level: begin + n }))
    await executeBatchWrite(table.build(BatchWriteCommand).requests(...requests))
  }
  const seen = []
  let exclusiveStartKey
  do {
    const page = await table.build(QueryCommand).query({ partition: 'ash', range: { gte: 10 } }).entities(Pokemon).options({ limit: 8, exclusiveStartKey }).send()
    seen.push(...page.Items.map((each) => each.number))
    exclusiveStartKey = page.LastEvaluatedKey
  } while (exclusiveStartKey)
  assert.deepEqual(seen, Array.from({ length: 30 }, (_, n) => n + 10))
  const water = await table.build(QueryCommand).query({ index: 'byKind', partition: 'ash', range: { eq: 'water' } }).entities(Pokemon)
    .options({ filters: { Pokemon: { attr: 'level', between: [20, 30] } }, reverse: true }).send()
  assert.deepEqual(water.Items.map((each) => each.number).sort(), [20, 23, 26, 29])
  const scanned = await table.build(ScanCommand).entities(Pokemon).options({ maxPages: Infinity, attributes: ['number', 'kind'], filters: { Pokemon: { or: [{ attr: 'kind', eq: 'grass' }, { attr: 'moves', contains: 'ember' }] } } }).send()
  assert.equal(scanned.Items.length, 11)

  const { Responses } = await executeBatchGet(table.build(BatchGetCommand).requests(
    Pokemon.build(BatchGetRequest).key(key), Pokemon.build(BatchGetRequest).key({ master: 'ash', number: 99 })))
  assert.deepEqual(Responses[0].map((each) => each?.number), [4, undefined])
  await executeBatchWrite(table.build(BatchWriteCommand).requests(Pokemon.build(BatchDeleteRequest).key({ master: 'ash', number: 10 })))
  await executeTransactWrite(
    Pokemon.build(PutTransaction).item({ master: 'misty', number: 7, kind: 'water' }), Pokemon.build(UpdateTransaction).item({ ...key, level: $add(1) }),
    Pokemon.build(DeleteTransaction).key({ master: 'ash', number: 11 }), Pokemon.build(ConditionCheck).key({ master: 'ash', number: 12 }).condition({ attr: 'kind', eq: 'grass' }))
  await assert.rejects(executeTransactWrite(
    Pokemon.build(UpdateTransaction).item({ ...key, level: 100 }), Pokemon.build(ConditionCheck).key({ master: 'misty', number: 7 }).condition({ attr: 'kind', eq: 'fire' })),
    { name: 'TransactionCanceledException' })
  const got = await executeTransactGet(Pokemon.build(GetTransaction).key(key), Pokemon.build(GetTransaction).key({ master: 'ash', number: 11 }))
  assert.deepEqual(got.Responses.map((each) => each.Item?.level), [6, undefined])
  const removed = await Pokemon.build(DeleteItemCommand).key(key).options({ returnValues: 'ALL_OLD', condition: { attr: 'stats.hp', eq: 40 } }).send()
  assert.equal(removed.Attributes.level, 6)
})
