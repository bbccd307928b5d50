// The AWS SDK for JavaScript v3 against a server that, by seed, throttles, fails, cuts connections and leaves members
// of batches unprocessed: in the end everything is done once, and the SDK counts the same attempts as the simulator.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import {
  BatchWriteItemCommand, CreateTableCommand, DynamoDBClient, GetItemCommand, ProvisionedThroughputExceededException,
  PutItemCommand, TransactWriteItemsCommand, paginateScan,
} from '@aws-sdk/client-dynamodb'
import { local, startStator } from '../../support/stator_server.mjs'

const folder = mkdtempSync(join(tmpdir(), 'stator-'))
let server
let client

const connect = (maxAttempts) => new DynamoDBClient({
  endpoint: server.endpoint, ...local, maxAttempts,
})

const rules = async (...list) => {
  const reply = await fetch(`${server.endpoint}/_stator/simulate`, { method: 'POST', body: JSON.stringify({ seed: 7, rules: list }) })
  assert.equal(reply.status, 200)
}

const acted = async () => {
  const state = await (await fetch(`${server.endpoint}/_stator/simulate`)).json()
  return state.rules.reduce((sum, rule) => sum + rule.acted, 0)
}

const allKeys = async () => {
  const keys = []
  for await (const page of paginateScan({ client }, { TableName: 'things', ConsistentRead: true })) {
    keys.push(...page.Items.map((item) => item.pk.S))
  }
  return keys.sort()
}

const names = (prefix, count) => Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(3, '0')}`)

before(async () => {
  const file = join(folder, 'rules.json')
  writeFileSync(file, '{}')
  server = await startStator('--in-memory', '--simulate', file)
  client = connect(12)
  await client.send(new CreateTableCommand({
    TableName: 'things',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  }))
})

after(async () => {
  client?.destroy()
  await server.stop()
  rmSync(folder, { recursive: true })
})

afterEach(() => rules())

test('what is throttled or fails is sent again until it is done', async () => {
  const ways = [
    { throttle: 'ProvisionedThroughputExceeded' }, { throttle: 'KeyRangeThroughputExceeded' }, { error: 'InternalServerError' },
    { error: { type: 'InternalServerError', after_effect: true } }, { cut: 'before' }, { cut: 'after' },
  ]
  for (const [number, then] of ways.entries()) {
    await rules({ when: { operation: 'PutItem', probability: 0.25 }, then })
    let retries = 0
    for (const pk of names(`way${number}-`, 12)) {
      const reply = await client.send(new PutItemCommand({ TableName: 'things', Item: { pk: { S: pk } } }))
      retries += reply.$metadata.attempts - 1
    }
    assert.ok(retries > 0, JSON.stringify(then))
    assert.equal(retries, await acted(), JSON.stringify(then))
    await rules()
    assert.deepEqual((await allKeys()).filter((key) => key.startsWith(`way${number}-`)), names(`way${number}-`, 12))
  }
})

test('members that a batch leaves can be sent again until none is left', async () => {
  await rules({ when: { operation: 'BatchWriteItem' }, then: { unprocessed: 0.4 } })
  let requests = { things: names('batch-', 25).map((pk) => ({ PutRequest: { Item: { pk: { S: pk } } } })) }
  let rounds = 0
  while (requests && Object.keys(requests).length > 0) {
    requests = (await client.send(new BatchWriteItemCommand({ RequestItems: requests }))).UnprocessedItems
    rounds += 1
  }
  assert.ok(rounds > 2)
  await rules()
  assert.deepEqual((await allKeys()).filter((key) => key.startsWith('batch-')), names('batch-', 25))
})

test('a transaction whose reply was lost is done once', async () => {
  await rules({ when: { operation: 'TransactWriteItems', first: 2 }, then: { cut: 'after' } })
  const reply = await client.send(new TransactWriteItemsCommand({
    TransactItems: [{
      Update: {
        TableName: 'things', Key: { pk: { S: 'counter' } }, UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      },
    }],
  }))
  assert.equal(reply.$metadata.attempts, 3)
  const read = await client.send(new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'counter' } } }))
  assert.deepEqual(read.Item.n, { N: '1' })
})

test('attempts end, and the error says why it was throttled', async () => {
  await rules({ then: { throttle: 'ProvisionedThroughputExceeded' } })
  const impatient = connect(2)
  await assert.rejects(impatient.send(new PutItemCommand({ TableName: 'things', Item: { pk: { S: 'a' } } })), (error) => {
    assert.ok(error instanceof ProvisionedThroughputExceededException)
    assert.equal(error.$metadata.attempts, 2)
    if (error.ThrottlingReasons) assert.equal(error.ThrottlingReasons[0].reason, 'TableWriteProvisionedThroughputExceeded')
    return true
  })
  impatient.destroy()
  assert.equal(await acted(), 2)
})
