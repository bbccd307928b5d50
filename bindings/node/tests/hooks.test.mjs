// stator/node-test. Each pair of tests would fail if one saw what the other wrote.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { useDatabase } from '../node-test.js'

const database = useDatabase({
  clock: new Date('2026-01-01T00:00:00Z'),
  seed: (fresh) => new DynamoDBClient(fresh.clientConfig()).send(new CreateTableCommand({
    TableName: 'seeded', BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  })),
})
const documents = DynamoDBDocumentClient.from(new DynamoDBClient(database.clientConfig()))

for (const time of [1, 2]) {
  test(`each test begins with what was seeded (${time})`, async () => {
    assert.equal(database.clock.getTime(), Date.UTC(2026))
    database.advanceClock(5000)
    assert.deepEqual((await documents.send(new ScanCommand({ TableName: 'seeded' }))).Items, [])
    await documents.send(new PutCommand({ TableName: 'seeded', Item: { pk: 'a' } }))
    assert.equal((await documents.send(new ScanCommand({ TableName: 'seeded' }))).Count, 1)
  })
}
