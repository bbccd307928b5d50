'use strict'
const { after, before, beforeEach } = require('node:test')
const testing = require('./testing.js')

exports.useDatabase = (options) => testing.useDatabase({ beforeAll: before, beforeEach, afterAll: after }, options)
