// Fifty typical tests of a program on DynamoDB: each creates its table, loads it, reads from it, and drops it.
// SUITE_ENDPOINT selects the database: "stator" in this process, or a URL. SUITE_STATOR is the folder of Stator's npm
// package.
import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import {
  CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists, waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand, BatchWriteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, ScanCommand, UpdateCommand,
} from '@aws-sdk/lib-dynamodb'

const where = process.env.SUITE_ENDPOINT
const client = new DynamoDBClient(where === 'stator' ? createRequire(import.meta.url)(process.env.SUITE_STATOR).clientConfig()
  : { endpoint: where, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } })
const documents = DynamoDBDocumentClient.from(client)
const TableName = 'shop'
const statuses = ['new', 'paid', 'shipped']
const wait = { client, minDelay: 1, maxWaitTime: 30 }

beforeEach(async () => {
  const attribute = ([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })
  const schema = (hash, range) => [{ AttributeName: hash, KeyType: 'HASH' }, { AttributeName: range, KeyType: 'RANGE' }]
  await client.send(new CreateTableCommand({
    TableName, BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [['customer', 'S'], ['number', 'N'], ['status', 'S']].map(attribute),
    KeySchema: schema('customer', 'number'),
    GlobalSecondaryIndexes: [{ IndexName: 'by-status', KeySchema: schema('status', 'number'), Projection: { ProjectionType: 'ALL' } }],
  }))
  await waitUntilTableExists(wait, { TableName })
  const items = Array.from({ length: 50 }, (_, number) => ({
    customer: number < 30 ? 'ann' : 'bob', number, status: statuses[number % 3], tags: new Set(['a', 'b']), lines: [{ sku: `s${number}`, price: 1.25 }], text: 'x'.repeat(200),
  }))
  for (let begin = 0; begin < 50; begin += 25) {
    await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: items.slice(begin, begin + 25).map((Item) => ({ PutRequest: { Item } })) } }))
  }
})

afterEach(async () => {
  await client.send(new DeleteTableCommand({ TableName }))
  await waitUntilTableNotExists(wait, { TableName })
})

afterAll(() => client.destroy())

const upTo = (count, first = 0) => Array.from({ length: count }, (_, n) => first + n)

test.each(upTo(10))('an item is read: %i', async (number) => {
  const { Item } = await documents.send(new GetCommand({ TableName, Key: { customer: 'ann', number } }))
  expect([Item.status, Item.lines[0].sku]).toEqual([statuses[number % 3], `s${number}`])
})

test.each(upTo(10))('a range is queried: %i', async (first) => {
  const { Items } = await documents.send(new QueryCommand({
    TableName, KeyConditionExpression: 'customer = :c AND #n BETWEEN :a AND :b', ExpressionAttributeNames: { '#n': 'number' },
    ExpressionAttributeValues: { ':c': 'ann', ':a': first, ':b': first + 9 }, ScanIndexForward: false,
  }))
  expect(Items.map((item) => item.number)).toEqual(upTo(10, first).reverse())
})

test.each([...statuses, ...statuses, ...statuses])('an index is queried and filtered: %s', async (status) => {
  const { Items } = await documents.send(new QueryCommand({
    TableName, IndexName: 'by-status', KeyConditionExpression: '#s = :s', FilterExpression: 'customer = :c', ExpressionAttributeNames: { '#s': 'status' },
    ExpressionAttributeValues: { ':s': status, ':c': 'bob' },
  }))
  expect([6, 7]).toContain(Items.length)
  expect(Items.every((item) => item.status === status)).toBe(true)
})

test.each(upTo(8, 1))('an item is changed under a condition: %i', async (by) => {
  const { Attributes } = await documents.send(new UpdateCommand({
    TableName, Key: { customer: 'bob', number: 30 }, UpdateExpression: 'ADD visits :by SET #s = :s', ConditionExpression: 'attribute_not_exists(visits)',
    ExpressionAttributeNames: { '#s': 'status' }, ExpressionAttributeValues: { ':by': by, ':s': 'paid' }, ReturnValues: 'ALL_NEW',
  }))
  expect([Attributes.visits, Attributes.status]).toEqual([by, 'paid'])
  await expect(documents.send(new PutCommand({ TableName, Item: { customer: 'bob', number: 30 }, ConditionExpression: 'attribute_not_exists(visits)' })))
    .rejects.toMatchObject({ name: 'ConditionalCheckFailedException' })
})

test.each(upTo(7, 7))('pages are walked: %i', async (Limit) => {
  const numbers = []
  let ExclusiveStartKey
  do {
    const page = await documents.send(new ScanCommand({ TableName, Limit, ExclusiveStartKey }))
    numbers.push(...page.Items.map((item) => item.number))
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey)
  expect(numbers.sort((a, b) => a - b)).toEqual(upTo(50))
})

test.each(upTo(6))('a batch is deleted and the rest is read: %i', async (number) => {
  const Keys = upTo(10, number).map((other) => ({ customer: 'ann', number: other }))
  await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: Keys.slice(0, 4).map((Key) => ({ DeleteRequest: { Key } })) } }))
  const { Responses } = await documents.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }))
  expect(Responses[TableName].map((item) => item.number).sort((a, b) => a - b)).toEqual(upTo(6, number + 4))
})
