'use strict'
const { Database } = require('./index.js')

/** A database for the tests of a file, in memory, as it was after `seed` at the start of each. Hooks are the test runner's. */
exports.useDatabase = ({ beforeAll, beforeEach, afterAll }, { seed, ...options } = {}) => {
  const database = new Database(options)
  beforeAll(async () => {
    if (seed) await seed(database)
    database.saveSnapshot('start')
  })
  beforeEach(() => database.reset())
  afterAll(() => database.close())
  return database
}
