// stator/jest. Each pair of tests would fail if one saw what the other wrote.
const { expect, test } = require('@jest/globals')
const { CreateTableCommand, DynamoDBClient } = require('@aws-sdk/client-dynamodb')
const { DynamoDBDocumentClient, PutCommand, ScanCommand } = require('@aws-sdk/lib-dynamodb')
const { useDatabase } = require('../../jest.js')

const database = useDatabase({
  clock: new Date('2026-01-01T00:00:00Z'),
  seed: (fresh) => new DynamoDBClient(fresh.clientConfig()).send(new CreateTableCommand({
    TableName: 'seeded', BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  })),
})
const documents = DynamoDBDocumentClient.from(new DynamoDBClient(database.clientConfig()))

test.each([1, 2])('each test begins with what was seeded (%i)', async () => {
  expect(database.clock.getTime()).toBe(Date.UTC(2026))
  database.advanceClock(5000)
  expect((await documents.send(new ScanCommand({ TableName: 'seeded' }))).Items).toEqual([])
  await documents.send(new PutCommand({ TableName: 'seeded', Item: { pk: 'a' } }))
  expect((await documents.send(new ScanCommand({ TableName: 'seeded' }))).Count).toBe(1)
})
