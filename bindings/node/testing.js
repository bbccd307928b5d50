'use strict'
const { Database } = require('./index.js')

/** A database in memory for the tests of a file, reset to its state after `seed` before each test. The hooks are those of the test runner. */
exports.useDatabase = ({ beforeAll, beforeEach, afterAll }, { seed, ...options } = {}) => {
  const database = new Database(options)
  let startMs
  beforeAll(async () => {
    if (seed) await seed(database)
    database.saveSnapshot('start')
    startMs = database.clock.getTime()
  })
  beforeEach(() => {
    // The clock first: at a later time, items of the snapshot might have expired.
    if (options.clock !== undefined) database.setClock(startMs)
    database.simulate()
    database.reset()
  })
  afterAll(() => database.close())
  return database
}
