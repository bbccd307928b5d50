// stator.Database without an SDK.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import stator, { Database, OperationError, defaultDatabase, version } from '../index.js'

const TABLE = {
  TableName: 'things', BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
}

async function opened(use, options) {
  const database = new Database(options)
  try {
    await use(database)
  } finally {
    await database.close()
  }
}

test('an item comes back', () => opened(async (database) => {
  await database.call('CreateTable', TABLE)
  await database.call('PutItem', { TableName: 'things', Item: { pk: { S: 'né 😀' }, n: { N: '1' } } })
  assert.deepEqual(await database.call('GetItem', { TableName: 'things', Key: { pk: { S: 'né 😀' } } }),
    { Item: { pk: { S: 'né 😀' }, n: { N: '1' } } })
  assert.match(version, /^\d+\.\d+\.\d+$/)
}))

test('errors carry type, message, status and body', () => opened(async (database) => {
  await database.call('CreateTable', TABLE)
  await assert.rejects(database.call('CreateTable', TABLE), (error) => {
    assert.ok(error instanceof OperationError)
    assert.deepEqual([error.name, error.status], ['ResourceInUseException', 400])
    assert.match(error.message, /things/)
    assert.match(error.body.__type, /ResourceInUseException$/)
    return true
  })
  await assert.rejects(database.call('MakeCoffee'), { name: 'UnknownOperationException' })
}))

test('bodies are texts or bytes, and what is no JSON is answered', () => opened(async (database) => {
  for (const body of ['', '{', Buffer.from([0, 255]), '[]']) {
    const reply = await database.request('GetItem', body)
    assert.deepEqual([reply.status, reply.errorType], [400, 'SerializationException'])
  }
  const reply = await database.request('DynamoDB_20120810.ListTables', new TextEncoder().encode('{}'))
  assert.equal(reply.body.toString(), '{"TableNames":[]}')
  assert.equal((await database.request('DynamoDBStreams_20120810.ListTables', '{}')).errorType, 'UnknownOperationException')
  await assert.rejects(database.request('ListTables', 7), TypeError)
}))

test('a directory keeps what was written, for one at a time', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'stator-node-'))
  try {
    await opened(async (database) => {
      await database.call('CreateTable', TABLE)
      assert.throws(() => new Database({ directory }), /./)
    }, { directory, sync: true })
    await opened(async (database) => assert.deepEqual(await database.call('ListTables'), { TableNames: ['things'] }), { directory })
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('wrong options are refused', () => {
  assert.throws(() => new Database({ streamShards: 0 }), /option "stream_shards" must be a whole number from 1 to 1000/)
  assert.throws(() => new Database({ colour: 'red' }), /there is no option "colour"/)
  assert.throws(() => new Database({ clock: new Date(NaN) }), TypeError)
  assert.throws(() => new Database({ indexLagMs: NaN }), /"index_lag_ms" must be a finite number, not NaN/)
  assert.throws(() => new Database({ directory: new URL('https://example.com/data') }), TypeError)
})

test('a directory may be the URL of a file', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'stator node-'))
  try {
    await opened((database) => database.call('CreateTable', TABLE), { directory: pathToFileURL(directory) })
    await opened(async (database) => assert.deepEqual(await database.call('ListTables'), { TableNames: ['things'] }), { directory })
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('snapshots put everything back', () => opened(async (database) => {
  await database.call('CreateTable', TABLE)
  database.saveSnapshot('with-table')
  await database.call('DeleteTable', { TableName: 'things' })
  database.saveSnapshot('empty')
  assert.deepEqual(database.snapshots(), ['empty', 'with-table'])
  database.restoreSnapshot('with-table')
  assert.deepEqual(await database.call('ListTables'), { TableNames: ['things'] })
  database.dropSnapshot('empty')
  assert.throws(() => database.restoreSnapshot('empty'), /no snapshot of that name/)
  for (const use of ['saveSnapshot', 'restoreSnapshot', 'dropSnapshot']) assert.throws(() => database[use]('with-table\0more'), /zero byte/)
  assert.deepEqual(database.snapshots(), ['with-table'])
  assert.equal((await database.request('ListTables\0more', '{}')).errorType, 'UnknownOperationException')
  database.reset()
  assert.deepEqual(await database.call('ListTables'), { TableNames: [] })
}))

test('the clock moves only when told', () => opened(async (database) => {
  assert.equal(database.clock.toISOString(), '2026-01-01T00:00:00.000Z')
  await database.call('CreateTable', TABLE)
  await database.call('UpdateTimeToLive', { TableName: 'things', TimeToLiveSpecification: { Enabled: true, AttributeName: 'until' } })
  await database.call('PutItem', { TableName: 'things', Item: { pk: { S: 'a' }, until: { N: String(Date.UTC(2026) / 1000 + 60) } } })
  database.advanceClock(59_000)
  assert.equal((await database.call('Scan', { TableName: 'things' })).Count, 1)
  database.advanceClock(2_000)
  assert.equal((await database.call('Scan', { TableName: 'things' })).Count, 0)
  assert.throws(() => database.setClock(-1), /1970 to 9999/)
}, { clock: new Date('2026-01-01T00:00:00Z') }))

test('reads are stale, and throughput is enforced, where asked for', async () => {
  await opened(async (database) => {
    await database.call('CreateTable', TABLE)
    await database.call('PutItem', { TableName: 'things', Item: { pk: { S: 'a' } } })
    const seen = new Set()
    for (let i = 0; i < 50; i += 1) seen.add((await database.call('Scan', { TableName: 'things' })).Count)
    assert.deepEqual([...seen].sort(), [0, 1])
  }, { clock: 0, readStalenessMs: 1000, indexLagMs: 1000, streamLagMs: 1000, stalenessSeed: 7 })
  await opened(async (database) => {
    await database.call('CreateTable', { ...TABLE, BillingMode: 'PROVISIONED', ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } })
    await assert.rejects(async () => {
      for (let i = 0; i < 400; i += 1) await database.call('PutItem', { TableName: 'things', Item: { pk: { S: String(i) } } })
    }, { name: 'ProvisionedThroughputExceededException' })
  }, { clock: 0, enforceThroughput: true })
})

test('a request of more than 16 MB is refused as by the service', () => opened(async (database) => {
  await assert.rejects(database.call('ListTables', { ExclusiveStartTableName: 'x'.repeat(17 << 20) }),
    { name: 'RequestEntityTooLargeException', message: 'The request body is larger than 16 MB', status: 413 })
}))

test('requests go wrong by rules', () => opened(async (database) => {
  await database.call('CreateTable', TABLE)
  database.simulate({ rules: [
    { name: 'slow', when: { operation: 'Scan' }, then: { latency_ms: 50 } }, { when: { operation: 'PutItem', first: 1 }, then: { cut: 'after' } },
    { when: { operation: 'GetItem' }, then: { error: 'InternalServerError' } },
  ] })
  const item = { TableName: 'things', Item: { pk: { S: 'a' } } }
  await assert.rejects(database.call('PutItem', item), { code: 'ECONNRESET' })
  const begin = performance.now()
  assert.equal((await database.call('Scan', { TableName: 'things' })).Count, 1)
  assert.ok(performance.now() - begin >= 49)
  await assert.rejects(database.call('GetItem', { TableName: 'things', Key: item.Item }), { name: 'InternalServerError', status: 500 })
  assert.deepEqual(database.simulated().rules[0], { name: 'slow', requests: 1, acted: 1 })
  assert.throws(() => database.simulate({ rules: [{ when: {} }] }), /rules\[0\]/)
  assert.throws(() => database.simulate({ rules: [{ then: { latency_ms: NaN } }] }), /"latency_ms" must be a finite number/)
  database.simulate()
  assert.deepEqual((await database.call('GetItem', { TableName: 'things', Key: item.Item })).Item, item.Item)
}))

test('closing waits for calls under way, and later ones are refused', async () => {
  const database = new Database()
  await database.call('CreateTable', TABLE)
  const scans = Array.from({ length: 8 }, () => database.call('Scan', { TableName: 'things' }))
  database.close()
  database.close()
  for (const scan of await Promise.all(scans)) assert.equal(scan.Count, 0)
  await assert.rejects(database.call('ListTables'), /closed/)
  assert.throws(() => database.reset(), /closed/)
})

test('when a closing has ended, the directory may be opened again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'stator-node-'))
  try {
    const database = new Database({ directory })
    const tables = database.request('DescribeLimits', '{}')
    const pages = Array.from({ length: 20 }, () => database.request('BatchGetItem', '{}'))
    const closing = database.close()
    await Promise.all([closing, database.close()])
    await new Database({ directory }).close()
    await Promise.all([tables, ...pages])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

/** Calls with a folder of buckets and the name of a bucket whose import skips an item, which the log reports. */
async function withFaultyImport(use) {
  const folder = mkdtempSync(join(tmpdir(), 'stator-node-'))
  const { TableName, ...rest } = TABLE
  try {
    mkdirSync(join(folder, 'bucket'))
    writeFileSync(join(folder, 'bucket', 'items.json'), '{"Item":{"pk":{"S":"a"}}}\n{"Item":{"pk":{"N":"1"}}}\n')
    await use(folder, {
      ClientToken: 't', S3BucketSource: { S3Bucket: 'bucket' }, InputFormat: 'DYNAMODB_JSON', TableCreationParameters: { TableName, ...rest },
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('what no call waits for is told', () => withFaultyImport(async (folder, request) => {
  const lines = []
  await opened(async (database) => {
    await database.call('ImportTable', request)
    while (lines.length === 0) await new Promise((resolve) => { setTimeout(resolve, 5) })
  }, { buckets: folder, log: (line) => lines.push(line) })
  assert.match(lines[0], /^import .* of table things: /)
  assert.throws(() => new Database({ log: 'console' }), TypeError)
}))

/** The output and the exit status of a program run in another process. */
function runProgram(text, ...flags) {
  const file = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', 'index.js')
  return spawnSync(process.execPath, [...flags, '-e', `const { Database } = require(${JSON.stringify(file)})\n${text}`], { encoding: 'utf8' })
}

test('what a log throws is an exception that nobody catches', () => withFaultyImport((folder, request) => {
  const { stdout, status } = runProgram(`
    process.on('uncaughtException', (error) => { console.log('caught', error.message); process.exit(7) })
    const database = new Database({ buckets: ${JSON.stringify(folder)}, log: () => { throw new Error('of the log') } })
    database.call('ImportTable', ${JSON.stringify(request)})
    setTimeout(() => database, 30_000)`)
  assert.equal(stdout, 'caught of the log\n')
  assert.equal(status, 7)
}))

test('a database whose log refers to it is forgotten all the same', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stator-'))
  try {
    const { stdout } = runProgram(`
      const open = () => { const database = new Database({ directory: ${JSON.stringify(folder)}, log: () => database.clock }) }
      open()
      const again = (times) => setTimeout(() => {
        gc()
        try { new Database({ directory: ${JSON.stringify(folder)} }) } catch (held) { if (times < 500) return again(times + 1); throw held }
        console.log('forgotten')
        process.exit()
      }, 10)
      again(0)`, '--expose-gc')
    assert.equal(stdout, 'forgotten\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('requests of other services are refused in words', () => opened(async (database) => {
  const request = { method: 'GET', protocol: 'https:', hostname: 's3.us-east-1.amazonaws.com', path: '/bucket', headers: {} }
  await assert.rejects(database.handler().handle(request), /only requests of DynamoDB and DynamoDB Streams .*, not GET https:\/\/s3.us-east-1.amazonaws.com\/bucket$/)
}))

test('a page does not hold up the event loop, an item comes at once', () => opened(async (database) => {
  await database.call('CreateTable', TABLE)
  const order = []
  const page = database.call('Scan', { TableName: 'things' }).then(() => order.push('page'))
  await database.call('GetItem', { TableName: 'things', Key: { pk: { S: 'a' } } }).then(() => order.push('item'))
  await page
  assert.deepEqual(order, ['item', 'page'])
}))

test('each worker thread has databases of its own', async () => {
  const text = `const { Database } = require(${JSON.stringify(join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', 'index.js'))})
    const database = new Database()
    database.call('ListTables').then((tables) => { database.close(); require('node:worker_threads').parentPort.postMessage(tables) })`
  const answers = await Promise.all([1, 2].map(() => new Promise((resolve, reject) => {
    const worker = new Worker(text, { eval: true })
    worker.on('message', resolve)
    worker.on('error', reject)
  })))
  assert.deepEqual(answers, [{ TableNames: [] }, { TableNames: [] }])
})

test('where the native half cannot be loaded, what it takes is told', () => {
  const index = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', 'index.js')
  const { status, stderr } = spawnSync(process.execPath, [index], { env: { ...process.env, STATOR_NODE: '/nowhere/stator.node' }, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /cannot load \/nowhere\/stator\.node, which is for Linux with glibc 2\.36 or later; this is linux on \w+, glibc: [\d.]+\. /)
})

test('the default database is one for the process', async () => {
  assert.equal(defaultDatabase(), stator.defaultDatabase())
  assert.equal(stator.clientConfig().region, 'us-east-1')
})
