'use strict'
const { afterAll, beforeAll, beforeEach } = require('@jest/globals')
const testing = require('./testing.js')

exports.useDatabase = (options) => testing.useDatabase({ beforeAll, beforeEach, afterAll }, options)
