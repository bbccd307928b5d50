// The AWS SDK's clients for JavaScript, answered in process.
import assert from 'node:assert/strict'
import http from 'node:http'
import https from 'node:https'
import { after, beforeEach, test } from 'node:test'
import {
  BatchExecuteStatementCommand, ConditionalCheckFailedException, CreateTableCommand, DeleteTableCommand, DescribeTableCommand,
  DuplicateItemException, DynamoDB, DynamoDBClient, ExecuteStatementCommand, ExecuteTransactionCommand, GetItemCommand,
  ListTablesCommand, PutItemCommand, QueryCommand, ResourceNotFoundException, TransactionCanceledException,
  TransactWriteItemsCommand, UpdateItemCommand, paginateListTables, paginateQuery, paginateScan, waitUntilTableExists,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb'
import {
  DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand, ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams'
import {
  BatchGetCommand, BatchWriteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand as DocumentQueryCommand, TransactGetCommand,
  TransactWriteCommand, UpdateCommand, paginateScan as paginateDocuments,
} from '@aws-sdk/lib-dynamodb'
import { Database } from '../index.js'

// Makes everything fail that would use a network.
for (const module of [http, https]) {
  module.request = () => { throw new Error('a request was about to be sent') }
}

const database = new Database()
const client = new DynamoDBClient(database.clientConfig())
const documents = DynamoDBDocumentClient.from(client)
after(() => database.close())

beforeEach(async () => {
  database.simulate()
  database.reset()
  await client.send(new CreateTableCommand({
    TableName: 'things', BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk', 'color'].map((name) => ({ AttributeName: name, AttributeType: name === 'sk' ? 'N' : 'S' })),
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, { AttributeName: 'sk', KeyType: 'RANGE' }],
    GlobalSecondaryIndexes: [{ IndexName: 'by-color', KeySchema: [{ AttributeName: 'color', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' } }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  }))
})

async function fill(count = 60) {
  for (let start = 0; start < count; start += 25) {
    const numbers = Array.from({ length: Math.min(25, count - start) }, (_, index) => start + index)
    const written = await documents.send(new BatchWriteCommand({
      RequestItems: { things: numbers.map((n) => ({ PutRequest: { Item: { pk: `p${n % 2}`, sk: n, color: n % 3 ? 'red' : 'blue' } } })) },
    }))
    assert.deepEqual(written.UnprocessedItems, {})
  }
}

test('every type comes back as it went', async () => {
  const Item = {
    pk: { S: 'a' }, sk: { N: '1.5' }, text: { S: 'né 😀' }, blob: { B: new Uint8Array([0, 1, 255]) }, yes: { BOOL: true }, nothing: { NULL: true },
    list: { L: [{ N: '1' }, { M: { three: { N: '3e+30' } } }] }, strings: { SS: ['x', 'y'] }, numbers: { NS: ['-0.5', '1'] }, blobs: { BS: [new Uint8Array([97])] },
  }
  await client.send(new PutItemCommand({ TableName: 'things', Item }))
  const got = (await client.send(new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'a' }, sk: { N: '1.5' } } }))).Item
  assert.deepEqual(Object.keys(got).sort(), Object.keys(Item).sort())
  assert.deepEqual([...got.blob.B], [0, 1, 255])
  assert.deepEqual(got.list.L[1].M.three, { N: '3000000000000000000000000000000' })
  assert.deepEqual(got.strings, Item.strings)
})

test('documents, updates and their conditions', async () => {
  await documents.send(new PutCommand({ TableName: 'things', Item: { pk: 'a', sk: 1, tags: new Set(['x']), deep: { er: [1, null, true] } } }))
  const got = await documents.send(new GetCommand({ TableName: 'things', Key: { pk: 'a', sk: 1 } }))
  assert.deepEqual(got.Item, { pk: 'a', sk: 1, tags: new Set(['x']), deep: { er: [1, null, true] } })
  const updated = await documents.send(new UpdateCommand({
    TableName: 'things', Key: { pk: 'a', sk: 1 }, UpdateExpression: 'SET hits = if_not_exists(hits, :zero) + :one', ConditionExpression: 'attribute_exists(pk)',
    ExpressionAttributeValues: { ':zero': 0, ':one': 1 }, ReturnValues: 'UPDATED_NEW',
  }))
  assert.deepEqual(updated.Attributes, { hits: 1 })
})

test('errors have their classes', async () => {
  await assert.rejects(client.send(new DescribeTableCommand({ TableName: 'missing' })), (error) => {
    assert.ok(error instanceof ResourceNotFoundException)
    assert.equal(error.$metadata.httpStatusCode, 400)
    assert.ok(error.$metadata.requestId)
    return true
  })
  await documents.send(new PutCommand({ TableName: 'things', Item: { pk: 'a', sk: 1, color: 'red' } }))
  await assert.rejects(client.send(new PutItemCommand({
    TableName: 'things', Item: { pk: { S: 'a' }, sk: { N: '1' } }, ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  })), (error) => {
    assert.ok(error instanceof ConditionalCheckFailedException)
    assert.equal(error.message, 'The conditional request failed')
    assert.deepEqual(error.Item.color, { S: 'red' })
    return true
  })
  await assert.rejects(client.send(new QueryCommand({ TableName: 'things', KeyConditionExpression: 'nothing' })), { name: 'ValidationException' })
})

test('queries, scans and paginators', async () => {
  await fill()
  const found = await documents.send(new DocumentQueryCommand({
    TableName: 'things', KeyConditionExpression: 'pk = :p AND sk BETWEEN :from AND :to', ScanIndexForward: false,
    ExpressionAttributeValues: { ':p': 'p0', ':from': 10, ':to': 20 }, ReturnConsumedCapacity: 'TOTAL',
  }))
  assert.deepEqual(found.Items.map((item) => item.sk), [20, 18, 16, 14, 12, 10])
  assert.equal(found.ConsumedCapacity.CapacityUnits, 0.5)
  let pages = 0
  let count = 0
  for await (const page of paginateScan({ client, pageSize: 7 }, { TableName: 'things' })) {
    pages += 1
    count += page.Count
  }
  assert.deepEqual([pages > 8, count], [true, 60])
  count = 0
  for await (const page of paginateDocuments({ client: documents }, { TableName: 'things', FilterExpression: 'color = :c', ExpressionAttributeValues: { ':c': 'blue' } })) count += page.Items.length
  assert.equal(count, 20)
  count = 0
  const request = { TableName: 'things', IndexName: 'by-color', KeyConditionExpression: 'color = :c', ExpressionAttributeValues: { ':c': { S: 'red' } } }
  for await (const page of paginateQuery({ client, pageSize: 9 }, request)) count += page.Count
  assert.equal(count, 40)
})

test('batches and transactions', async () => {
  await fill(10)
  const got = await documents.send(new BatchGetCommand({ RequestItems: { things: { Keys: Array.from({ length: 10 }, (_, sk) => ({ pk: `p${sk % 2}`, sk })) } } }))
  assert.equal(got.Responses.things.length, 10)
  await documents.send(new TransactWriteCommand({
    TransactItems: [{ Put: { TableName: 'things', Item: { pk: 't', sk: 1 } } }, { Delete: { TableName: 'things', Key: { pk: 'p0', sk: 0 } } }], ClientRequestToken: 'once',
  }))
  const both = await documents.send(new TransactGetCommand({ TransactItems: [{ pk: 't', sk: 1 }, { pk: 'p0', sk: 0 }].map((Key) => ({ Get: { TableName: 'things', Key } })) }))
  assert.deepEqual(both.Responses.map((response) => response.Item), [{ pk: 't', sk: 1 }, undefined])
  await assert.rejects(client.send(new TransactWriteItemsCommand({
    TransactItems: [
      { Put: { TableName: 'things', Item: { pk: { S: 't' }, sk: { N: '2' } } } },
      { ConditionCheck: { TableName: 'things', Key: { pk: { S: 't' }, sk: { N: '1' } }, ConditionExpression: 'attribute_not_exists(pk)' } },
    ],
  })), (error) => {
    assert.ok(error instanceof TransactionCanceledException)
    assert.deepEqual(error.CancellationReasons.map((reason) => reason.Code), ['None', 'ConditionalCheckFailed'])
    return true
  })
})

test('PartiQL', async () => {
  await client.send(new ExecuteStatementCommand({ Statement: "INSERT INTO things VALUE {'pk': ?, 'sk': ?}", Parameters: [{ S: 'q' }, { N: '1' }] }))
  await assert.rejects(client.send(new ExecuteStatementCommand({ Statement: "INSERT INTO things VALUE {'pk': 'q', 'sk': 1}" })),
    (error) => error instanceof DuplicateItemException)
  const batch = await client.send(new BatchExecuteStatementCommand({ Statements: [{ Statement: "SELECT * FROM things WHERE pk = 'q' AND sk = 1" }] }))
  assert.deepEqual(batch.Responses[0].Item, { pk: { S: 'q' }, sk: { N: '1' } })
  await client.send(new ExecuteTransactionCommand({ TransactStatements: [{ Statement: "DELETE FROM things WHERE pk = 'q' AND sk = 1" }] }))
  assert.deepEqual((await client.send(new ExecuteStatementCommand({ Statement: "SELECT * FROM things WHERE pk = 'q'" }))).Items, [])
})

test('streams', async () => {
  const streams = new DynamoDBStreamsClient(database.clientConfig())
  await documents.send(new PutCommand({ TableName: 'things', Item: { pk: 'a', sk: 1, color: 'red' } }))
  await documents.send(new PutCommand({ TableName: 'things', Item: { pk: 'a', sk: 1, color: 'blue' } }))
  const { StreamArn } = (await streams.send(new ListStreamsCommand({ TableName: 'things' }))).Streams[0]
  const records = []
  for (const { ShardId } of (await streams.send(new DescribeStreamCommand({ StreamArn }))).StreamDescription.Shards) {
    const { ShardIterator } = await streams.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }))
    records.push(...(await streams.send(new GetRecordsCommand({ ShardIterator }))).Records)
  }
  assert.deepEqual(records.map((record) => record.eventName), ['INSERT', 'MODIFY'])
  assert.deepEqual(records[1].dynamodb.OldImage.color, { S: 'red' })
})

test('waiters', async () => {
  const slow = new Database({ transitionDelayMs: 200 })
  try {
    const waiting = new DynamoDBClient(slow.clientConfig())
    await waiting.send(new CreateTableCommand({
      TableName: 'slow', BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }))
    assert.equal((await waiting.send(new DescribeTableCommand({ TableName: 'slow' }))).Table.TableStatus, 'CREATING')
    const patience = { client: waiting, minDelay: 1, maxWaitTime: 20 }
    assert.equal((await waitUntilTableExists(patience, { TableName: 'slow' })).state, 'SUCCESS')
    await waiting.send(new DeleteTableCommand({ TableName: 'slow' }))
    assert.equal((await waitUntilTableNotExists(patience, { TableName: 'slow' })).state, 'SUCCESS')
  } finally {
    slow.close()
  }
})

test('the aggregated client, and a handler alone with signed requests', async () => {
  const aggregated = new DynamoDB({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, requestHandler: database.handler() })
  assert.deepEqual((await aggregated.listTables({})).TableNames, ['things'])
  // The region is the one that the request is signed for.
  const TableName = (region) => `arn:aws:dynamodb:${region}:000000000000:table/things`
  assert.equal((await aggregated.describeTable({ TableName: TableName('eu-west-1') })).Table.TableName, 'things')
  await assert.rejects(aggregated.describeTable({ TableName: TableName('eu-north-1') }), /Invalid AWS region/)
})

test('clients of other code are answered', async () => {
  const configuration = { credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, region: 'eu-west-1', maxAttempts: 1 }
  const names = async (asked) => (await asked.send(new ListTablesCommand({}))).TableNames
  const attached = database.attach(DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-west-1' })))
  await attached.send(new PutCommand({ TableName: 'things', Item: { pk: 'a', sk: 1 } }))
  const before = new DynamoDBClient(configuration)
  const beforeDocuments = DynamoDBDocumentClient.from(new DynamoDBClient(configuration))
  const everywhere = database.everywhere(DynamoDBClient, DynamoDBDocumentClient, DynamoDBStreamsClient)
  assert.deepEqual(await names(before), ['things'])
  const TableName = (region) => `arn:aws:dynamodb:${region}:000000000000:table/things`
  assert.equal((await beforeDocuments.send(new GetCommand({ TableName: TableName('eu-west-1'), Key: { pk: 'a', sk: 1 } }))).Item.sk, 1)
  await assert.rejects(beforeDocuments.send(new GetCommand({ TableName: TableName('eu-north-1'), Key: { pk: 'a', sk: 1 } })), /Invalid AWS region/)
  assert.deepEqual(await names(new DynamoDBClient({ region: 'eu-west-1' })), ['things'])
  assert.deepEqual((await new DynamoDB({ region: 'eu-west-1' }).listTables({})).TableNames, ['things'])
  assert.equal((await new DynamoDBStreamsClient({ region: 'eu-west-1' }).send(new ListStreamsCommand({}))).Streams.length, 1)
  const another = new Database()
  const inner = another.everywhere(DynamoDBClient)
  assert.deepEqual(await names(before), [])
  assert.deepEqual(await names(client), ['things'])
  // The same for a client that is first used now, which then belongs to the outer one.
  const fresh = new DynamoDBClient(configuration)
  assert.deepEqual(await names(fresh), [])
  inner.restore()
  assert.deepEqual(await names(before), ['things'])
  assert.deepEqual(await names(fresh), ['things'])
  // They may end in any order.
  const later = another.everywhere(DynamoDBClient, DynamoDBDocumentClient)
  everywhere.restore()
  everywhere.restore()
  assert.deepEqual(await names(fresh), [])
  later.restore()
  for (const each of [before, beforeDocuments, fresh]) {
    // The endpoint does not exist, so nothing can be sent.
    each.config.endpoint = async () => ({ protocol: 'http:', hostname: '127.0.0.1', port: 1, path: '/' })
    await assert.rejects(each.send(new ListTablesCommand({})))
  }
  await another.close()
  assert.throws(() => database.attach({}), TypeError)
  assert.throws(() => database.everywhere(class {}), TypeError)
})

test('names of many tables, page by page', async () => {
  for (let number = 0; number < 5; ++number) {
    await client.send(new CreateTableCommand({
      TableName: `more-${number}`, BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'k', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'k', KeyType: 'HASH' }],
    }))
  }
  const names = []
  for await (const page of paginateListTables({ client, pageSize: 2 }, {})) names.push(...page.TableNames)
  assert.deepEqual(names, ['more-0', 'more-1', 'more-2', 'more-3', 'more-4', 'things'])
})

test('a request that was aborted is not made', async () => {
  const abort = new AbortController()
  abort.abort()
  await assert.rejects(client.send(new UpdateItemCommand({ TableName: 'things', Key: { pk: { S: 'a' }, sk: { N: '1' } } }), { abortSignal: abort.signal }), { name: 'AbortError' })
  assert.equal((await client.send(new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'a' }, sk: { N: '1' } } }))).Item, undefined)
  assert.deepEqual((await client.send(new ListTablesCommand({}))).TableNames, ['things'])
})

test('faults meet the retries and timeouts of the client', async () => {
  const once = new DynamoDBClient({ ...database.clientConfig({ requestTimeout: 50 }), maxAttempts: 1 })
  const put = () => new PutItemCommand({ TableName: 'things', Item: { pk: { S: 'a' }, sk: { N: '1' } } })
  for (const then of [{ cut: 'before' }, { cut: 'after' }, { throttle: 'KeyRangeThroughputExceeded' }, { error: 'InternalServerError' }]) {
    database.simulate({ rules: [{ when: { operation: 'PutItem', first: 1 }, then }] })
    assert.equal((await client.send(put())).$metadata.attempts, 2)
    database.simulate({ rules: [{ when: { operation: 'PutItem' }, then }] })
    await assert.rejects(once.send(put()), then.cut ? { code: 'ECONNRESET' } : { name: then.error ?? 'ThrottlingException' })
  }
  database.simulate({ rules: [{ then: { latency_ms: 300 } }] })
  await assert.rejects(once.send(put()), { name: 'TimeoutError' })
  const abort = new AbortController()
  const begin = performance.now()
  const aborted = client.send(put(), { abortSignal: abort.signal })
  setTimeout(() => abort.abort(), 20)
  await assert.rejects(aborted, { name: 'AbortError' })
  assert.ok(performance.now() - begin < 250)
  // A reply that is held back occupies no thread: many at once take no longer than one.
  const puts = Array.from({ length: 20 }, () => client.send(put()))
  await Promise.all(puts)
  assert.ok(performance.now() - begin < 2000)
})
