'use strict'
const { Database } = require('./index.js')

/** A database for the tests of a file, in memory, as it was after `seed` at the start of each. Hooks are the test runner's. */
exports.useDatabase = ({ beforeAll, beforeEach, afterAll }, { seed, ...options } = {}) => {
  const database = new Database(options)
  let startMs
  beforeAll(async () => {
    if (seed) await seed(database)
    database.saveSnapshot('start')
    startMs = database.clock.getTime()
  })
  beforeEach(() => {
    // The clock first: by a later one, what the snapshot holds might have expired.
    if (options.clock !== undefined) database.setClock(startMs)
    database.simulate()
    database.reset()
  })
  afterAll(() => database.close())
  return database
}
