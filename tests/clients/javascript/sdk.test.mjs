// The AWS SDK for JavaScript v3, client and document client, against a server in memory that verifies signatures.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  BatchExecuteStatementCommand, BatchWriteItemCommand, ConditionalCheckFailedException, CreateTableCommand, DeleteTableCommand, DescribeTableCommand,
  DuplicateItemException, DynamoDBClient, ExecuteTransactionCommand, GetItemCommand, PutItemCommand, QueryCommand, ScanCommand, TransactWriteItemsCommand,
  TransactionCanceledException, UpdateItemCommand, paginateScan, waitUntilTableExists, waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb'
import { BatchGetCommand, DynamoDBDocumentClient, DeleteCommand, ExecuteStatementCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { local, startStator } from '../../support/stator_server.mjs'

let server
let client
let documents

before(async () => {
  server = await startStator('--in-memory', '--credentials', 'local:local')
  client = new DynamoDBClient({
    endpoint: server.endpoint, ...local, maxAttempts: 1,
  })
  documents = DynamoDBDocumentClient.from(client)
  await client.send(new CreateTableCommand({
    TableName: 'things',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }, { AttributeName: 'sk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, { AttributeName: 'sk', KeyType: 'RANGE' }],
    BillingMode: 'PAY_PER_REQUEST',
  }))
  await waitUntilTableExists({ client, minDelay: 1, maxWaitTime: 10 }, { TableName: 'things' })
})

after(async () => {
  try {
    await client.send(new DeleteTableCommand({ TableName: 'things' }))
    await waitUntilTableNotExists({ client, minDelay: 1, maxWaitTime: 10 }, { TableName: 'things' })
  } finally {
    await server.stop()
  }
})

test('an item goes and comes back', async () => {
  const item = { pk: { S: 'a' }, sk: { S: '1' }, blob: { B: new Uint8Array([0, 1, 255]) }, n: { N: '12345678901234567890123456789012345678' } }
  await client.send(new PutItemCommand({ TableName: 'things', Item: item }))
  const got = await client.send(new GetItemCommand({ TableName: 'things', Key: { pk: item.pk, sk: item.sk } }))
  assert.deepEqual(got.Item.n, item.n)
  assert.deepEqual([...got.Item.blob.B], [0, 1, 255])
})

test('batch, query, scan in pages', async () => {
  const requests = Array.from({ length: 25 }, (_, i) => ({ PutRequest: { Item: { pk: { S: 'q' }, sk: { S: String(i).padStart(2, '0') } } } }))
  const written = await client.send(new BatchWriteItemCommand({ RequestItems: { things: requests } }))
  assert.deepEqual(written.UnprocessedItems, {})
  const found = await client.send(new QueryCommand({
    TableName: 'things', KeyConditionExpression: 'pk = :p AND sk < :s', ExpressionAttributeValues: { ':p': { S: 'q' }, ':s': { S: '05' } },
  }))
  assert.equal(found.Count, 5)
  let count = 0
  for await (const page of paginateScan({ client, pageSize: 4 }, { TableName: 'things' })) count += page.Count
  const whole = await client.send(new ScanCommand({ TableName: 'things', Select: 'COUNT' }))
  assert.equal(count, whole.Count)
  assert.ok(count >= 25)
})

test('update with a condition that fails throws the modelled exception with the item', async () => {
  await client.send(new PutItemCommand({ TableName: 'things', Item: { pk: { S: 'u' }, sk: { S: '1' }, v: { N: '1' } } }))
  await assert.rejects(
    client.send(new UpdateItemCommand({
      TableName: 'things', Key: { pk: { S: 'u' }, sk: { S: '1' } }, UpdateExpression: 'SET v = :two', ConditionExpression: 'v = :two',
      ExpressionAttributeValues: { ':two': { N: '2' } }, ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })),
    (error) => error instanceof ConditionalCheckFailedException && error.Item.v.N === '1',
  )
})

test('a cancelled transaction says why', async () => {
  await assert.rejects(
    client.send(new TransactWriteItemsCommand({
      TransactItems: [{ ConditionCheck: { TableName: 'things', Key: { pk: { S: 'x' }, sk: { S: 'x' } }, ConditionExpression: 'attribute_exists(pk)' } }],
    })),
    (error) => error instanceof TransactionCanceledException && error.CancellationReasons[0].Code === 'ConditionalCheckFailed',
  )
})

test('the document client maps plain objects', async () => {
  const item = { pk: 'd', sk: '1', list: [1, 'two', { three: true }], set: new Set(['a', 'b']), nothing: null }
  await documents.send(new PutCommand({ TableName: 'things', Item: item }))
  const got = await documents.send(new GetCommand({ TableName: 'things', Key: { pk: 'd', sk: '1' } }))
  assert.deepEqual(got.Item, item)
  const batch = await documents.send(new BatchGetCommand({ RequestItems: { things: { Keys: [{ pk: 'd', sk: '1' }, { pk: 'd', sk: 'none' }] } } }))
  assert.equal(batch.Responses.things.length, 1)
  const old = await documents.send(new DeleteCommand({ TableName: 'things', Key: { pk: 'd', sk: '1' }, ReturnValues: 'ALL_OLD' }))
  assert.deepEqual(old.Attributes, item)
})

test('statements take plain values, page, and fail as modelled', async () => {
  const run = (Statement, Parameters, more) => documents.send(new ExecuteStatementCommand({ Statement, ...(Parameters && { Parameters }), ...more }))
  const item = { pk: 's', sk: '1', list: [1, { two: null }], set: new Set(['a', 'b']), big: 2 ** 53 - 1 }
  await run("INSERT INTO things VALUE {'pk': ?, 'sk': ?, 'list': ?, 'set': ?, 'big': ?}", Object.values(item))
  assert.deepEqual((await run("SELECT * FROM things WHERE pk = 's' AND sk = '1'")).Items, [item])
  await assert.rejects(run("INSERT INTO things VALUE {'pk': 's', 'sk': '1'}"), (error) => error instanceof DuplicateItemException)
  await assert.rejects(
    run("UPDATE things SET big = 1 WHERE pk = 's' AND sk = '1' AND big = 0", undefined, { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    (error) => error instanceof ConditionalCheckFailedException && error.Item.big.N === '9007199254740991',
  )
  const statements = Array.from({ length: 9 }, (_, i) => ({ Statement: "INSERT INTO things VALUE {'pk': 's', 'sk': ?}", Parameters: [{ S: `n${i}` }] }))
  assert.equal((await client.send(new BatchExecuteStatementCommand({ Statements: statements }))).Responses.length, 9)
  const found = []
  let NextToken
  do {
    const page = await run("SELECT sk FROM things WHERE pk = 's' AND begins_with(sk, 'n')", undefined, { Limit: 2, NextToken })
    found.push(...page.Items.map((one) => one.sk))
    NextToken = page.NextToken
  } while (NextToken)
  assert.deepEqual(found, Array.from({ length: 9 }, (_, i) => `n${i}`))
  await assert.rejects(
    client.send(new ExecuteTransactionCommand({ TransactStatements: [
      { Statement: "DELETE FROM things WHERE pk = 's' AND sk = 'n0'" }, { Statement: "UPDATE things SET v = 1 WHERE pk = 's' AND sk = 'none'" }] })),
    (error) => error instanceof TransactionCanceledException && error.CancellationReasons[1].Code === 'ConditionalCheckFailed',
  )
  const old = await run("DELETE FROM things WHERE pk = 's' AND sk = '1' RETURNING ALL OLD *")
  assert.deepEqual(old.Items, [item])
})

test('a description has what the SDK models', async () => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'things' }))
  assert.equal(Table.TableStatus, 'ACTIVE')
  assert.ok(Table.CreationDateTime instanceof Date)
  assert.equal(Table.BillingModeSummary.BillingMode, 'PAY_PER_REQUEST')
})

test('a signature with another secret is refused', async () => {
  const stranger = new DynamoDBClient({
    endpoint: server.endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'another' }, maxAttempts: 1,
  })
  await assert.rejects(stranger.send(new DescribeTableCommand({ TableName: 'things' })), { name: 'InvalidSignatureException' })
  stranger.destroy()
})
