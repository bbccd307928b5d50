// Compiled, not run: each export and option, as programs in TypeScript write them.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import stator, { clientConfig, Database, type DatabaseOptions, defaultDatabase, handler, OperationError, type Reply } from 'stator'
import { useDatabase as ofJest } from 'stator/jest'
import { useDatabase as ofNode } from 'stator/node-test'
import { useDatabase as ofVitest } from 'stator/vitest'

const options: DatabaseOptions = {
  directory: './data', sync: true, clock: new Date(), transitionDelayMs: 1, streamShards: 1, readStalenessMs: 1, indexLagMs: 1,
  streamLagMs: 1, stalenessSeed: 2, enforceThroughput: true, buckets: './buckets', log: (line) => console.log(line.length),
}

export async function use(): Promise<string> {
  using forgotten = new stator.Database(options)
  await forgotten.close()
  await using database = new stator.Database(options)
  const reply: Reply = await database.request('ListTables', new Uint8Array(), 'eu-west-1')
  try {
    await database.call('ListTables')
  } catch (error) {
    if (error instanceof OperationError) return `${error.name} ${error.status} ${error.body.Item}`
  }
  database.simulate({ seed: 1, rules: [{ when: { operation: 'PutItem', first: 3 }, then: { throttle: 'KeyRangeThroughputExceeded' } }] })
  database.simulate()
  if (database.simulated().rules.some((rule) => rule.acted > 0)) return 'faults'
  database.attach(new DynamoDBClient({})).config
  using everywhere = database.everywhere(DynamoDBClient, DynamoDBDocumentClient)
  everywhere.restore()
  database.setClock(0)
  database.advanceClock(1000)
  return reply.body.toString('utf8') + database.snapshots().join() + database.clock.toISOString()
}

export const databases: Database[] = [ofJest, ofNode, ofVitest].map((useDatabase) => useDatabase({ seed: async (fresh) => { await fresh.call('ListTables') } }))
export const clients = [
  new DynamoDBClient(clientConfig()), new DynamoDBClient({ region: 'eu-west-1', requestHandler: handler() }),
  new DynamoDBStreamsClient(defaultDatabase().clientConfig({ region: 'eu-west-1', requestTimeout: 1000 })),
]
