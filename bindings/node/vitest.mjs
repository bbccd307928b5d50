import { afterAll, beforeAll, beforeEach } from 'vitest'
import testing from './testing.js'

export const useDatabase = (options) => testing.useDatabase({ beforeAll, beforeEach, afterAll }, options)
