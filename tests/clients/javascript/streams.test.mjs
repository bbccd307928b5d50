// A consumer in JavaScript that uses the AWS SDK's ordinary calls: shards, iterators, pages, and the members of
// records.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CreateTableCommand, DynamoDBClient, DeleteItemCommand, PutItemCommand, UpdateItemCommand, UpdateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import {
  DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand, ListStreamsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb-streams'
import { local, startStator } from '../../support/stator_server.mjs'

let server
let client
let streams
let streamArn

before(async () => {
  server = await startStator('--in-memory', '--credentials', 'local:local')
  const options = { endpoint: server.endpoint, ...local, maxAttempts: 1 }
  client = new DynamoDBClient(options)
  streams = new DynamoDBStreamsClient(options)
  const made = await client.send(new CreateTableCommand({
    TableName: 'things',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  }))
  streamArn = made.TableDescription.LatestStreamArn
  await waitUntilTableExists({ client, minDelay: 1, maxWaitTime: 10 }, { TableName: 'things' })
})

after(async () => {
  await server.stop()
})

// Reads all records of the stream: closed shards to their end, open ones as far as they are written.
async function readAll (arn) {
  const records = []
  let start
  do {
    const { StreamDescription: stream } = await streams.send(new DescribeStreamCommand({ StreamArn: arn, ExclusiveStartShardId: start, Limit: 3 }))
    for (const shard of stream.Shards) {
      let { ShardIterator: iterator } = await streams.send(new GetShardIteratorCommand({ StreamArn: arn, ShardId: shard.ShardId, ShardIteratorType: 'TRIM_HORIZON' }))
      while (iterator) {
        const page = await streams.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 7 }))
        records.push(...page.Records)
        iterator = page.Records.length > 0 ? page.NextShardIterator : undefined
      }
    }
    start = stream.LastEvaluatedShardId
  } while (start)
  return records
}

test('every change is a record, each item\'s in order', async () => {
  const items = 20
  const changes = 10
  await Promise.all(Array.from({ length: items }, async (_, i) => {
    const Key = { pk: { S: `item-${i}` } }
    for (let n = 0; n < changes; n += 1) {
      await client.send(new UpdateItemCommand({ TableName: 'things', Key, UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': { N: '1' } } }))
    }
  }))
  const records = await readAll(streamArn)
  assert.equal(records.length, items * changes)
  const counts = new Map()
  for (const record of records) {
    const key = record.dynamodb.Keys.pk.S
    counts.set(key, (counts.get(key) ?? 0) + 1)
    assert.equal(record.dynamodb.NewImage.n.N, String(counts.get(key)))
    assert.equal(record.eventName, counts.get(key) === 1 ? 'INSERT' : 'MODIFY')
    assert.equal(record.eventSource, 'aws:dynamodb')
    assert.ok(record.dynamodb.ApproximateCreationDateTime instanceof Date)
    assert.ok(Math.abs(record.dynamodb.ApproximateCreationDateTime - Date.now()) < 600_000)
  }
  assert.equal(counts.size, items)
})

test('a disabled stream is read to its end', async () => {
  await client.send(new PutItemCommand({ TableName: 'things', Item: { pk: { S: 'last' }, blob: { B: new Uint8Array([1, 2]) } } }))
  await client.send(new DeleteItemCommand({ TableName: 'things', Key: { pk: { S: 'last' } } }))
  await client.send(new UpdateTableCommand({ TableName: 'things', StreamSpecification: { StreamEnabled: false } }))
  const { StreamDescription: stream } = await streams.send(new DescribeStreamCommand({ StreamArn: streamArn }))
  assert.equal(stream.StreamStatus, 'DISABLED')
  const last = (await readAll(streamArn)).filter((record) => record.dynamodb.Keys.pk.S === 'last')
  assert.deepEqual(last.map((record) => record.eventName), ['INSERT', 'REMOVE'])
  assert.deepEqual([...last[0].dynamodb.NewImage.blob.B], [1, 2])
  assert.equal(last[1].dynamodb.NewImage, undefined)
  const { Streams: listed } = await streams.send(new ListStreamsCommand({ TableName: 'things' }))
  assert.deepEqual(listed.map((entry) => entry.StreamArn), [streamArn])
  await assert.rejects(streams.send(new DescribeStreamCommand({ StreamArn: streamArn.replace('/things/', '/nothing/') })), ResourceNotFoundException)
})
